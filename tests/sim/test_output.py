"""Tests that an output file is written whole or not at all."""

import errno
import os
import sys
from pathlib import Path

import pytest

from sim.output import write_output


def test_a_new_folder_is_made(tmp_path):
    write_output("text", tmp_path / "new" / "file", sys.stdout)
    assert (tmp_path / "new" / "file").read_text() == "text"


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left on device"),
                                   KeyboardInterrupt()])
def test_nothing_is_left_of_an_interrupted_write(tmp_path, monkeypatch, error):
    def write_half(path: Path, data: bytes) -> None:
        with path.open("wb") as file:
            file.write(data[:len(data) // 2])
        raise error

    target = tmp_path / "file"
    target.write_bytes(b"before")
    monkeypatch.setattr(Path, "write_bytes", write_half)
    with pytest.raises(type(error)):
        write_output(b"after", target, sys.stdout)
    assert list(tmp_path.iterdir()) == [target]
    assert target.read_bytes() == b"before"


def test_an_error_names_the_file(tmp_path):
    with pytest.raises(OSError) as full:
        write_output("text", Path("/dev/full"), sys.stdout)
    assert full.value.filename == "/dev/full"
    with pytest.raises(OSError) as folder:
        write_output("text", tmp_path, sys.stdout)
    assert folder.value.filename == str(tmp_path)


def test_a_file_that_is_right_is_not_touched(tmp_path):
    target = tmp_path / "file"
    write_output("text", target, sys.stdout)
    os.utime(target, (1, 1))
    write_output("text", target, sys.stdout)
    assert target.stat().st_mtime == 1
