"""``rel4 program``: a bitstream onto a board."""

import shutil
import subprocess
from pathlib import Path
from typing import Annotated

from typer import Argument, Exit, Option

from boards.catalogue import BOARDS, board
from sim.board.flow import bitstream_path
from sim.cli import app, refuse
from sim.tools import BUILD


@app.command()
def program(
    name: Annotated[str, Argument(metavar="BOARD", help=f"one of {', '.join(BOARDS)}")],
    bitstream: Annotated[
        Path | None, Option(metavar="F", help="default: what rel4 build has made")
    ] = None,
    flash: Annotated[
        bool, Option("--flash", help="into the flash, to stay; else until power is off")
    ] = False,
) -> None:
    """load a bitstream onto a board, with openFPGALoader"""
    try:
        target = board(name)
    except ValueError as error:
        refuse("program", error)
    path = bitstream or bitstream_path(target, BUILD / "board" / name)
    tool = shutil.which("openFPGALoader")
    if not path.is_file():
        refuse("program", f"{path}: no such file; rel4 build {name} makes it")
    if tool is None:
        refuse("program", "openFPGALoader is missing: apt-get install openfpgaloader")
    where = "--write-flash" if flash else "--write-sram"
    done = subprocess.run([tool, "--board", target.programmer, where, str(path)])
    if done.returncode:
        raise Exit(1)
