"""Frames of the serial line between host and boot loader; ``sw/boot/link`` describes them."""

import struct
import zlib
from dataclasses import dataclass
from enum import IntEnum

from cobs import cobs

LONGEST = 2048  # longest frame in bytes; more bytes without an end are noise


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
        """The bytes on the line, including the end of the frame."""
        content = bytes([self.kind, self.sequence]) + self.fields
        return cobs.encode(content + struct.pack("<I", zlib.crc32(content))) + b"\0"

    @classmethod
    def decode(cls, line: bytes) -> "Frame | None":
        """Decodes the bytes between two frame ends. Returns ``None`` for a damaged frame."""
        try:
            body = cobs.decode(line)
        except cobs.DecodeError:
            return None
        content, check = body[:-4], body[-4:]
        if len(content) < 2 or struct.pack("<I", zlib.crc32(content)) != check:
            return None
        return cls(content[0], content[1], content[2:])


class FrameReader:
    """Cuts the received bytes into frames."""

    def __init__(self) -> None:
        self.rest = b""  # bytes received after the last frame taken

    def feed(self, received: bytes) -> None:
        self.rest += received

    def next(self) -> Frame | None:
        """Returns the next complete frame, or ``None`` if none is ready. Skips damaged frames."""
        while b"\0" in self.rest:
            line, _, self.rest = self.rest.partition(b"\0")
            if line and (frame := Frame.decode(line)):
                return frame
        self.rest = self.rest[-LONGEST:]
        return None
