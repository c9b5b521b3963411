"""Programs in assembler, for tests that need few instructions."""

import subprocess
from pathlib import Path

from sim.image.c_program import COMPILER
from soc.config import DRAM_BASE


def assemble(source: str, output: Path, base: int = DRAM_BASE) -> Path:
    """Links ``source`` for ``base``, with the entry ``_start``, and returns the ELF file."""
    text = output.with_suffix(".S")
    text.write_text(source)
    subprocess.run(
        [COMPILER, "-march=rv64imac_zicsr_zifencei", "-mabi=lp64", "-nostdlib", "-static",
         f"-Wl,-Ttext={base:#x}", "-Wl,-n", "-Wl,--no-relax", str(text), "-o", str(output)],
        check=True)
    return output
