"""Synthesis of a part of the SoC from end to end: tables, JSON, checks."""

import re
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.table import Table

from sim.fpga.nextpnr import Placement, place
from sim.fpga.registered_ports import RegisteredPorts
from sim.fpga.yosys import Memory, Resources, Synthesis, synthesise
from sim.parts import part
from sim.progress import Progress
from sim.tools import BUILD
from soc.config import SocParams

UNUSED_PORTS = ("commit", "memory", "performed", "rvfi")  # for simulation and verification
SMALL_MEMORY_BITS = 512  # memories that may be built of registers
_CELL = "{:>5} {:>5} {:>4}"  # LUTs, flip-flops, block RAMs


@dataclass(frozen=True)
class Report:
    """The results of ``rel4 synth`` for one target."""

    target: str
    config: str
    harts: int
    total: Resources
    modules: dict[str, Resources]  # each with its submodules; optimised on its own
    memories: list[Memory]
    loops: list[str]
    placements: list[Placement]

    @property
    def faults(self) -> list[str]:
        """Faults of the design: combinational loops and memories made of registers."""
        return self.loops + [f"memory {m.name} ({m.bits} bits) is made of registers"
                             for m in self.memories
                             if m.built_as == "registers" and m.bits > SMALL_MEMORY_BITS]

    def as_json(self) -> dict:
        return asdict(self) | {"faults": self.faults}


def synthesis_report(target: str, params: SocParams, *, seeds: int = 0,
                     per_module: bool = True) -> Report:
    """Synthesises a part of the SoC or a reference, and places it with ``seeds`` seeds."""
    folder = BUILD / "synth" / f"{target}-{params.name}-{params.harts}"

    def run(flatten: bool) -> Synthesis:
        component = RegisteredPorts(part(target, params), unused=UNUSED_PORTS)
        return synthesise(component, _folder(folder, flatten), flatten=flatten)

    with Progress(f"synthesising the {target} as a whole, about 1 minute"):
        whole = run(flatten=True)
    modules = {}
    if per_module:
        with Progress(f"synthesising the {target} module by module, about half a minute"):
            modules = with_submodules(run(flatten=False).modules)
    placements = []
    for seed in range(1, seeds + 1):
        with Progress(f"placing the {target}, seed {seed} of {seeds}, about 5 minutes"):
            placements.append(place(whole.netlist, seed=seed))
    return Report(target, params.name, params.harts, next(iter(whole.modules.values())), modules,
                  whole.memories, whole.loops, placements)


def _folder(folder: Path, flatten: bool) -> Path:
    return folder / ("whole" if flatten else "modules")


def with_submodules(modules: dict[str, Resources]) -> dict[str, Resources]:
    """Adds submodules' cells to each module and strips the test harness's name prefix."""
    total = {}
    for name in modules:
        below = [r for other, r in modules.items() if other == name or other.startswith(f"{name}.")]
        if name.startswith("top.dut"):
            total[name.removeprefix("top.")] = sum(below[1:], below[0])
    return dict(sorted(total.items()))


def resources_table(report: Report, depth: int) -> Table:
    """One row for each module down to ``depth`` levels, then the sum."""
    table = Table("module", title=f"{report.target}, {report.config}, ECP5")
    for column in ("LUTs", "of these LUT RAM", "FFs", "block RAMs", "DSPs"):
        table.add_column(column, justify="right")
    for name, r in report.modules.items():
        level = name.count(".")
        if level <= depth:
            label = "  " * level + (_unit(name) if level else report.target)
            table.add_row(label, *_columns(r))
    table.add_section()
    table.add_row("as one, with registers at the ports", *_columns(report.total))
    return table


def harts_table(reports: list[Report]) -> Table:
    """One row for each unit of the SoC: LUTs, flip-flops and block RAMs by number of harts."""
    table = Table("unit", title=f"{reports[0].target}, {reports[0].config}, ECP5")
    for report in reports:
        table.add_column(f"harts: {report.harts}\n" + _CELL.format("LUTs", "FFs", "BRAM"))
    modules = [{_unit(name): r for name, r in report.modules.items() if name.count(".") == 1}
               for report in reports]
    for unit in sorted(set().union(*modules)):
        if not re.fullmatch("hart[1-9]", unit):
            label = "hart, each" if unit == "hart0" else unit
            table.add_row(label, *(_cell(units[unit]) for units in modules))
    table.add_section()
    table.add_row("as one", *(_cell(report.total) for report in reports))
    return table


def _cell(r: Resources) -> str:
    return _CELL.format(r.luts, r.ffs, r.block_rams)


def _unit(name: str) -> str:
    return name.rpartition(".")[2].partition("$")[0]


def _columns(r: Resources) -> list[str]:
    return [str(n) for n in (r.luts, r.lut_ram_luts, r.ffs, r.block_rams, r.dsps)]


def memories_table(report: Report) -> Table:
    table = Table("memory", "bits", "built as", title="memories")
    for memory in sorted(report.memories, key=lambda m: m.name):
        table.add_row(memory.name.removeprefix("top.dut."), str(memory.bits), memory.built_as)
    return table


def timing_table(report: Report) -> Table:
    table = Table("seed", "placer", "MHz", "ns", "of these logic", "cells", "critical path",
                  title="timing, one row a seed")
    for placement in report.placements:
        path = placement.critical
        table.add_row(str(placement.seed), placement.placer, f"{placement.fmax_mhz:.1f}",
                      f"{path.ns:.1f}", f"{path.logic_ns:.1f}", str(path.cells),
                      f"{path.start} to {path.end}, through {', '.join(path.modules)}")
    return table


def arrivals_table(placement: Placement) -> Table:
    table = Table("module", "ns", "register", title="latest arrivals, best seed")
    for arrival in placement.arrivals:
        table.add_row(arrival.module, f"{arrival.ns:.1f}", arrival.end)
    return table
