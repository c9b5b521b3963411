"""Programs of the workspace, built for a board."""

import subprocess
import sys
from pathlib import Path

from sim.output import write_output
from sim.progress import Progress
from sim.tools import BUILD, ToolError, checkout
from soc.boot_info import BootInfo
from soc.config import DRAM_BASE, NO_TAIC, SocParams, configuration
from soc.generate import generate


def params_of(info: BootInfo) -> SocParams:
    """Returns the parameters of the SoC that a boot loader describes as ``info``, but always with
    TAIC: programs that do not use TAIC are the same with and without it. Raises ``ToolError`` if
    there is no such SoC."""
    if info.dram_base != DRAM_BASE:
        raise ToolError(f"the memory of the board is at {info.dram_base:#x}, programs are linked "
                        f"for {DRAM_BASE:#x}")
    try:
        return configuration(
            info.name.removesuffix(NO_TAIC), harts=info.harts, clock_hz=info.clock_hz,
            timebase_hz=info.timebase_hz, dram_bytes=info.dram_bytes)
    except ValueError as error:
        raise ToolError(f"the board has a SoC that is not known here: {error}") from None


def image_for(info: BootInfo, program: str) -> Path:
    """Builds ``program`` with the constants of the board and returns the image. Cargo decides
    whether it is out of date.

    Raises ``ToolError``.
    """
    project = checkout("building a program for a board")
    params = params_of(info)
    folder = BUILD / "board-sw" / "-".join(map(str, (
        info.name, info.harts, info.clock_hz, info.timebase_hz, info.dram_bytes)))
    for kind, name in (("rust", "soc.rs"), ("c-header", "soc.h")):
        write_output(generate(kind, params), folder / name, sys.stdout)
    log = folder / f"{program}.log"
    command = ["make", "--no-print-directory", f"sw-{program}", f"SOC_RS={folder / 'soc.rs'}",
               f"OUT={folder}", f"TARGET_DIR={folder / 'target'}"]
    with Progress(f"building {program} for the board, log in {log}"), log.open("w") as output:
        done = subprocess.run(command, cwd=project, stdout=output, stderr=output,
                              stdin=subprocess.DEVNULL)
    if done.returncode:
        raise ToolError(f"{program} cannot be built for the board, see {log}")
    return folder / f"{program}.elf"
