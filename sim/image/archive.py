"""Archives of files, in the "newc" format of ``cpio``; ``sw/support/image`` reads them."""

from collections.abc import Iterable

MAGIC = "070701"
TRAILER = "TRAILER!!!"
REGULAR_FILE = 0o100644
ALIGNMENT = 4
_SIZES = 1 << 32  # fields of eight hexadecimal digits


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
