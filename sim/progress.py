"""Shows a waiting user what a command is doing."""

import sys
import time


class Progress:
    """Reports on standard error what is being made and how long it took."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __enter__(self) -> None:
        self.start = time.monotonic()
        print(f"rel4: {self.text} ...", file=sys.stderr, flush=True)

    def __exit__(self, kind, error, trace) -> None:
        if error is None:
            print(f"rel4: {time.monotonic() - self.start:.0f} s", file=sys.stderr, flush=True)
