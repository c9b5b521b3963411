"""Writes ELF files: segments, the sections in them, and symbols."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass

from hdl.core.params import PAGE_BYTES
from sim.image.part import Load, Section, Symbol

_HEADER = struct.Struct("<16sHHIQQQIHHHHHH")
_SEGMENT = struct.Struct("<IIQQQQQQ")
_SECTION = struct.Struct("<IIQQQQIIQQ")
_SYMBOL = struct.Struct("<IBBHQQ")
_IDENT = b"\x7fELF" + bytes([2, 1, 1]) + bytes(9)  # 64-bit, little-endian
_EXECUTABLE, _RISCV, _COMPRESSED = 2, 243, 1
_LOAD = 1
_SYMTAB, _STRTAB, _NOBITS = 2, 3, 8
_ABSOLUTE = 0xFFF1


@dataclass(frozen=True)
class Named:
    """Sections and symbols of one part. ``prefix`` identifies the part."""

    prefix: str
    sections: Sequence[Section]
    symbols: Sequence[Symbol]


class _Strings:
    """A string table that gives the offset of each string."""

    def __init__(self) -> None:
        self.data = bytearray(1)

    def add(self, text: str) -> int:
        self.data += text.encode() + b"\0"
        return len(self.data) - len(text.encode()) - 1


def write_elf(entry: int, loads: Sequence[Load], names: Sequence[Named]) -> bytes:
    """Makes an RV64 executable. Symbols keep their names; sections get the prefix of their part."""
    body = bytearray(_HEADER.size + _SEGMENT.size * len(loads))
    segments, offsets = b"", []
    for load in loads:
        body += bytes((load.vaddr - len(body)) % PAGE_BYTES)  # so that loaders may map the file
        offsets.append(len(body))
        segments += _SEGMENT.pack(_LOAD, load.flags, len(body), load.vaddr, load.paddr,
                                  len(load.data), load.memory_bytes, PAGE_BYTES)
        body += load.data
    headers = _add_sections(body, loads, offsets, names)
    body += bytes(-len(body) % 8)
    header = _HEADER.pack(_IDENT, _EXECUTABLE, _RISCV, 1, entry, _HEADER.size, len(body),
                          _COMPRESSED, _HEADER.size, _SEGMENT.size, len(loads), _SECTION.size,
                          len(headers), len(headers) - 1)
    body[:len(header) + len(segments)] = header + segments
    return bytes(body) + b"".join(headers)


def _add_sections(body: bytearray, loads: Sequence[Load], offsets: Sequence[int],
                  names: Sequence[Named]) -> list[bytes]:
    """Adds the symbols and their strings to ``body``; returns the headers of all sections."""
    strings, symbols = _Strings(), bytearray(_SYMBOL.size)
    headers = [bytes(_SECTION.size)]
    for part in names:
        first = len(headers)
        for section in part.sections:
            headers.append(_SECTION.pack(
                strings.add(part.prefix + section.name), section.kind, section.flags,
                section.vaddr, _offset(section, loads, offsets), section.size, 0, 0, 8, 0))
        for symbol in part.symbols:
            where = _ABSOLUTE if symbol.section is None else first + symbol.section
            symbols += _SYMBOL.pack(strings.add(symbol.name), symbol.info, 0, where,
                                    symbol.value, symbol.size)
    table_name, strings_name = strings.add(".symtab"), strings.add(".strtab")
    body += bytes(-len(body) % 8)
    # All symbols are local, because symbols of different parts may have equal names.
    headers.append(_SECTION.pack(table_name, _SYMTAB, 0, 0, len(body), len(symbols),
                                 len(headers) + 1, len(symbols) // _SYMBOL.size, 8, _SYMBOL.size))
    body += symbols
    headers.append(_SECTION.pack(strings_name, _STRTAB, 0, 0, len(body), len(strings.data),
                                 0, 0, 1, 0))
    body += strings.data
    return headers


def _offset(section: Section, loads: Sequence[Load], offsets: Sequence[int]) -> int:
    """Returns the offset of the section in the file; 0 if it is in no segment or has no bytes
    there."""
    if section.kind != _NOBITS:
        for load, offset in zip(loads, offsets, strict=True):
            if load.vaddr <= section.vaddr < load.vaddr + len(load.data):
                return offset + section.vaddr - load.vaddr
    return 0
