"""A program that becomes part of an image: the contents taken from its ELF file."""

import struct
from dataclasses import dataclass
from pathlib import Path

from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

from sim.model.elf import BadImage, Program

SLOT = "image_slot"
SLOT_MAGIC = int.from_bytes(b"rel4slot", "little")
_SLOT = struct.Struct("<QQQ")
_ALLOCATED = 2  # SHF_ALLOC
_ASSEMBLER_LOCAL = ".L"  # labels without use for a reader


@dataclass(frozen=True)
class Load:
    """A segment: its bytes, then zeros up to ``memory_bytes``."""

    vaddr: int
    paddr: int
    data: bytes
    memory_bytes: int
    flags: int

    @property
    def end(self) -> int:
        return self.paddr + self.memory_bytes


@dataclass(frozen=True)
class Section:
    """A named range of a segment."""

    name: str
    kind: int
    flags: int
    vaddr: int
    size: int


@dataclass(frozen=True)
class Symbol:
    """A symbol. ``section`` is an index into the part's sections, or None for an absolute value."""

    name: str
    value: int
    size: int
    info: int
    section: int | None


@dataclass(frozen=True)
class Part:
    """A program with segments in DRAM, in the order of their addresses."""

    path: Path
    entry: int  # physical
    loads: tuple[Load, ...]
    sections: tuple[Section, ...]
    symbols: tuple[Symbol, ...]

    @classmethod
    def load(cls, path: Path, *, memory_bytes: int) -> "Part":
        """Reads a program. Raises ``BadImage`` if it does not fit a DRAM of ``memory_bytes``."""
        program = Program.load(path, memory_bytes=memory_bytes)
        with path.open("rb") as file:
            elf = ELFFile(file)
            loads = [Load(s["p_vaddr"], s["p_paddr"], s.data(), s["p_memsz"], s["p_flags"])
                     for s in elf.iter_segments("PT_LOAD") if s["p_memsz"]]
            sections, symbols = _names(elf)
        return cls(path, program.entry, tuple(sorted(loads, key=lambda load: load.paddr)),
                   sections, symbols)

    @property
    def start(self) -> int:
        return self.loads[0].paddr

    @property
    def end(self) -> int:
        return max(load.end for load in self.loads)

    def with_follower(self, start: int, end: int) -> "Part":
        """Returns the program with the address range of the next part in its slot. Raises
        ``BadImage`` if it has no slot."""
        slot = next((symbol for symbol in self.symbols if symbol.name == SLOT), None)
        if slot is None:
            raise BadImage(f"no symbol {SLOT}, with which it would find what follows it")
        loads = list(self.loads)
        for index, load in enumerate(loads):
            offset = slot.value - load.vaddr
            if 0 <= offset <= len(load.data) - _SLOT.size:
                if _SLOT.unpack_from(load.data, offset)[0] != SLOT_MAGIC:
                    break
                data = bytearray(load.data)
                _SLOT.pack_into(data, offset, SLOT_MAGIC, start, end)
                loads[index] = Load(load.vaddr, load.paddr, bytes(data), load.memory_bytes,
                                    load.flags)
                return Part(self.path, self.entry, tuple(loads), self.sections, self.symbols)
        raise BadImage(f"the symbol {SLOT} leads to no slot for what follows")


def _names(elf: ELFFile) -> tuple[tuple[Section, ...], tuple[Symbol, ...]]:
    """Returns the sections that lie in memory, and the symbols in them."""
    places, sections, symbols = {}, [], []
    for index, section in enumerate(elf.iter_sections()):
        if section["sh_flags"] & _ALLOCATED and section["sh_size"]:
            places[index] = len(sections)
            kind = 8 if section["sh_type"] == "SHT_NOBITS" else 1
            sections.append(Section(section.name, kind, section["sh_flags"], section["sh_addr"],
                                    section["sh_size"]))
    for table in elf.iter_sections():
        if isinstance(table, SymbolTableSection):
            for symbol in table.iter_symbols():
                where = symbol["st_shndx"]
                if symbol.name.startswith(_ASSEMBLER_LOCAL) or not symbol.name:
                    continue
                if where == "SHN_ABS" or where in places:
                    symbols.append(Symbol(symbol.name, symbol["st_value"], symbol["st_size"],
                                          _kind(symbol), places.get(where)))
    return tuple(sections), tuple(symbols)


_KINDS = {"STT_OBJECT": 1, "STT_FUNC": 2}


def _kind(symbol) -> int:
    return _KINDS.get(symbol["st_info"]["type"], 0)
