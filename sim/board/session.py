"""A program on a board: from its image to its end."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from boards.end import END_BYTES, END_MARK, read_end
from hdl.peripheral.finisher import Kind
from sim.board.serial_line import Line, LineError

POLL_SECONDS = 0.05


@dataclass(frozen=True)
class End:
    """How a program ended, as it told the finisher."""

    kind: int
    code: int

    @property
    def passed(self) -> bool:
        return self.kind == Kind.PASS.value

    @property
    def wants_reset(self) -> bool:
        return self.kind == Kind.RESET.value


class OutputFilter:
    """Tells the program's bytes from those of the board, which come behind the last of them.

    ``announcement`` is what the boot loader sends after a reset.
    """

    def __init__(self, announcement: bytes) -> None:
        self.end: End | None = None
        self._announcement = announcement
        self._held = b""

    def feed(self, received: bytes) -> bytes:
        """What of it the program has written. Bytes that may be the board's are held back until
        that is clear. Raises ``LineError`` if the board was reset, or told a damaged end."""
        self._held += received
        if END_MARK in self._held:
            output, _, fields = self._held.partition(END_MARK)
            self._held = END_MARK + fields
            if len(self._held) >= END_BYTES:
                self.end = _end(self._held[:END_BYTES])
            return output
        if self._announcement in self._held:
            raise LineError("the board was reset before the program ended")
        keep = max(_overlap(self._held, mark) for mark in (END_MARK, self._announcement))
        output, self._held = self._held[:len(self._held) - keep], self._held[
            len(self._held) - keep:]
        return output


def _end(message: bytes) -> End:
    try:
        return End(*read_end(message))
    except ValueError:
        raise LineError("the program has ended, but its end came damaged") from None


def _overlap(text: bytes, mark: bytes) -> int:
    """Length of the longest end of ``text`` with which ``mark`` begins."""
    return next((n for n in range(min(len(text), len(mark)), 0, -1)
                 if text.endswith(mark[:n])), 0)


def converse(line: Line, announcement: bytes, *, behind: bytes = b"",
             output: Callable[[bytes], None], typed: Callable[[], bytes],
             seconds: float | None = None) -> End | None:
    """Passes bytes between a running program and the user until the program ends.

    ``behind`` are its first bytes, ``typed`` gives what the user has typed since the last time.
    Returns ``None`` after ``seconds``. Raises ``LineError``.
    """
    deadline = None if seconds is None else time.monotonic() + seconds
    split = OutputFilter(announcement)
    received = behind
    while True:
        if shown := split.feed(received):
            output(shown)
        if split.end:
            return split.end
        if deadline is not None and time.monotonic() >= deadline:
            return None
        if keys := typed():
            line.write(keys)
        received = line.read(POLL_SECONDS)
