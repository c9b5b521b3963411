"""A stripped file loads the same contents."""

from hypothesis import given
from hypothesis import strategies as st

from sim.image.strip import strip
from sim.model.elf import Program
from tests.support.elf import DRAM_BASE, Part, elf64

PARTS = st.lists(st.binary(min_size=1, max_size=40), min_size=1, max_size=3)


@given(PARTS)
def test_segments_stay_and_symbols_go(contents):
    parts = [Part(data, DRAM_BASE + 4096 * n) for n, data in enumerate(contents)]
    full = elf64(parts, symbols={"tohost": DRAM_BASE})
    stripped = strip(full)
    assert stripped == strip(elf64(parts)[:len(stripped)])
    assert full.startswith(stripped[:40])
    assert len(stripped) < len(full)


def test_the_stripped_program_is_one(tmp_path):
    path = tmp_path / "program.elf"
    path.write_bytes(strip(elf64([Part(b"abcd", memory_bytes=64)], symbols={"tohost": DRAM_BASE})))
    program = Program.load(path, memory_bytes=1 << 20)
    assert (program.entry, program.tohost) == (DRAM_BASE, None)
    [segment] = program.segments
    assert path.read_bytes()[segment.offset:][:segment.file_bytes] == b"abcd"


def test_segments_may_lie_in_any_order_in_the_file():
    full = bytearray(elf64([Part(b"abcd"), Part(b"efgh", DRAM_BASE + 4096)]))
    table = int.from_bytes(full[32:40], "little")
    first, second = slice(table, table + 56), slice(table + 56, table + 112)
    full[first], full[second] = full[second], full[first]
    assert strip(bytes(full)).endswith(b"efgh")


@given(st.binary(max_size=200))
def test_other_files_are_left_alone(data):
    assert strip(data) == data
    assert strip(b"\x7fELF\x02\x01" + bytes(10)) == b"\x7fELF\x02\x01" + bytes(10)
