"""Builds programs in C from all sources of a folder and the linker script there."""

import shutil
import subprocess
from pathlib import Path

from sim.tools import ToolError

COMPILER = "riscv64-unknown-elf-gcc"
PACKAGE = "gcc-riscv64-unknown-elf"
FLAGS = ("-march=rv64imac_zicsr_zifencei", "-mabi=lp64", "-mcmodel=medany", "-O2", "-g",
         "-Wall", "-Wextra", "-Werror", "-ffreestanding", "-nostdlib", "-static")
SOURCES = (".c", ".S")


def has_compiler() -> bool:
    return shutil.which(COMPILER) is not None


def build_c(folder: Path, output: Path, base: int, header: Path) -> None:
    """Builds the program of ``folder`` at ``output`` if it is older than its sources.

    The program is linked at ``base``. It can include ``header``, the constants of the SoC, by its
    name. Raises ``ToolError``.
    """
    sources = sorted(file for file in folder.iterdir() if file.suffix in SOURCES)
    scripts = list(folder.glob("*.ld"))
    if not sources or len(scripts) != 1:
        raise ToolError(f"{folder}: needs sources ({', '.join(SOURCES)}) and one linker script")
    inputs = [header, *folder.iterdir()]
    missing = [file for file in inputs if not file.exists()]
    if missing:
        raise ToolError(f"{missing[0]}: no such file")
    if output.exists() and all(file.stat().st_mtime_ns < output.stat().st_mtime_ns
                               for file in inputs):
        return
    partial = output.with_name(f"{output.name}.partial")
    command = [COMPILER, *FLAGS, f"-I{header.parent}", f"-T{scripts[0]}",
               f"-Wl,--defsym=PROGRAM_BASE={base:#x}", "-o", str(partial), *map(str, sources)]
    done = subprocess.run([*command, "-lgcc"])  # the compiler says itself what is wrong
    if done.returncode:
        partial.unlink(missing_ok=True)
        raise ToolError(f"{folder} does not build")
    partial.replace(output)
