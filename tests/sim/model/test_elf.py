"""ELF files are checked before anything runs. Every fault is reported in one line."""

import pytest

from sim.model.elf import BadImage, Program, Segment
from tests.support.elf import DRAM_BASE, X86_64, Part, elf32, elf64

MIB = 1 << 20
CODE = bytes(range(64))


def load(tmp_path, content: bytes, memory_bytes: int = MIB) -> Program:
    path = tmp_path / "program.elf"
    path.write_bytes(content)
    return Program.load(path, memory_bytes=memory_bytes)


def test_every_load_segment_is_taken(tmp_path):
    program = load(tmp_path, elf64([Part(CODE), Part(b"data", DRAM_BASE + 4096, 100)]))
    assert program.segments == (
        Segment(176, DRAM_BASE, 64, 64), Segment(240, DRAM_BASE + 4096, 4, 100)
    )
    assert program.entry == DRAM_BASE
    assert program.tohost is None


def test_segments_go_to_their_physical_addresses(tmp_path):
    high = 0xFFFF_FFFF_8000_0000
    program = load(tmp_path, elf64([Part(CODE, DRAM_BASE + 4096, vaddr=high)], entry=high + 4,
                                   symbols={"other": 1, "tohost": high + 32}))
    assert program.segments[0].paddr == DRAM_BASE + 4096
    assert program.entry == DRAM_BASE + 4100
    assert program.tohost == DRAM_BASE + 4096 + 32


def test_last_byte_of_memory_can_be_used(tmp_path):
    load(tmp_path, elf64([Part(CODE, DRAM_BASE + MIB - 64)], entry=DRAM_BASE + MIB - 4))


BAD_IMAGES = {
    "not an ELF file": b"#!/bin/sh\necho hello\n",
    "a 32-bit program": elf32(),
    "not a RISC-V program but one for x86-64": elf64([Part(CODE)], machine=X86_64),
    "not linked": elf64([Part(CODE)], kind=1),
    "no segment to load": elf64([]),
    "truncated: the segment at 0x80000000": elf64([Part(CODE)])[:150],
    "truncated or damaged ELF file$": elf64([Part(CODE)])[:40],
    r"segment 0x1000\.\.0x1040 lies outside DRAM": elf64([Part(CODE, 0x1000)], entry=0x1000),
    r"segment 0x800fffe0\.\.0x80100020 lies outside DRAM":
        elf64([Part(CODE), Part(CODE, DRAM_BASE + MIB - 32)]),
    r"segment 0x80000000\.\.0x80200000 lies outside DRAM":
        elf64([Part(CODE, DRAM_BASE, 2 * MIB)]),
    "entry 0x80000040 lies outside every segment": elf64([Part(CODE)], entry=DRAM_BASE + 64),
    "larger in the file than in memory": elf64([Part(CODE, DRAM_BASE, 32)]),
    "not an ELF file ": b"",
}


@pytest.mark.parametrize("message", BAD_IMAGES)
def test_bad_image(tmp_path, message):
    with pytest.raises(BadImage, match=message.strip()):
        load(tmp_path, BAD_IMAGES[message])


@pytest.mark.parametrize("length", range(0, 400, 7))
def test_no_cut_raises_anything_else(tmp_path, length):
    whole = elf64([Part(CODE), Part(CODE, DRAM_BASE + 64)], symbols={"tohost": DRAM_BASE})
    if length < len(whole):
        try:
            load(tmp_path, whole[:length])
        except BadImage as error:
            assert "\n" not in str(error)


def test_missing_file(tmp_path):
    with pytest.raises(BadImage, match="no such file"):
        Program.load(tmp_path / "nowhere.elf", memory_bytes=MIB)


def test_directory(tmp_path):
    with pytest.raises(BadImage, match="is a directory"):
        Program.load(tmp_path, memory_bytes=MIB)
