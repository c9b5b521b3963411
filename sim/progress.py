"""Shows a waiting user what a command is doing."""

import sys
import time
from pathlib import Path


class Progress:
    """Reports on standard error what is being made, how long that is expected to take, and how long
    it took.

    ``guess`` is what to expect the first time. Afterwards the file ``record``, if given, has the
    seconds of the last time that succeeded.
    """

    def __init__(self, text: str, *, guess: str = "", record: Path | None = None) -> None:
        self.text = text
        self.guess = guess
        self.record = record

    def __enter__(self) -> None:
        self.start = time.monotonic()
        expected = self._expected()
        text = f"{self.text}, {expected}" if expected else self.text
        print(f"rel4: {text} ...", file=sys.stderr, flush=True)

    def __exit__(self, kind, error, trace) -> None:
        if error is None:
            seconds = f"{time.monotonic() - self.start:.0f}"
            print(f"rel4: {seconds} s", file=sys.stderr, flush=True)
            if self.record:
                self.record.parent.mkdir(parents=True, exist_ok=True)
                self.record.write_text(seconds)

    def _expected(self) -> str:
        last = self.record.read_text() if self.record and self.record.exists() else ""
        return f"{last} s the last time" if last.isdecimal() else self.guess
