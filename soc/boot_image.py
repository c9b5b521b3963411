"""A program in the SPI flash, as the boot loader takes it from there.

A header, then a record for each segment: where it goes, its bytes, and how many there are with the
zeros behind them. All is little-endian and a multiple of 8 bytes; the CRC-32 is that of the header
before it and of everything behind the header.
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
    """The image; a segment is an address, bytes for it, and how many there are with zeros."""
    body = b""
    for address, data, memory_bytes in segments:
        data += bytes(-len(data) % 8)
        body += RECORD.pack(address, len(data), max(memory_bytes, len(data))) + data
    checked = CHECKED.pack(MAGIC, VERSION, len(body), entry)
    return checked + struct.pack("<II", zlib.crc32(checked + body), 0) + body
