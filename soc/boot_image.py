"""The format of a program in the SPI flash, from which the boot loader starts it.

A header is followed by a record for each segment: its address, the number of its bytes, its size in
memory with trailing zeros, and the bytes. All parts are little-endian and multiples of 8 bytes. The
CRC-32 covers the header up to it, and everything behind the header.
"""

import struct
import zlib
from collections.abc import Iterable

MAGIC = int.from_bytes(b"rel4boot", "little")
VERSION = 1
CHECKED = struct.Struct("<QIIQ")  # magic, version, bytes behind the header, entry
HEADER_BYTES = CHECKED.size + 8  # with the CRC-32, and 4 bytes that are 0
RECORD = struct.Struct("<QII")  # address, bytes that follow, bytes in memory


def boot_image(entry: int, segments: Iterable[tuple[int, bytes, int]]) -> bytes:
    """The image. A segment is an address, its bytes, and its size in memory."""
    body = b""
    for address, data, memory_bytes in segments:
        data += bytes(-len(data) % 8)
        body += RECORD.pack(address, len(data), max(memory_bytes, len(data))) + data
    checked = CHECKED.pack(MAGIC, VERSION, len(body), entry)
    return checked + struct.pack("<II", zlib.crc32(checked + body), 0) + body
