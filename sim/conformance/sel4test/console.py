"""What seL4's tests print: their outcomes."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

# A test, and how the suite ends. The first and the last test are the driver's own: that there are
# tests, and that all of them ran.
_STARTS = re.compile(r"Starting test \d+: (.+)")
_COMPLAINS = re.compile(r"\s*(?:Failure|Error): (.+)")
_FOLDERS = re.compile(r"of file \S*/")
_SUITE_ENDS = re.compile(r"Test suite (?:passed|failed)\.")
LAST_LINES = ("All is well in the universe", "*** FAILURES DETECTED ***",
              "*** ALL tests not run ***")
_OWN = {"Test that there are tests", "Test all tests ran"}


@dataclass
class Outcome:
    """A test that was started. It passed if it has no complaint and came to its end."""

    name: str
    complaints: list[str] = field(default_factory=list)
    ended: bool = False
    output: list[str] = field(default_factory=list)  # its lines, complaints included

    @property
    def passed(self) -> bool:
        return self.ended and not self.complaints

    @property
    def own(self) -> bool:
        """Whether it is one of the driver's own tests, which no record describes."""
        return self.name in _OWN


def outcomes(lines: Iterable[str]) -> list[Outcome]:
    """Returns what the lines of a run tell. A test has ended when the next one starts, or when the
    suite ends."""
    found: list[Outcome] = []
    for raw in lines:
        line = raw.rstrip("\r\n")
        if start := _STARTS.fullmatch(line.strip()):
            if found:
                found[-1].ended = True
            found.append(Outcome(start[1]))
        elif found and _SUITE_ENDS.match(line):
            found[-1].ended = True
        elif found and not found[-1].ended:
            found[-1].output.append(line)
            if complaint := _COMPLAINS.match(line):
                found[-1].complaints.append(_FOLDERS.sub("of file ", complaint[1]))
    return found
