"""Programs for the simulator. RISC-V ELF files are checked before anything runs."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from elftools.common.exceptions import ELFError
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

from soc.config import DRAM_BASE


class BadImage(Exception):
    """The image cannot run. The message is one line that says why."""


@dataclass(frozen=True)
class Segment:
    """Bytes of the file that are loaded to memory. The rest up to ``memory_bytes`` is zero."""

    offset: int  # in the file
    paddr: int
    file_bytes: int
    memory_bytes: int

    @property
    def end(self) -> int:
        return self.paddr + self.memory_bytes


@dataclass(frozen=True)
class Program:
    """A checked program. Every segment lies in DRAM and the entry lies in a segment."""

    path: Path
    entry: int
    segments: tuple[Segment, ...]
    tohost: int | None  # address of the symbol, if it exists

    @classmethod
    def load(cls, path: Path, *, memory_bytes: int) -> "Program":
        """Reads and checks ``path`` for a DRAM of ``memory_bytes``; raises ``BadImage``."""
        with _opened(path) as elf:
            segments = tuple(_segments(elf, path.stat().st_size))
            for segment in segments:
                _check_in_dram(segment, memory_bytes)
            entry = _physical(elf, elf["e_entry"])
            tohost = _symbol(elf, "tohost")
        if not any(s.paddr <= entry < s.end for s in segments):
            raise BadImage(f"entry {entry:#x} lies outside every segment")
        return cls(path, entry, segments, tohost)


def check_executable(path: Path) -> None:
    """Raises ``BadImage`` if ``path`` is not an RV64 program. Its segments may lie anywhere."""
    with _opened(path) as elf:
        _segments(elf, path.stat().st_size)


@contextmanager
def _opened(path: Path) -> Iterator[ELFFile]:
    """Opens an RV64 program. Raises ``BadImage``, also if reading it in the block fails."""
    if path.is_dir():
        raise BadImage("is a directory")
    try:
        with path.open("rb") as file:
            if file.read(4) != b"\x7fELF":
                raise BadImage("not an ELF file")
            file.seek(0)
            elf = ELFFile(file)
            _check_target(elf)
            yield elf
    except FileNotFoundError:
        raise BadImage("no such file") from None
    except OSError as error:
        raise BadImage(f"cannot be read: {error.strerror}") from None
    except (ELFError, UnicodeDecodeError, ValueError, KeyError, TypeError, AttributeError,
            IndexError, OverflowError):
        raise BadImage("truncated or damaged ELF file") from None


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


def _segments(elf: ELFFile, size: int) -> list[Segment]:
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
        segments.append(segment)
    if not segments:
        raise BadImage("no segment to load")
    return segments


def _check_in_dram(segment: Segment, memory_bytes: int) -> None:
    if segment.paddr < DRAM_BASE or segment.end > DRAM_BASE + memory_bytes:
        raise BadImage(f"segment {segment.paddr:#x}..{segment.end:#x} lies outside DRAM "
                       f"({DRAM_BASE:#x}..{DRAM_BASE + memory_bytes:#x})")


def _physical(elf: ELFFile, address: int) -> int:
    """The load address of a virtual address; the two differ if a segment is linked elsewhere."""
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
