"""Builds correct and faulty ELF files by hand."""

import struct
from dataclasses import dataclass

from soc.config import DRAM_BASE

RISCV, X86_64 = 243, 62
HEADER_BYTES, PROGRAM_HEADER_BYTES, SECTION_HEADER_BYTES = 64, 56, 64


@dataclass
class Part:
    """A segment: ``data``, then zeros up to ``memory_bytes``."""

    data: bytes
    paddr: int = DRAM_BASE
    memory_bytes: int | None = None
    vaddr: int | None = None


def elf64(parts: list[Part], *, entry: int = DRAM_BASE, machine: int = RISCV, kind: int = 2,
          symbols: dict[str, int] | None = None) -> bytes:
    """Builds a 64-bit little-endian ELF file."""
    offset = HEADER_BYTES + PROGRAM_HEADER_BYTES * len(parts)
    headers, body = b"", b""
    for part in parts:
        vaddr = part.paddr if part.vaddr is None else part.vaddr
        size = len(part.data) if part.memory_bytes is None else part.memory_bytes
        headers += struct.pack("<IIQQQQQQ", 1, 7, offset + len(body), vaddr, part.paddr,
                               len(part.data), size, 1)
        body += part.data
    tables, sections = _sections(symbols or {}, offset + len(body))
    section_offset = offset + len(body) + len(tables)
    ident = b"\x7fELF" + bytes([2, 1, 1]) + bytes(9)
    header = ident + struct.pack(
        "<HHIQQQIHHHHHH", kind, machine, 1, entry, HEADER_BYTES, section_offset, 0, HEADER_BYTES,
        PROGRAM_HEADER_BYTES, len(parts), SECTION_HEADER_BYTES, len(sections), 1,
    )
    return header + headers + body + tables + b"".join(sections)


def elf32() -> bytes:
    """Builds a 32-bit RISC-V ELF file without segments."""
    ident = b"\x7fELF" + bytes([1, 1, 1]) + bytes(9)
    return ident + struct.pack("<HHIIIIIHHHHHH", 2, RISCV, 1, DRAM_BASE, 0, 0, 0, 52, 32, 0, 40,
                               0, 0)


def _sections(symbols: dict[str, int], offset: int) -> tuple[bytes, list[bytes]]:
    """Builds the symbol and string tables at ``offset``, and the section headers."""
    names = b"\0.strtab\0.symtab\0"
    table = bytes(24)
    for name, value in symbols.items():
        table += struct.pack("<IBBHQQ", len(names), 0x11, 0, 0xFFF1, value, 8)
        names += name.encode() + b"\0"

    def section(name: int, kind: int, start: int, size: int, link: int, entry: int) -> bytes:
        return struct.pack("<IIQQQQIIQQ", name, kind, 0, 0, start, size, link, 1, 1, entry)

    return names + table, [
        bytes(SECTION_HEADER_BYTES),
        section(1, 3, offset, len(names), 0, 0),
        section(9, 2, offset + len(names), len(table), 1, 24),
    ]
