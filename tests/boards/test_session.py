"""The board's messages are separated from the program's output for any arrival of the bytes."""

import os
import random

import pytest

from boards.end import END_MARK, end_message
from hdl.peripheral.finisher import Kind
from sim.board.serial_line import LineError
from sim.board.session import End, OutputFilter, converse

SEED = int(os.environ.get("COCOTB_RANDOM_SEED", "1"))
ANNOUNCEMENT = b"\x03\x81\x00\x05info\x00"


class Recording:
    """A line that gives ``content`` in pieces of random length, then nothing."""

    def __init__(self, content: bytes, rng: random.Random) -> None:
        self.content, self.rng = content, rng
        self.sent = b""

    def read(self, seconds: float) -> bytes:
        length = self.rng.randrange(8)
        piece, self.content = self.content[:length], self.content[length:]
        return piece

    def write(self, data: bytes) -> None:
        self.sent += data


def run(content: bytes, rng=None, **options):
    shown = []
    end = converse(Recording(content, rng or random.Random(SEED)), ANNOUNCEMENT,
                   output=shown.append, typed=lambda: b"", **options)
    return b"".join(shown), end


@pytest.mark.parametrize("kind, code", [(Kind.PASS, 0), (Kind.FAIL, 0x1234), (Kind.RESET, 0)])
def test_end_is_found_behind_any_output(kind, code):
    rng = random.Random(SEED)
    for _ in range(200):
        parts = [rng.randbytes(rng.randrange(30)), END_MARK[:rng.randrange(len(END_MARK))], b"\0"]
        output = b"".join(rng.choices(parts, k=6))
        shown, end = run(output + end_message(kind.value, code), rng)
        assert (shown, end) == (output, End(kind.value, code))


def test_first_bytes_may_have_come_with_the_loaders_answer():
    assert run(end_message(Kind.PASS.value, 0), behind=b"abc")[0] == b"abc"


def test_reset_is_noticed():
    with pytest.raises(LineError, match="the board was reset"):
        run(b"some output" + ANNOUNCEMENT)


def test_damaged_end_is_reported():
    message = bytearray(end_message(Kind.PASS.value, 0))
    message[-2] ^= 1
    with pytest.raises(LineError, match="came damaged"):
        run(bytes(message))


def test_time_limit():
    assert run(b"abc", seconds=0.01) == (b"abc", None)


def test_nothing_is_held_back_for_long():
    output = OutputFilter(ANNOUNCEMENT)
    assert output.feed(b"> ") == b"> "
    assert output.feed(END_MARK[:3]) == b""
    assert output.feed(b"x") == END_MARK[:3] + b"x"
    assert output.feed(b"\0") + output.feed(b"\0") + output.feed(b"y") == b"\0\0y"


def test_keys_reach_the_program():
    line = Recording(b"prompt" + end_message(Kind.PASS.value, 0), random.Random(SEED))
    keys = iter([b"a", b"", b"b"])
    converse(line, ANNOUNCEMENT, output=lambda shown: None, typed=lambda: next(keys, b""))
    assert line.sent == b"ab"
