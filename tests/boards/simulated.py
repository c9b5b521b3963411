"""A simulated SoC or board whose UART is a pseudo terminal."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sim.model.design import Design
from sim.model.elf import Program
from sim.model.run_options import RunOptions
from sim.model.simulate import model_command
from soc.config import DRAM_BASE
from tests.support.elf import Part, elf64

LOOP = b"\x6f\0\0\0" * 16  # each instruction jumps to itself


@contextmanager
def simulated(design: Design, folder: Path,
              dram_bytes: int) -> Iterator[tuple[str, subprocess.Popen]]:
    """Runs the model of ``design``. Yields the name of its terminal, and its process.

    The memory holds an endless loop at first, so that nothing but the boot ROM can start.
    """
    (folder / "loop.elf").write_bytes(elf64([Part(LOOP, DRAM_BASE)]))
    program = Program.load(folder / "loop.elf", memory_bytes=dram_bytes)
    command = model_command(design, program, dram_bytes, RunOptions(max_cycles=1_000_000_000))
    master, slave = os.openpty()
    process = subprocess.Popen(command, stdin=master, stdout=master, stderr=subprocess.PIPE)
    try:
        yield os.ttyname(slave), process
    finally:
        process.kill()
        process.communicate()
        os.close(master)
        os.close(slave)
