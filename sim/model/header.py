"""Generates ``model.h``: the facts that the C++ harness needs about its model."""

from hdl.core.commit import Commit
from hdl.core.isa import Event
from hdl.core.lsu.uipi import UIPI_MASK, UIPI_MATCH, UipiOp
from hdl.peripheral.finisher import Kind
from sim.model.design import Design, Variant
from sim.status import SIMULATED
from soc.config import DRAM_BASE


def model_header(design: Design, variant: Variant) -> str:
    harts = " ".join(f"X({n})" for n in range(design.harts))
    fields = Commit.as_shape().members
    names = "\\n".join(fields)
    each_field = " ".join(f"X(n, {name})" for name in fields)
    uipi = ", ".join(f'"uipi.{op.name.lower()}"' for op in UipiOp)
    events = ", ".join(f'"{event.name.lower()}"' for event in Event)
    finishes = ", ".join(f"FINISH_{kind.name} = {kind.value:#x}" for kind in Kind)
    statuses = " ".join(f'X({status.name}, "{status.word}", {status.exit_status})'
                        for status in SIMULATED)
    return (
        "// Generated: the model that this harness is compiled for.\n"
        "#pragma once\n"
        '#include "Vmodel.h"\n'
        "using Model = Vmodel;\n"
        f"#define MODEL_TRACE {int(variant.trace)}\n"
        f"#define MODEL_COMMIT_LOG {int(variant.commit_log)}\n"
        f"#define MODEL_LOCKSTEP {int(variant.lockstep)}\n"
        f"#define HARTS(X) {harts}\n"
        f"#define COMMIT_FIELDS(X, n) {each_field}\n"
        f"constexpr unsigned COMMIT_FIELD_COUNT = {len(fields)};\n"
        f'constexpr const char* COMMIT_NAMES = "{names}";\n'
        f"constexpr unsigned HART_COUNT = {design.harts};\n"
        f"constexpr unsigned LINE_BEATS = {design.line_bytes // 8};\n"
        f"constexpr uint64_t DRAM_BASE = {DRAM_BASE:#x};\n"
        f"constexpr unsigned {finishes};\n"
        f"#define STATUSES(X) {statuses}\n"
        f"constexpr unsigned EVENT_COUNT = {len(Event)};\n"
        f"constexpr unsigned EVENT_INSTRUCTION = {Event.INSTRUCTION.value};\n"
        f"constexpr const char* EVENT_NAMES[] = {{{events}}};\n"
        f"constexpr uint32_t UIPI_MASK = {UIPI_MASK:#x}, UIPI_MATCH = {UIPI_MATCH:#x};\n"
        f"constexpr unsigned UIPI_COUNT = {len(UipiOp)};\n"
        f"constexpr const char* UIPI_NAMES[] = {{{uipi}}};\n"
    )
