"""Builds the bitstream of a board from its description."""

import os
import subprocess
from dataclasses import asdict, dataclass
from pathlib import Path

from boards.board import Board, Toolchain
from boards.top import Top
from sim import tools
from sim.board.utilisation import utilisation
from sim.fpga.failure import failure
from sim.fpga.nextpnr import Placement, place
from sim.fpga.report import SMALL_MEMORY_BITS
from sim.fpga.yosys import Resources, Synthesis, synthesise_rtlil
from sim.progress import Progress
from sim.tools import ToolError
from soc.config import SocParams

BOARD = "board"  # everything in ``Top`` except pins, clock and reset


@dataclass(frozen=True)
class BuildReport:
    """The result of one build. ``placements`` are in the order of the seeds."""

    board: str
    config: str
    harts: int
    clock_mhz: float
    modules: dict[str, Resources]
    placements: list[Placement]
    bitstream: str  # path; empty if no seed meets timing

    @property
    def best(self) -> Placement:
        """The placement with the largest timing margin."""
        return max(self.placements, key=lambda p: p.clocks[0].achieved_mhz
                   / p.clocks[0].constraint_mhz)

    @property
    def metrics(self) -> list[dict]:
        """The result in the format of ``rel4 bench --json``."""
        def point(name: str, value: float, unit: str, **params: str) -> dict:
            return {"name": f"board.{name}", "value": value, "unit": unit, "params": params}

        points = [point("fmax_mhz", clock.achieved_mhz, "mhz", clock=clock.name)
                  for clock in self.best.clocks]
        for module, r in self.modules.items():
            points += [point(name, value, "count", module=module) for name, value in (
                ("luts", r.luts), ("ffs", r.ffs), ("block_rams", r.block_rams), ("dsps", r.dsps))]
        return points

    def as_json(self) -> dict:
        return asdict(self) | {"best_seed": self.best.seed, "metrics": self.metrics}


def bitstream_path(board: Board, folder: Path) -> Path:
    return folder / f"{board.name}.bit"


def discard_bitstream(board: Board, folder: Path) -> None:
    """Removes the bitstream of an earlier build, so that none is left if this build fails."""
    bitstream_path(board, folder).unlink(missing_ok=True)


def generate_project(board: Board, params: SocParams, folder: Path) -> list[Path]:
    """Writes the input files of the vendor's tool and returns them."""
    folder.mkdir(parents=True, exist_ok=True)
    with Progress("elaborating the SoC, about 20 s"):
        plan = board.platform().prepare(Top(board, params), name="top", emit_src=False)
    plan.extract(folder)
    return [folder / name for name in plan.files]


def build(board: Board, params: SocParams, folder: Path, *, seeds: int) -> BuildReport:
    """Makes the bitstream for an ECP5 board in ``folder`` from the first placement that meets
    timing. Tries at most ``seeds`` seeds.

    The bitstream gets its name only when it is complete. Raises ``ToolError`` if a tool fails. If
    no seed meets timing, there is a report but no bitstream.
    """
    assert board.toolchain is Toolchain.ECP5
    for tool in (tools.yosys, tools.nextpnr_ecp5, tools.ecppack):
        tool()
    discard_bitstream(board, folder)
    folder.mkdir(parents=True, exist_ok=True)
    platform = board.platform()
    with Progress("elaborating the SoC, about 20 s"):
        plan = platform.prepare(Top(board, params), name="top", emit_src=False)
    with Progress(f"synthesising, about {1 + params.harts} minutes, log in {folder}/yosys.log"):
        synthesis = synthesise_rtlil(
            _text(plan.files["top.il"]), folder, flatten=True,
            verilog={name: _text(plan.files[name]) for name in platform.iter_files(".v")})
    refuse_faults(synthesis)
    pins = folder / "top.lpf"
    pins.write_text(_text(plan.files["top.lpf"]))
    placements = []
    for seed in range(1, seeds + 1):
        with Progress(f"placing, seed {seed} of {seeds}, about {6 * params.harts} minutes, log in "
                      f"{folder}/nextpnr-{seed}.log"):
            placements.append(place(
                synthesis.netlist, seed=seed, device=board.device,
                target_mhz=params.clock_hz / 1e6, pins=pins, routed=_routed(folder, seed)))
        if placements[-1].met:
            break
    report = BuildReport(
        board=board.name, config=params.name, harts=params.harts,
        clock_mhz=params.clock_hz / 1e6, modules=utilisation(synthesis.netlist, prefix=BOARD),
        placements=placements, bitstream="")
    if not report.best.met:
        return report
    return _with_bitstream(report, board, folder)


def _with_bitstream(report: BuildReport, board: Board, folder: Path) -> BuildReport:
    final = bitstream_path(board, folder)
    pack(_routed(folder, report.best.seed), final)
    return BuildReport(**{**report.__dict__, "bitstream": str(final)})


def pack(routed: Path, bitstream: Path) -> None:
    """Makes the bitstream of a routed design. A failure leaves no partial bitstream."""
    folder, log = routed.parent, routed.parent / "ecppack.log"
    partial = folder / f"{bitstream.name}.partial"
    partial.unlink(missing_ok=True)
    try:
        with log.open("w") as output:
            done = subprocess.run(
                [tools.ecppack(), "--compress", "--input", routed.name, "--bit", partial.name],
                cwd=folder, stdout=output, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
        if done.returncode or not partial.exists() or not partial.stat().st_size:
            raise ToolError(failure("ecppack", done.returncode, log))
        os.replace(partial, bitstream)
    finally:
        partial.unlink(missing_ok=True)


def refuse_faults(synthesis: Synthesis) -> None:
    """Raises ``ToolError`` if the design has a fault that a bitstream must not have."""
    large = [m for m in synthesis.memories
             if m.built_as == "registers" and m.bits > SMALL_MEMORY_BITS]
    if synthesis.loops:
        raise ToolError(f"the design has combinational loops: {synthesis.loops[0]}")
    if large:
        raise ToolError(f"memory {large[0].name} ({large[0].bits} bits) is made of registers")


def _routed(folder: Path, seed: int) -> Path:
    return folder / f"routed-{seed}.config"


def _text(content: str | bytes) -> str:
    return content if isinstance(content, str) else content.decode()
