"""The output of a program on a board, from its start to its end."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from boards.end import END_BYTES, END_MARK, read_end
from hdl.peripheral.finisher import Kind
from sim.board.serial_line import Line, LineError

POLL_SECONDS = 0.05


@dataclass(frozen=True)
class End:
    """How a program ended, as it reported to the finisher."""

    kind: int
    code: int

    @property
    def passed(self) -> bool:
        return self.kind == Kind.PASS.value

    @property
    def wants_reset(self) -> bool:
        return self.kind == Kind.RESET.value


class OutputFilter:
    """Separates the program's bytes from the bytes that the board sends after them.

    ``announcement`` is the message of the boot loader after a reset.
    """

    def __init__(self, announcement: bytes) -> None:
        self.end: End | None = None
        self._announcement = announcement
        self._held = b""

    def feed(self, received: bytes) -> bytes:
        """Returns the bytes that the program wrote. Holds back bytes that may be the board's until
        that is certain. Raises ``LineError`` if the board was reset or its end message is damaged.
        """
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
    """Length of the longest suffix of ``text`` that is a prefix of ``mark``."""
    return next((n for n in range(min(len(text), len(mark)), 0, -1)
                 if text.endswith(mark[:n])), 0)


def converse(line: Line, announcement: bytes, *, behind: bytes = b"",
             output: Callable[[bytes], None], typed: Callable[[], bytes],
             seconds: float | None = None) -> End | None:
    """Passes bytes between a running program and the user until the program ends.

    ``behind`` holds the program's first bytes. ``typed`` returns the user's input since the last
    call. Returns ``None`` after ``seconds``. Raises ``LineError``.
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
