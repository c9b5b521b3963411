"""Programs for the simulator: RISC-V ELF files, checked before anything runs."""

from dataclasses import dataclass
from pathlib import Path

from elftools.common.exceptions import ELFError
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

from soc.config import DRAM_BASE

TRAMPOLINE_BYTES = 24  # of the jump that the harness puts at the base of DRAM


class BadImage(Exception):
    """The image cannot be run; the message says why, in one line."""


@dataclass(frozen=True)
class Segment:
    """Bytes of the file that go to memory; what follows them up to ``memory_bytes`` is zero."""

    offset: int  # in the file
    paddr: int
    file_bytes: int
    memory_bytes: int

    @property
    def end(self) -> int:
        return self.paddr + self.memory_bytes


@dataclass(frozen=True)
class Program:
    """A checked program: every segment lies in DRAM, the entry lies in a segment."""

    path: Path
    entry: int
    segments: tuple[Segment, ...]
    tohost: int | None  # address of the symbol, if there is one

    @classmethod
    def load(cls, path: Path, *, memory_bytes: int) -> "Program":
        """Reads and checks ``path`` for a DRAM of ``memory_bytes``; raises ``BadImage``."""
        if path.is_dir():
            raise BadImage("is a directory")
        try:
            with path.open("rb") as file:
                return cls._parse(path, file, memory_bytes)
        except FileNotFoundError:
            raise BadImage("no such file") from None
        except OSError as error:
            raise BadImage(f"cannot be read: {error.strerror}") from None

    @classmethod
    def _parse(cls, path: Path, file, memory_bytes: int) -> "Program":
        size = path.stat().st_size
        if file.read(4) != b"\x7fELF":
            raise BadImage("not an ELF file")
        file.seek(0)
        try:
            elf = ELFFile(file)
            _check_target(elf)
            segments = tuple(_segments(elf, size, memory_bytes))
            entry = elf["e_entry"]
            tohost = _symbol(elf, "tohost")
        except BadImage:
            raise
        except (ELFError, UnicodeDecodeError, ValueError, KeyError, TypeError, AttributeError,
                IndexError, OverflowError):
            raise BadImage("truncated or damaged ELF file") from None
        entry = _physical(elf, entry)
        if not any(s.paddr <= entry < s.end for s in segments):
            raise BadImage(f"entry {entry:#x} lies outside every segment")
        return cls(path, entry, segments, tohost)

    def trampoline_room(self) -> bool:
        """True if nothing is loaded where the harness would put a jump to the entry."""
        return all(s.paddr >= DRAM_BASE + TRAMPOLINE_BYTES for s in self.segments)


def _check_target(elf: ELFFile) -> None:
    machine = elf["e_machine"]
    if machine != "EM_RISCV":
        name = str(machine).removeprefix("EM_").lower().replace("_", "-")
        raise BadImage(f"not a RISC-V program but one for {name}")
    if elf.elfclass != 64:
        raise BadImage("a 32-bit program; the harts are RV64")
    if not elf.little_endian:
        raise BadImage("a big-endian program; the harts are little-endian")
    if elf["e_type"] not in ("ET_EXEC", "ET_DYN"):
        raise BadImage("not linked: an object file, not an executable")


def _segments(elf: ELFFile, size: int, memory_bytes: int) -> list[Segment]:
    segments = []
    for header in elf.iter_segments("PT_LOAD"):
        if header["p_memsz"] == 0:
            continue
        if header["p_filesz"] > header["p_memsz"]:
            raise BadImage("truncated or damaged ELF file: a segment larger in the file than in "
                           "memory")
        segment = Segment(header["p_offset"], header["p_paddr"], header["p_filesz"],
                          header["p_memsz"])
        if segment.offset + segment.file_bytes > size:
            raise BadImage(f"truncated: the segment at {segment.paddr:#x} ends behind the file")
        if segment.paddr < DRAM_BASE or segment.end > DRAM_BASE + memory_bytes:
            raise BadImage(
                f"segment {segment.paddr:#x}..{segment.end:#x} lies outside DRAM "
                f"({DRAM_BASE:#x}..{DRAM_BASE + memory_bytes:#x})"
            )
        segments.append(segment)
    if not segments:
        raise BadImage("no segment to load")
    return segments


def _physical(elf: ELFFile, address: int) -> int:
    """The load address of a virtual address, where a segment is linked elsewhere."""
    for header in elf.iter_segments("PT_LOAD"):
        if header["p_vaddr"] <= address < header["p_vaddr"] + header["p_memsz"]:
            return address - header["p_vaddr"] + header["p_paddr"]
    return address


def _symbol(elf: ELFFile, name: str) -> int | None:
    for section in elf.iter_sections():
        if isinstance(section, SymbolTableSection):
            for symbol in section.get_symbol_by_name(name) or ():
                return _physical(elf, symbol["st_value"])
    return None
