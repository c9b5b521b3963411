"""``rel4 program --image``: the contents of the flash and their place."""

import struct
import zlib

import pytest
from typer.testing import CliRunner

from boards.board import FLASH_IMAGE
from sim.board.flash_image import flash_image
from sim.cli import app, load_verbs
from sim.model.elf import BadImage
from soc.config import configuration
from tests.support.elf import DRAM_BASE, Part, elf64

PARAMS = configuration("tiny", dram_bytes=1 << 20)
CODE, DATA = b"code" * 5, b"data!"

load_verbs(["program"])


def write(folder, parts, **options):
    (folder / "image.elf").write_bytes(elf64(parts, **options))
    return folder / "image.elf"


def test_image_has_all_segments_and_a_checksum(tmp_path):
    path = write(tmp_path, [Part(DATA, DRAM_BASE + 0x2000, 100), Part(CODE, DRAM_BASE)],
                 entry=DRAM_BASE)
    image = flash_image(path, PARAMS)
    magic, version, length, entry, check, zero = struct.unpack_from("<8sIIQII", image)
    assert (magic, version, length, entry, zero) == (b"rel4boot", 1, len(image) - 32, DRAM_BASE, 0)
    assert check == zlib.crc32(image[:24] + image[32:])
    assert image[32:] == (
        struct.pack("<QII", DRAM_BASE, 24, 24) + CODE + bytes(4)
        + struct.pack("<QII", DRAM_BASE + 0x2000, 8, 100) + DATA + bytes(3))


@pytest.mark.parametrize("parts, entry, text", [
    ([Part(CODE, DRAM_BASE)], DRAM_BASE + 4, "is not the start of the memory"),
    ([Part(CODE, DRAM_BASE, (1 << 20) - 8191)], DRAM_BASE, "lies outside DRAM"),
])
def test_image_that_cannot_start_is_refused(tmp_path, parts, entry, text):
    with pytest.raises(BadImage, match=text):
        flash_image(write(tmp_path, parts, entry=entry), PARAMS)


def test_programmer_gets_the_file_and_the_offset(tmp_path, monkeypatch):
    tool = tmp_path / "openFPGALoader"
    tool.write_text(f'#!/bin/sh\nfor word; do echo "$word"; done > {tmp_path}/said\n')
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    path = write(tmp_path, [Part(CODE, DRAM_BASE)])
    result = CliRunner().invoke(app, ["program", "ulx3s-85f", "--image", str(path)])
    assert result.exit_code == 0, result.output
    *words, file = (tmp_path / "said").read_text().split()
    assert words == ["--board", "ulx3s", "--write-flash", "--offset", str(FLASH_IMAGE)]
    with open(file, "rb") as content:
        assert content.read().startswith(b"rel4boot")


@pytest.mark.parametrize("arguments, text", [
    (["arty-a7-100", "--image", "IMAGE"], "does not start programs from its flash"),
    (["ulx3s-85f", "--image", "IMAGE", "--bitstream", "x.bit"], "two different things"),
    (["ulx3s-85f", "--image", "none.elf"], "none.elf: no such file"),
])
def test_refusals(tmp_path, arguments, text):
    path = str(write(tmp_path, [Part(CODE, DRAM_BASE)]))
    result = CliRunner().invoke(app, ["program", *(
        path if word == "IMAGE" else word for word in arguments)])
    assert result.exit_code == 2
    assert result.stderr.count("\n") == 1 and text in result.stderr
