"""Contention: several harts count together, with atomics and under locks. No hart may starve."""

from collections.abc import Iterator
from dataclasses import dataclass

from .machine import Machine

PROGRAM = "contention"
CYCLES_AROUND = 2_000_000
WAYS_AND_PAUSES = 12  # cycles that the program tries; more than enough for the limit
# The longest wait for a turn in cycles, for each participating hart. The slowest way passes a lock
# on in about 60 cycles and may do so three times.
LONGEST_PER_HART = 250
LEAST_SHARE = 0.4  # part of the mean that each hart must achieve


@dataclass(frozen=True)
class Share:
    """The result of one hart."""

    counted: int
    longest: int  # cycles of the longest attempt
    mean: int


@dataclass(frozen=True)
class Contest:
    """One way to count. All harts tried it together for some cycles."""

    way: str
    pause: int  # longest pause between two attempts, in turns of a loop
    harts: int
    cycles: int
    counter: int
    shares: tuple[Share, ...]

    @property
    def lost(self) -> int:
        """The number of counts that are missing from the counter."""
        return sum(share.counted for share in self.shares) - self.counter

    @property
    def faults(self) -> list[str]:
        """Describes the faults for the user."""
        found = [f"{self.lost} lost"] if self.lost else []
        mean = self.counter / self.harts
        for hart, share in enumerate(self.shares):
            if share.longest > LONGEST_PER_HART * self.harts:
                found.append(f"hart {hart} waited for {share.longest} cycles")
            if share.counted < LEAST_SHARE * mean:
                found.append(f"hart {hart} counted {share.counted}, {mean:.0f} is the mean")
        return found


def run(machine: Machine, *, cycles: int, seed: int) -> Iterator[Contest]:
    """Runs every way for that many cycles each."""
    limit = CYCLES_AROUND + WAYS_AND_PAUSES * 2 * cycles
    for words in machine.ask(PROGRAM, f"{machine.params.harts} {cycles} {seed}", limit):
        if words[0] == "contention":
            yield _contest(words)


def _contest(words: list[str]) -> Contest:
    """Parses ``contention WAY PAUSE HARTS CYCLES COUNTER COUNTED:LONGEST:MEAN ...``."""
    _, way, pause, harts, cycles, counter, *shares = words
    return Contest(way, int(pause), int(harts), int(cycles), int(counter),
                   tuple(Share(*map(int, share.split(":"))) for share in shares))
