"""The tests in an image, and a choice among them.

The root task has some of the tests itself. The others are in a program of their own, which lies in
an archive inside the root task. Both have a section ``_test_case``: an array of records.
"""

import io
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from elftools.common.exceptions import ELFError
from elftools.elf.elffile import ELFFile

from sim.conformance.sel4test.image import BadSuite, LoaderImage
from sim.image.archive import BadArchive, read_archive

SECTION, _ARCHIVE = "_test_case", "._archive_cpio"
_PROGRAM = "sel4test-tests"
# Name; description, function and type of the test; whether it is enabled.
_RECORD = struct.Struct("<32s4Q")
_ENABLED_AT = _RECORD.size - 8


@dataclass(frozen=True)
class Case:
    """A test. ``offset`` is where its record begins in the root task's ELF file."""

    name: str
    enabled: bool
    offset: int


def cases(image: LoaderImage) -> list[Case]:
    """Returns the tests of an image, in the order of their names. Raises ``BadSuite``."""
    root = image.root.contents
    try:
        offset, archive = _section(root, _ARCHIVE)
        program = next((file for file in read_archive(archive) if file.name == _PROGRAM), None)
        if program is None:
            raise BadSuite(f"its archive has no {_PROGRAM}")
        found = [*_records(root, 0), *_records(program.contents, offset + program.offset)]
    except (BadArchive, BadSuite, ELFError) as error:
        raise BadSuite(f"{image.root.name} in the image: {error}") from None
    return sorted(found, key=lambda case: case.name)


def choose(image: LoaderImage, pattern: str) -> LoaderImage:
    """Returns an image in which only those tests are enabled whose whole name matches ``pattern``
    and that were so before. Raises ``BadSuite`` if there is none."""
    root = bytearray(image.root.contents)
    chosen = 0
    for case in cases(image):
        if case.enabled and re.fullmatch(pattern, case.name):
            chosen += 1
        else:
            struct.pack_into("<Q", root, case.offset + _ENABLED_AT, 0)
    if not chosen:
        raise BadSuite(f"no enabled test matches {pattern}")
    return image.with_file(image.root.name, bytes(root))


def _records(data: bytes, base: int) -> Iterator[Case]:
    """Yields the tests of an ELF file that lies ``base`` bytes behind the root task's begin."""
    offset, contents = _section(data, SECTION)
    if len(contents) % _RECORD.size:
        raise BadSuite(f"the section {SECTION} has {len(contents)} bytes, which is no number of "
                       f"records of {_RECORD.size}")
    for at in range(0, len(contents), _RECORD.size):
        name, *_, enabled = _RECORD.unpack_from(contents, at)
        yield Case(name.rstrip(b"\0").decode(), bool(enabled), base + offset + at)


def _section(data: bytes, name: str) -> tuple[int, bytes]:
    """Returns offset and contents of a section of an ELF file."""
    section = ELFFile(io.BytesIO(data)).get_section_by_name(name)
    if section is None:
        raise BadSuite(f"no section {name}")
    return section["sh_offset"], section.data()
