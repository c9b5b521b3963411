"""Removes symbols and debug information from an ELF file. No loader reads them."""

import struct

_IDENT = b"\x7fELF\x02\x01"  # 64-bit, little-endian
_HEADER_BYTES = 64
_SEGMENTS_AT, _SECTIONS_AT = 32, 40
_COUNTS_AT = 56  # count of segments; then size, count and name index of section headers
_SEGMENT = struct.Struct("<IIQQQQQQ")


def strip(file: bytes) -> bytes:
    """Returns an ELF file up to the end of its last segment, without sections. Returns any other
    file unchanged."""
    if not file.startswith(_IDENT) or len(file) < _HEADER_BYTES:
        return file
    (segments,) = struct.unpack_from("<Q", file, _SEGMENTS_AT)
    (count,) = struct.unpack_from("<H", file, _COUNTS_AT)
    end = segments + count * _SEGMENT.size
    if count == 0 or end > len(file):
        return file
    for index in range(count):
        _, _, offset, _, _, size, _, _ = _SEGMENT.unpack_from(
            file, segments + index * _SEGMENT.size)
        end = max(end, offset + size)
    stripped = bytearray(file[:end])
    struct.pack_into("<Q", stripped, _SECTIONS_AT, 0)
    struct.pack_into("<HHH", stripped, _COUNTS_AT + 2, 0, 0, 0)
    return bytes(stripped)
