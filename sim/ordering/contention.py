"""Contention: several harts count together, by atomics and under locks, and none starves."""

from collections.abc import Iterator
from dataclasses import dataclass

from .machine import Machine

PROGRAM = "contention"
CYCLES_AROUND = 2_000_000
WAYS_AND_PAUSES = 12  # that the program tries; more than enough for the limit
# The longest that a hart may wait for its turn, for each hart that takes part, in cycles: the
# slowest way hands a lock on in about 60 cycles, and may do so three times.
LONGEST_PER_HART = 250
LEAST_SHARE = 0.4  # of the mean, that each hart must have achieved


@dataclass(frozen=True)
class Share:
    """What one hart achieved."""

    counted: int
    longest: int  # cycles of its longest attempt
    mean: int


@dataclass(frozen=True)
class Contest:
    """One way to count, tried by all harts together for some cycles."""

    way: str
    pause: int  # the greatest between two attempts, in turns of a loop
    harts: int
    cycles: int
    counter: int
    shares: tuple[Share, ...]

    @property
    def lost(self) -> int:
        """What was counted and is not in the counter."""
        return sum(share.counted for share in self.shares) - self.counter

    @property
    def faults(self) -> list[str]:
        """What is wrong, for people."""
        found = [f"{self.lost} lost"] if self.lost else []
        mean = self.counter / self.harts
        for hart, share in enumerate(self.shares):
            if share.longest > LONGEST_PER_HART * self.harts:
                found.append(f"hart {hart} waited for {share.longest} cycles")
            if share.counted < LEAST_SHARE * mean:
                found.append(f"hart {hart} counted {share.counted}, {mean:.0f} is the mean")
        return found


def run(machine: Machine, *, cycles: int, seed: int) -> Iterator[Contest]:
    """Every way, each for so many cycles."""
    limit = CYCLES_AROUND + WAYS_AND_PAUSES * 2 * cycles
    for words in machine.ask(PROGRAM, f"{machine.params.harts} {cycles} {seed}", limit):
        if words[0] == "contention":
            yield _contest(words)


def _contest(words: list[str]) -> Contest:
    """From ``contention WAY PAUSE HARTS CYCLES COUNTER COUNTED:LONGEST:MEAN ...``."""
    _, way, pause, harts, cycles, counter, *shares = words
    return Contest(way, int(pause), int(harts), int(cycles), int(counter),
                   tuple(Share(*map(int, share.split(":"))) for share in shares))
