"""Random programs run on the emulator and on another machine, which must do the same."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from sim.conformance.riscv_tests import SuiteError
from sim.emulator.run import EmulatorOptions, emulate
from soc.config import configuration

MAX_CYCLES = 10_000_000
# Spike ends reservations after every 5000 steps, even with one hart. So programs must be shorter;
# with the handler's instructions they execute almost three times as many.
MOST_INSTRUCTIONS = 1500


@dataclass(frozen=True)
class Outcome:
    """The comparison of a program. ``difference`` is empty if the machines agree."""

    seed: int
    instructions: int
    difference: str


def check_size(programs: int, instructions: int) -> None:
    """Raises ``SuiteError`` for a number of programs, or of their instructions, out of range."""
    if programs < 1 or not 1 <= instructions <= MOST_INSTRUCTIONS:
        raise SuiteError(f"there must be a program, of 1 to {MOST_INSTRUCTIONS} instructions")


def compare_programs(folder: Path, seeds: Iterable[int],
                     compare: Callable[[Path], tuple[int, str]],
                     report: Callable[[Outcome], None], *,
                     write: Callable[[int], Path]) -> list[Outcome]:
    """Compares a program for each seed.

    ``write`` writes the program of a seed into ``folder``. ``compare`` returns how many of its
    instructions were compared, and the first difference, or ''.
    """
    folder.mkdir(parents=True, exist_ok=True)
    outcomes = []
    for seed in seeds:
        outcomes.append(Outcome(seed, *compare(write(seed))))
        report(outcomes[-1])
    return outcomes


def emulator_log(image: Path) -> str:
    """Runs a program on the emulator, one hart, and returns its commit log."""
    log = image.with_suffix(".emulator.log")
    options = EmulatorOptions(max_cycles=MAX_CYCLES, commit_log=log)
    result = emulate(configuration("default", harts=1), image, options)
    if not result.passed:
        raise SuiteError(f"{image.name} did not pass: {result.errors.splitlines()[0]}")
    return log.read_text()
