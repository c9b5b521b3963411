"""Runs Yosys for ECP5 and reads its results: cells, memories, latches, loops."""

import json
import re
import subprocess
from collections.abc import Mapping
from dataclasses import astuple, dataclass
from pathlib import Path

from amaranth.back import rtlil
from amaranth.lib import wiring

from sim import tools
from sim.fpga.failure import failure
from sim.tools import ToolError

LUTS_OF_CELL = {"LUT4": 1, "$lut": 1, "CCU2C": 2, "TRELLIS_DPR16X4": 4}
BUILT_AS = {"$__DP16KD_": "block RAM", "$__PDPW16KD_": "block RAM",
            "$__TRELLIS_DPR16X4_": "LUT RAM"}
# Mapping for delay helps only if its wire delay matches the delay after placement, about 1 ns. With
# the default of 300 ps it takes carry chains for the slowest paths and saves area on others.
WIRE_PS = 1000
WHOLE = [
    "flatten", "opt_clean", "synth_ecp5 -top top -nowidelut -run begin:map_luts",
    f"abc9 -maxlut 4 -W {WIRE_PS}", "clean",
    "synth_ecp5 -top top -nowidelut -run map_cells: -json top.json",
]
BY_MODULE = ["synth_ecp5 -top top -noflatten -run begin:map_luts", "abc -lut 4", "clean"]
LATCHES = "t:$dlatch t:$adlatch t:$dlatchsr t:$sr"


@dataclass(frozen=True)
class Resources:
    """Resources of a module. A carry cell counts as 2 LUTs, a LUT RAM of 16 x 4 as 4."""

    luts: int
    ffs: int
    block_rams: int
    dsps: int
    lut_ram_luts: int  # of ``luts``

    @classmethod
    def of(cls, cells: dict[str, int]) -> "Resources":
        return cls(
            luts=sum(n * cells.get(cell, 0) for cell, n in LUTS_OF_CELL.items()),
            ffs=cells.get("TRELLIS_FF", 0),
            block_rams=cells.get("DP16KD", 0) + cells.get("PDPW16KD", 0),
            dsps=cells.get("MULT18X18D", 0),
            lut_ram_luts=4 * cells.get("TRELLIS_DPR16X4", 0),
        )

    def __add__(self, other: "Resources") -> "Resources":
        return Resources(*(a + b for a, b in zip(astuple(self), astuple(other), strict=True)))


@dataclass(frozen=True)
class Memory:
    """How a memory was built: as ``block RAM``, ``LUT RAM`` or ``registers``."""

    name: str
    bits: int
    built_as: str


@dataclass(frozen=True)
class Synthesis:
    """The result of one run. ``modules`` has only one entry if the design was flattened."""

    modules: dict[str, Resources]  # by hierarchical name, without submodules
    memories: list[Memory]
    loops: list[str]  # messages about combinational loops
    netlist: Path


def synthesise(component: wiring.Component, folder: Path, *, flatten: bool) -> Synthesis:
    """Synthesises ``component`` as ``top``; see ``synthesise_rtlil``."""
    return synthesise_rtlil(rtlil.convert(component, name="top", emit_src=False), folder,
                            flatten=flatten)


def synthesise_rtlil(rtlil_text: str, folder: Path, *, flatten: bool,
                     verilog: Mapping[str, str] | None = None) -> Synthesis:
    """Synthesises the module ``top`` in ``folder``. ``verilog`` names files with further modules.

    Without ``flatten`` the modules stay separate and the result cannot be placed. Plain ABC maps
    them, because ABC9 quits silently on some small modules.

    Raises ``ToolError`` if Yosys fails. Yosys fails on a latch.
    """
    folder.mkdir(parents=True, exist_ok=True)
    design = free_collisions(rtlil_text)
    (folder / "top.il").write_text(design)
    for name, text in (verilog or {}).items():
        (folder / name).write_text(text)
    script = [
        "read_rtlil top.il", *(f"read_verilog {name}" for name in verilog or ()),
        "hierarchy -top top", "proc",
        f"select -assert-none {LATCHES}",
        *(WHOLE if flatten else BY_MODULE),
        "tee -q -o stat.json stat -json",
    ]
    (folder / "synth.ys").write_text("\n".join(script) + "\n")
    log = folder / "yosys.log"
    (folder / "stat.json").unlink(missing_ok=True)
    with log.open("w") as output:
        done = subprocess.run([tools.yosys(), "synth.ys"], cwd=folder, stdout=output,
                              stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
    text = log.read_text()
    if done.returncode or not (folder / "stat.json").exists():
        last = text.strip().rpartition("\n")[2]
        if "select -assert-none" in last or "selection is not empty" in text:
            raise ToolError(f"the design has latches, see {log}")
        raise ToolError(failure("Yosys", done.returncode, log))
    stat = json.loads((folder / "stat.json").read_text())
    return Synthesis(
        modules={_plain(name): Resources.of(module.get("num_cells_by_type", {}))
                 for name, module in stat["modules"].items()},
        memories=memories(text, design),
        loops=sorted(set(re.findall(r"^Warning: (found logic loop.*)$", text, re.MULTILINE))),
        netlist=folder / "top.json",
    )


def free_collisions(rtlil_text: str) -> str:
    """Lets reads that collide with a write return any value, in memories with ``no_rw_check``.

    Yosys heeds that attribute only if it infers the memory's registers itself, as from Verilog. In
    RTLIL the ports must state it. Otherwise they get bypasses that emulate a read before the write.
    """
    lines, memories, pending, port = rtlil_text.splitlines(), set(), False, ""
    for number, line in enumerate(lines):
        if line.startswith("module "):
            memories, pending = set(), False
        elif line.startswith("  attribute \\no_rw_check "):
            pending = True
        elif match := re.match(r"  memory .* (\\\S+)$", line):
            if pending:
                memories.add(match[1])
            pending = False
        elif line.startswith("  cell "):
            port = ""
        elif match := re.match(r'    parameter \\MEMID "\\(\\.*)"$', line):
            port = match[1]
        elif line.startswith("    parameter \\COLLISION_X_MASK ") and port in memories:
            lines[number] = line.replace("'0", "'1")
    return "\n".join(lines) + "\n"


def _plain(name: str) -> str:
    return name.removeprefix("\\")


def memories(log: str, rtlil_text: str) -> list[Memory]:
    """Reads the messages of the passes ``memory_libmap`` and ``memory_map``. Omits the tables that
    Yosys itself makes from case statements."""
    bits, module = {}, ""
    for line in rtlil_text.splitlines():
        if match := re.match(r"module (\S+)", line):
            module = _plain(match[1])
        elif match := re.match(r"\s+memory width (\d+) size (\d+) (\S+)", line):
            bits[f"{module}.{_plain(match[3])}"] = int(match[1]) * int(match[2])
    found = [(name, BUILT_AS.get(cell, cell)) for name, cell in
             re.findall(r"^mapping memory (\S+) via (\S+)$", log, re.MULTILINE)]
    found += [(name, "registers") for name in
              re.findall(r"^using FF mapping for memory (\S+)$", log, re.MULTILINE)]
    return [Memory(name, bits[name], built_as) for name, built_as in found if name in bits]
