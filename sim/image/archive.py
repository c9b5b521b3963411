"""Archives of files, in the "newc" format of ``cpio``; ``sw/support/image`` reads them, too."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

MAGIC = "070701"
TRAILER = "TRAILER!!!"
REGULAR_FILE = 0o100644
ALIGNMENT = 4
_SIZES = 1 << 32  # fields of eight hexadecimal digits
_HEADER_BYTES, _DIGITS = 110, 8
_SIZE_FIELD, _NAME_FIELD = 6, 11


class BadArchive(ValueError):
    """Bytes are no archive."""


@dataclass(frozen=True)
class File:
    """A file of an archive. ``offset`` is where its contents begin in the archive."""

    name: str
    contents: bytes
    offset: int


def write_archive(files: Iterable[tuple[str, bytes]]) -> bytes:
    """Returns the archive with these names and contents, in this order. Equal files give equal
    bytes."""
    entries = [_entry(number, REGULAR_FILE, name, contents)
               for number, (name, contents) in enumerate(files, 1)]
    return b"".join([*entries, _entry(0, 0, TRAILER, b"")])


def _entry(inode: int, mode: int, name: str, contents: bytes) -> bytes:
    if len(contents) >= _SIZES:
        raise ValueError(f"{name} is too big for an archive")
    encoded = name.encode() + b"\0"
    fields = (inode, mode, 0, 0, 1, 0, len(contents), 0, 0, 0, 0, len(encoded), 0)
    header = MAGIC + "".join(f"{field:08x}" for field in fields)
    return _padded(header.encode() + encoded) + _padded(contents)


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % ALIGNMENT)


def read_archive(data: bytes) -> Iterator[File]:
    """Yields the files of the archive that ``data`` begins with. Raises ``BadArchive``."""
    at = 0
    while True:
        header = data[at:at + _HEADER_BYTES]
        if len(header) < _HEADER_BYTES or not header.startswith(MAGIC.encode()):
            raise BadArchive(f"no header of a file at byte {at} of the archive")
        start = at + _HEADER_BYTES + _number(header, _NAME_FIELD)
        name = data[at + _HEADER_BYTES:start - 1].decode(errors="replace")
        if name == TRAILER:
            return
        start += -start % ALIGNMENT
        end = start + _number(header, _SIZE_FIELD)
        if end > len(data):
            raise BadArchive(f"{name} of the archive is cut off")
        yield File(name, data[start:end], start)
        at = end + -end % ALIGNMENT


def _number(header: bytes, field: int) -> int:
    digits = header[len(MAGIC) + field * _DIGITS:][:_DIGITS]
    try:
        return int(digits, 16)
    except ValueError:
        raise BadArchive(f"{digits!r} is no number of an archive") from None
