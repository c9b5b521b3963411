"""The emulator and QEMU execute the same programs; pc and registers are compared at every step.

QEMU is independent of this project. It is optional: Debian's ``qemu-system-misc``. Its machine
``virt`` has DRAM and test finisher where this SoC has them, so the same file runs on both. It has
no F, D and B here. Its SC fails without a reservation, whatever the address.
"""

import re
import shutil
import subprocess
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

PROGRAM = "qemu-system-riscv64"
CPU = "rv64,f=false,d=false,zba=false,zbb=false,zbc=false,zbs=false"
# One instruction at a time, and the registers before each.
COMMAND = (PROGRAM, "-M", "virt", "-cpu", CPU, "-m", "128", "-display", "none", "-serial", "null",
           "-monitor", "none", "-bios", "none", "-singlestep", "-d", "nochain,cpu")


@dataclass(frozen=True)
class Step:
    """An instruction, executed or trapped, of the emulator: its address and what it wrote."""

    pc: int
    written: tuple[int, int] | None


@dataclass(frozen=True)
class State:
    """What QEMU has before an instruction."""

    pc: int
    registers: tuple[int, ...]


def run(folder: Path, *, programs: int, instructions: int, seed: int,
        report: Callable[[Outcome], None] = lambda outcome: None) -> list[Outcome]:
    """Compares ``programs`` programs, with seeds from ``seed`` on. Files go into ``folder``."""
    check_size(programs, instructions)
    if shutil.which(PROGRAM) is None:
        raise SuiteError(f"{PROGRAM} is not installed (apt-get install qemu-system-misc)")

    def compare(image: Path) -> tuple[int, str]:
        ours = list(read_emulator_log(emulator_log(image)))
        theirs = qemu_states(image, image.with_suffix(".qemu.log"))
        return len(ours), difference(ours, theirs)

    return compare_programs(
        folder, range(seed, seed + programs), compare, report,
        write=lambda number: write_random_program(folder, number, instructions, faulting_sc=False))


def difference(ours: list[Step], theirs: list[State]) -> str:
    """Describes the first step before which the machines differ. Registers count from their first
    write on."""
    registers: dict[int, int] = {}
    for number, (mine, other) in enumerate(zip(ours, theirs, strict=False)):
        if mine.pc != other.pc:
            return f"step {number}: the emulator is at {mine.pc:#x}, QEMU at {other.pc:#x}"
        for register, value in registers.items():
            if other.registers[register] != value:
                return (f"step {number}, at {mine.pc:#x}: x{register} is {value:#x} on the "
                        f"emulator, {other.registers[register]:#x} on QEMU")
        if mine.written:
            registers[mine.written[0]] = mine.written[1]
    if len(theirs) != len(ours):
        return f"QEMU made {len(theirs)} steps, the emulator {len(ours)}"
    return ""


def qemu_states(image: Path, log: Path) -> list[State]:
    """Runs a program on QEMU to its end, and returns the states before its instructions."""
    log.unlink(missing_ok=True)
    done = subprocess.run([*COMMAND, "-D", str(log), "-kernel", str(image)],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=600)
    if done.returncode or not log.exists():
        problem = (done.stderr.strip().splitlines() or [f"ended with {done.returncode}"])[0]
        raise SuiteError(f"{PROGRAM}: {problem}")
    return list(read_qemu_log(log.read_text()))


STEP = re.compile(r" *\d+ 0 [USM] ([0-9a-f]{16}) (?:.*?  x(\d+)=([0-9a-f]{16}))?")
PC = re.compile(r"^ pc +([0-9a-f]{16})$", re.M)
REGISTER = re.compile(r"\bx(\d+)/\w+ +([0-9a-f]{16})")


def read_emulator_log(text: str) -> Iterator[Step]:
    """The steps, without those of the boot ROM, of which each machine has its own."""
    for match in map(STEP.match, text.splitlines()):
        if match and int(match[1], 16) >= DRAM_BASE:
            written = (int(match[2]), int(match[3], 16)) if match[2] else None
            yield Step(int(match[1], 16), written)


def read_qemu_log(text: str) -> Iterator[State]:
    """Likewise the states."""
    return dropwhile(lambda state: state.pc < DRAM_BASE, _read_qemu_log(text))


def _read_qemu_log(text: str) -> Iterator[State]:
    parts = PC.split(text)[1:]
    for pc, rest in zip(parts[::2], parts[1::2], strict=True):
        registers = [0] * 32
        for number, value in REGISTER.findall(rest):
            registers[int(number)] = int(value, 16)
        yield State(int(pc, 16), tuple(registers))
