"""Frames of the serial line between host and boot loader; ``sw/boot/link`` describes them."""

import struct
import zlib
from dataclasses import dataclass
from enum import IntEnum

from cobs import cobs

LONGEST = 2048  # bytes of a frame; more without an end is noise


class Kind(IntEnum):
    HELLO = 1
    WRITE = 2
    CLEAR = 3
    CHECK = 4
    RUN = 5
    SPEED = 6
    INFO = 0x81
    DONE = 0x82
    REFUSED = 0x83
    DAMAGED = 0x84


@dataclass(frozen=True)
class Frame:
    kind: int
    sequence: int
    fields: bytes = b""

    def encode(self) -> bytes:
        """As it goes over the line, with its end."""
        content = bytes([self.kind, self.sequence]) + self.fields
        return cobs.encode(content + struct.pack("<I", zlib.crc32(content))) + b"\0"

    @classmethod
    def decode(cls, line: bytes) -> "Frame | None":
        """The frame between two ends; ``None`` if it is damaged."""
        try:
            body = cobs.decode(line)
        except cobs.DecodeError:
            return None
        content, check = body[:-4], body[-4:]
        if len(content) < 2 or struct.pack("<I", zlib.crc32(content)) != check:
            return None
        return cls(content[0], content[1], content[2:])


class FrameReader:
    """Cuts what comes over the line into frames."""

    def __init__(self) -> None:
        self.rest = b""  # what came behind the last frame that was taken

    def feed(self, received: bytes) -> None:
        self.rest += received

    def next(self) -> Frame | None:
        """The next whole frame, or ``None`` if there is none yet; damaged ones are passed over."""
        while b"\0" in self.rest:
            line, _, self.rest = self.rest.partition(b"\0")
            if line and (frame := Frame.decode(line)):
                return frame
        self.rest = self.rest[-LONGEST:]
        return None
