"""``rel4 build``: a bitstream for a board."""

import json as json_format
import sys
from pathlib import Path
from typing import Annotated

from rich.console import Console
from typer import Argument, Exit, Option

from boards.board import Board, Toolchain
from boards.catalogue import BOARDS, board
from sim.board.boot_loader import boot_loader
from sim.board.flow import build as build_bitstream
from sim.board.flow import discard_bitstream, generate_project
from sim.board.tables import clocks_table, device_table, modules_table
from sim.cli import app, refuse
from sim.cli.options import NoTaic, ResultJson
from sim.fpga.report import arrivals_table
from sim.output import write_output
from sim.tools import BUILD, ToolError
from soc.config import SocParams, without_taic

KIB = 1024
INTERRUPTED = 130


@app.command()
def build(
    name: Annotated[str, Argument(metavar="BOARD", help=f"one of {', '.join(BOARDS)}")],
    output: Annotated[
        Path | None, Option("-o", "--output", metavar="DIR", help="default: build/board/BOARD")
    ] = None,
    config: Annotated[
        str | None, Option(metavar="NAME", help="configuration: tiny, default or full")
    ] = None,
    harts: Annotated[int | None, Option(metavar="N", help="number of harts")] = None,
    clock: Annotated[int | None, Option(metavar="MHZ", help="clock of the SoC")] = None,
    memory: Annotated[
        int | None, Option(metavar="KIB", help="main memory of block RAM instead of SDRAM")
    ] = None,
    no_taic: NoTaic = False,
    seeds: Annotated[
        int, Option(metavar="N", min=1, help="placements to try until one reaches the clock")
    ] = 3,
    depth: Annotated[int, Option(metavar="N", help="levels of modules in the table")] = 2,
    json: ResultJson = None,
) -> None:
    """make the bitstream for a board

    For a board that needs Vivado, writes a project and its scripts instead. Exit status: 0 the
    bitstream was made, 1 it was not made (one line says why), 2 bad arguments.
    """
    try:
        target = board(name)
        folder = output or BUILD / "board" / name
        discard_bitstream(target, folder)
        params = target.params(
            config=config or target.config, harts=harts or target.harts,
            clock_mhz=clock or target.clock_mhz,
            memory_bytes=memory * KIB if memory else target.memory_bytes,
            boot_loader=boot_loader())
        if no_taic:
            params = without_taic(params)
    except (ValueError, ToolError, OSError) as error:
        refuse("build", error)
    try:
        if target.toolchain is Toolchain.VIVADO:
            _project(target, params, folder)
        else:
            _bitstream(target, params, folder, seeds, depth, json)
    except (ToolError, ValueError, OSError) as error:
        _fail(error)
    except KeyboardInterrupt:
        _fail("interrupted", INTERRUPTED)


def _bitstream(target: Board, params: SocParams, folder: Path, seeds: int, depth: int,
               json: Path | None) -> None:
    report = build_bitstream(target, params, folder, seeds=seeds)
    if json:
        text = json_format.dumps(report.as_json(), indent=1)
        write_output(f"{text}\n", json, sys.stdout)
    console = Console()
    for table in (modules_table(report, depth), device_table(report), clocks_table(report),
                  arrivals_table(report.best)):
        console.print(table)
    if not report.bitstream:
        slowest = report.best.clocks[0]
        _fail(f"clock {slowest.name} reaches {slowest.achieved_mhz:.1f} MHz of "
              f"{slowest.constraint_mhz:.1f} with the best of {len(report.placements)} seeds: no "
              "bitstream")
    print(f"{report.bitstream}: seed {report.best.seed}")


def _project(target: Board, params: SocParams, folder: Path) -> None:
    files = generate_project(target, params, folder)
    script = next(path for path in files if path.suffix == ".sh")
    print(f"{folder}: {', '.join(path.name for path in files)}; with Vivado on the path, "
          f"sh {script.name} there makes the bitstream")


def _fail(problem: object, status: int = 1) -> None:
    print(f"rel4 build: {' '.join(str(problem).split())}", file=sys.stderr)
    raise Exit(status)
