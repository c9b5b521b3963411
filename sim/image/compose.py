"""Puts firmware, kernel, root task and further programs into one ELF file.

Firmware and kernel are linked for fixed addresses. After the kernel, on a new page, comes an
archive: the root task, then the further files. Firmware and kernel each have a slot, the symbol
``image_slot``. It is filled in with the address range of the next part: the firmware's slot with
the kernel and archive, the kernel's slot with the archive.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hdl.core.params import PAGE_BYTES
from sim.image.archive import TRAILER, write_archive
from sim.image.part import Load, Part
from sim.image.strip import strip
from sim.image.writer import Named, write_elf
from sim.model.elf import BadImage, Program, check_executable
from soc.config import DRAM_BASE, SocParams
from soc.memory_map import PAYLOAD_BASE

_READ = 4


@dataclass(frozen=True)
class Contents:
    """The files of an image."""

    kernel: Path
    firmware: Path | None = None  # None: the kernel starts in M-mode, or the loader has its own
    root: Path | None = None
    archive: Sequence[Path] = ()

    @property
    def files(self) -> list[Path]:
        return [file for file in (self.firmware, self.kernel, self.root, *self.archive) if file]


class BadPart(BadImage):
    """A file cannot be part of the image. The message names it."""


def compose(contents: Contents, params: SocParams) -> bytes:
    """Returns the image for the memory of ``params``. Raises ``BadPart``."""
    if contents.archive and contents.root is None:
        raise BadPart("an archive needs a root task, which is its first file")
    programs = [path for path in (contents.root, *contents.archive) if path is not None]
    if contents.firmware is None and not programs:
        return _checked(contents.kernel, params)
    kernel = load_part(contents.kernel, params)
    if contents.root is not None:
        _check_root(contents.root)
    extra: tuple[Load, ...] = ()
    if programs:
        archive = write_archive(_files(programs))
        start = -(-kernel.end // PAGE_BYTES) * PAGE_BYTES
        extra = (Load(start, start, archive, len(archive), _READ),)
        kernel = told(kernel, start, start + len(archive))
    end = extra[0].end if extra else kernel.end
    limit = DRAM_BASE + params.dram_bytes
    if end > limit:
        raise BadPart(f"the image ends at {end:#x}, behind the end of DRAM at {limit:#x}")
    _check_overlap(kernel)
    if contents.firmware is None:
        return write_elf(kernel.entry, (*kernel.loads, *extra), [_named(kernel)])
    firmware = load_part(contents.firmware, params)
    _check_places(firmware, kernel)
    firmware = told(firmware, kernel.start, end)
    return write_elf(firmware.entry, (*firmware.loads, *kernel.loads, *extra),
                     [_named(firmware, "firmware"), _named(kernel, "kernel")])


def _named(part: Part, prefix: str = "") -> Named:
    return Named(prefix, part.sections, part.symbols)


def load_part(path: Path, params: SocParams) -> Part:
    """Loads a part of an image. Raises ``BadPart``, which names the file."""
    try:
        return Part.load(path, memory_bytes=params.dram_bytes)
    except BadImage as error:
        raise BadPart(f"{path}: {error}") from None


def _checked(path: Path, params: SocParams) -> bytes:
    """Returns the file of a program that is an image by itself, unchanged."""
    try:
        Program.load(path, memory_bytes=params.dram_bytes)
        return path.read_bytes()
    except BadImage as error:
        raise BadPart(f"{path}: {error}") from None


def _check_root(path: Path) -> None:
    """Checks that the kernel can load the root task; its addresses are virtual."""
    try:
        check_executable(path)
    except BadImage as error:
        raise BadPart(f"{path}: {error}") from None


def _files(paths: Sequence[Path]) -> list[tuple[str, bytes]]:
    """Returns name and contents of each file of the archive."""
    files: dict[str, bytes] = {}
    for path in paths:
        _check_name(path)
        if path.name in files:
            raise BadPart(f"{path}: the archive has a file of this name already")
        try:
            files[path.name] = strip(path.read_bytes())
        except OSError as error:
            raise BadPart(f"{path}: cannot be read: {error.strerror}") from None
    return list(files.items())


def _check_name(path: Path) -> None:
    """Checks that ``path`` is a file whose name can stand in an archive."""
    if not path.exists():
        raise BadPart(f"{path}: no such file")
    if not path.is_file():  # a device may never end
        raise BadPart(f"{path}: not a regular file")
    if path.name == TRAILER:
        raise BadPart(f"{path}: this name ends an archive")
    try:
        path.name.encode()
    except UnicodeEncodeError:
        raise BadPart(f"{os.fsencode(path)}: the name is not UTF-8") from None


def told(part: Part, start: int, end: int) -> Part:
    """Returns ``part`` that knows what follows it. Raises ``BadPart``, which names the file."""
    try:
        return part.with_follower(start, end)
    except BadImage as error:
        raise BadPart(f"{part.path}: {error}") from None


def _check_places(firmware: Part, kernel: Part) -> None:
    """Checks that the firmware ends before its payload, and that the kernel starts with its
    entry."""
    base = PAYLOAD_BASE
    if firmware.entry != DRAM_BASE:
        raise BadPart(f"{firmware.path}: starts at {firmware.entry:#x}, not at the base of DRAM "
                      f"({DRAM_BASE:#x})")
    if firmware.end > base:
        raise BadPart(f"{firmware.path}: ends at {firmware.end:#x}, behind the base of its payload "
                      f"({base:#x})")
    if kernel.start < base:
        raise BadPart(f"{kernel.path}: a segment at {kernel.start:#x} lies below {base:#x}, in "
                      "the firmware's memory")
    if kernel.entry != kernel.start:
        raise BadPart(f"{kernel.path}: starts at {kernel.entry:#x}, not at its begin "
                      f"{kernel.start:#x}, where the firmware jumps to")
    _check_overlap(firmware)


def _check_overlap(part: Part) -> None:
    for first, second in zip(part.loads, part.loads[1:], strict=False):
        if second.paddr < first.end:
            raise BadPart(f"{part.path}: the segments at {first.paddr:#x} and {second.paddr:#x} "
                          "overlap")
