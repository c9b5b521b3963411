"""How a run ends, in the simulator and on a board."""

from enum import Enum


class Status(Enum):
    """A status: the word for the JSON result, and the exit status.

    The harness gets the statuses of the simulator through ``model.h``.
    """

    PASSED = "passed", 0
    FAILED = "failed", 1
    DIFFERS = "differs", 1  # from the emulator, in lockstep
    TRAPS = "traps_forever", 1  # no hart can go on
    CYCLE_LIMIT = "cycle_limit", 124
    TIME_LIMIT = "limit", 124  # of a board
    INTERRUPTED = "interrupted", 128  # plus the number of the signal
    OUTPUT_LOST = "output_lost", 2  # it passed or went on, but a file could not be written

    @property
    def word(self) -> str:
        return self.value[0]

    @property
    def exit_status(self) -> int:
        return self.value[1]

    @classmethod
    def ended(cls, passed: bool) -> "Status":
        """The status of a program that ended."""
        return cls.PASSED if passed else cls.FAILED


# Statuses that a run in the simulator can have.
SIMULATED = (Status.PASSED, Status.FAILED, Status.DIFFERS, Status.TRAPS, Status.CYCLE_LIMIT,
             Status.INTERRUPTED, Status.OUTPUT_LOST)
