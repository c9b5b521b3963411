"""``rel4 program``: load a bitstream into a board, or a program into its flash."""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Annotated

from typer import Argument, Exit, Option

from boards.board import FLASH_IMAGE, Board
from boards.catalogue import BOARDS, board
from sim.board.flash_image import flash_image
from sim.board.flow import bitstream_path
from sim.cli import app, refuse
from sim.model.elf import BadImage
from sim.output import write_output
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
    image: Annotated[Path | None, Option(
        metavar="IMAGE.elf", help="not the bitstream, but a program that the board starts from "
                                  "its flash")] = None,
) -> None:
    """load a bitstream onto a board, or a program into its flash, with openFPGALoader"""
    try:
        target = board(name)
        folder = BUILD / "board" / name
        if image:
            if bitstream:
                raise ValueError("--image and --bitstream are two different things")
            path = _flash_file(target, image, folder)
            where = ["--write-flash", "--offset", str(FLASH_IMAGE)]
        else:
            path = bitstream or bitstream_path(target, folder)
            where = ["--write-flash" if flash else "--write-sram"]
    except BadImage as error:
        refuse("program", f"{image}: {error}")
    except (ValueError, OSError) as error:
        refuse("program", error)
    tool = shutil.which("openFPGALoader")
    if not path.is_file():
        refuse("program", f"{path}: no such file; rel4 build {name} makes it")
    if tool is None:
        refuse("program", "openFPGALoader is missing: apt-get install openfpgaloader")
    done = subprocess.run([tool, "--board", target.programmer, *where, str(path)])
    if done.returncode:
        raise Exit(1)


def _flash_file(target: Board, image: Path, folder: Path) -> Path:
    """Makes the file for the flash from ``image``."""
    if not target.flash:
        raise ValueError(f"{target.name} does not start programs from its flash")
    params = target.params(config=target.config, harts=target.harts, clock_mhz=target.clock_mhz,
                           memory_bytes=target.memory_bytes, boot_loader=b"")
    path = folder / f"{image.stem}.bin"
    write_output(flash_image(image, params), path, sys.stdout)
    return path
