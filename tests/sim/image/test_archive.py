"""Archives have the newc format of ``cpio``. An independent reader reads them back."""

import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.image import archive as ours
from sim.image.archive import BadArchive, File, write_archive

NAMES = st.text(st.characters(codec="ascii", min_codepoint=33, exclude_characters="/"),
                min_size=1, max_size=20).filter(lambda name: name not in (".", "..", "TRAILER!!!"))
FILES = st.dictionaries(NAMES, st.binary(max_size=70), max_size=5)


def read_archive(data: bytes) -> dict[str, bytes]:
    """Reads the files of an archive by the published description of the format."""
    files, position = {}, 0

    def take(size: int) -> bytes:
        nonlocal position
        taken = data[position:position + size]
        assert len(taken) == size
        position += size
        return taken

    while True:
        assert position % 4 == 0
        header = take(110)
        assert header[:6] == b"070701"
        fields = [int(header[6 + 8 * n:14 + 8 * n], 16) for n in range(13)]
        name = take(fields[11])
        assert name.endswith(b"\0")
        take(-position % 4)
        contents = take(fields[6])
        take(-position % 4)
        if name == b"TRAILER!!!\0":
            assert position == len(data)
            return files
        files[name[:-1].decode()] = contents


@given(FILES)
def test_files_are_read_back_in_order(files):
    assert list(read_archive(write_archive(files.items())).items()) == list(files.items())


def test_cpio_lists_the_files():
    archive = write_archive([("root", b"abc"), ("data", b"")])
    listed = subprocess.run(["cpio", "-it", "--quiet"], input=archive, capture_output=True)
    assert listed.stdout == b"root\ndata\n"


@given(FILES)
def test_our_reader_finds_the_same(files):
    data = write_archive(files.items()) + b"behind the end"
    found = list(ours.read_archive(data))
    assert {file.name: file.contents for file in found} == files
    assert all(data[file.offset:].startswith(file.contents) for file in found)


def test_our_reader_refuses_what_is_no_archive():
    data = write_archive([("root", b"first")])
    assert next(ours.read_archive(data)) == File("root", b"first", 116)
    for bad, text in ((b"", "no header of a file at byte 0"), (data[:119], "root .* is cut off"),
                      (data[:124], "no header of a file at byte 124"),
                      (data[:60] + b"z" + data[61:], "is no number of an archive")):
        with pytest.raises(BadArchive, match=text):
            list(ours.read_archive(bad))
