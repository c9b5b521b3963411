"""A composed image has its parts at the right places. Bad parts are refused."""

import io
import os
import struct
import subprocess

import pytest
from elftools.elf.elffile import ELFFile
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from sim.cli import app, load_verbs
from sim.image.compose import BadPart, Contents, compose
from soc.config import configuration
from tests.sim.image.test_archive import read_archive
from tests.support.elf import DRAM_BASE, X86_64, Part, elf64

PAYLOAD = DRAM_BASE + (2 << 20)
PARAMS = configuration("default", dram_bytes=16 << 20)
SLOT = struct.pack("<8sQQ", b"rel4slot", 0, 0)
USER = elf64([Part(b"user", 0x1_0000)], entry=0x1_0000, symbols={"main": 0x1_0000})

load_verbs()


def part(base: int, data: bytes = b"code", *, memory_bytes: int | None = None,
         vaddr: int | None = None, **options) -> bytes:
    """Makes a program at ``base``: a slot, then ``data``."""
    where = base if vaddr is None else vaddr
    symbols = {"image_slot": where} | options.pop("symbols", {})
    contents = SLOT + data
    size = len(contents) if memory_bytes is None else memory_bytes
    return elf64([Part(contents, base, size, vaddr)], entry=options.pop("entry", where),
                 symbols=symbols, **options)


FIRMWARE = part(DRAM_BASE, b"firmware")
KERNEL = part(PAYLOAD, b"kernel", memory_bytes=5000, symbols={"tohost": PAYLOAD + 24})


@pytest.fixture
def file(tmp_path):
    def write(name: str, data: bytes):
        (tmp_path / name).write_bytes(data)
        return tmp_path / name
    return write


@pytest.fixture
def rel4(tmp_path, monkeypatch):
    """Runs ``rel4 image`` in a folder with good parts."""
    monkeypatch.chdir(tmp_path)
    for name, data in (("fw", FIRMWARE), ("kernel", KERNEL), ("root", USER), ("data", b"1234")):
        (tmp_path / name).write_bytes(data)
    return lambda *arguments: CliRunner().invoke(
        app, ["image", "-o", "out.elf", *map(str, arguments)])


def memory_of(image: bytes) -> dict[int, bytes]:
    """Returns address and bytes of each segment."""
    elf = ELFFile(io.BytesIO(image))
    return {s["p_paddr"]: s.data() for s in elf.iter_segments("PT_LOAD")}


def slot(data: bytes) -> tuple[int, int]:
    magic, start, end = struct.unpack_from("<8sQQ", data)
    assert magic == b"rel4slot"
    return start, end


def test_firmware_kernel_and_archive(rel4, tmp_path):
    result = rel4("--kernel", "kernel", "--firmware", "fw", "--root", "root", "--archive", "data")
    assert result.exit_code == 0, result.stderr
    image = (tmp_path / "out.elf").read_bytes()
    memory = memory_of(image)
    archive_base = PAYLOAD + 8192  # the page after the kernel's 5000 bytes
    assert list(memory) == [DRAM_BASE, PAYLOAD, archive_base]
    files = read_archive(memory[archive_base])
    assert list(files) == ["root", "data"]
    assert files["data"] == b"1234"
    [user] = memory_of(files["root"]).values()
    assert user == b"user"
    end = archive_base + len(memory[archive_base])
    assert slot(memory[DRAM_BASE]) == (PAYLOAD, end)
    assert slot(memory[PAYLOAD]) == (archive_base, end)
    assert memory[DRAM_BASE][24:] == b"firmware"
    elf = ELFFile(io.BytesIO(image))
    assert elf["e_entry"] == DRAM_BASE


def test_readelf_and_symbols(rel4, tmp_path):
    assert rel4("--kernel", "kernel", "--firmware", "fw").exit_code == 0
    shown = subprocess.run(["readelf", "-hlSsW", "out.elf"], capture_output=True, text=True)
    assert shown.returncode == 0
    assert not shown.stderr
    assert "Entry point address:               0x80000000" in shown.stdout
    table = ELFFile(io.BytesIO((tmp_path / "out.elf").read_bytes())).get_section_by_name(".symtab")
    symbols = [(symbol.name, symbol["st_value"]) for symbol in table.iter_symbols() if symbol.name]
    assert symbols == [("image_slot", DRAM_BASE), ("image_slot", PAYLOAD),
                       ("tohost", PAYLOAD + 24)]


def test_without_firmware_the_kernel_is_the_entry(file):
    kernel, root = file("kernel", KERNEL), file("root", USER)
    image = compose(Contents(kernel, root=root), PARAMS)
    assert list(memory_of(image)) == [PAYLOAD, PAYLOAD + 8192]
    assert ELFFile(io.BytesIO(image))["e_entry"] == PAYLOAD


def test_a_program_alone_is_the_image(file):
    assert compose(Contents(file("kernel", KERNEL)), PARAMS) == KERNEL


def test_a_kernel_linked_elsewhere_keeps_both_addresses(file):
    high = 0xFFFF_FFFF_8000_0000
    kernel = part(PAYLOAD, vaddr=high)
    image = compose(Contents(file("kernel", kernel), file("fw", FIRMWARE), file("root", USER)),
                    PARAMS)
    segments = list(ELFFile(io.BytesIO(image)).iter_segments("PT_LOAD"))
    assert (segments[1]["p_vaddr"], segments[1]["p_paddr"]) == (high, PAYLOAD)
    assert slot(segments[1].data())[0] == segments[2]["p_paddr"] == PAYLOAD + 4096


@given(sizes=st.lists(st.integers(1, 9000), min_size=1, max_size=4),
       gaps=st.lists(st.integers(0, 9000), min_size=4, max_size=4), data=st.data())
def test_every_byte_is_where_it_was(tmp_path_factory, sizes, gaps, data):
    """Composes an image with a kernel of arbitrary segments."""
    folder = tmp_path_factory.mktemp("kernel")
    parts, paddr = [], PAYLOAD
    for size, gap in zip(sizes, gaps, strict=False):
        content = data.draw(st.binary(max_size=min(size, 64)))
        parts.append(Part(content, paddr, size))
        paddr += size + gap
    parts[0].data, parts[0].memory_bytes = SLOT, max(sizes[0], len(SLOT))
    for part_, follower in zip(parts, parts[1:], strict=False):
        if part_.paddr + part_.memory_bytes > follower.paddr:
            follower.paddr = part_.paddr + part_.memory_bytes
    for name, content in (("kernel", elf64(parts, entry=PAYLOAD,
                                           symbols={"image_slot": PAYLOAD})),
                          ("fw", FIRMWARE), ("root", USER)):
        (folder / name).write_bytes(content)
    image = compose(Contents(folder / "kernel", folder / "fw", folder / "root"), PARAMS)
    memory = memory_of(image)
    for part_ in parts[1:]:
        assert memory[part_.paddr] == part_.data
    base, end = slot(memory[PAYLOAD])
    assert base % 4096 == 0
    assert base >= max(part_.paddr + part_.memory_bytes for part_ in parts)
    assert list(read_archive(memory[base])) == ["root"]
    assert slot(memory[DRAM_BASE]) == (PAYLOAD, end)


BAD_KERNELS = {
    "kernel: not an ELF file": b"text",
    "kernel: not a RISC-V program but one for x86-64": part(PAYLOAD, machine=X86_64),
    "kernel: segment 0x1000..0x101c lies outside DRAM": part(0x1000),
    "kernel: a segment at 0x80100000 lies below 0x80200000": part(DRAM_BASE + (1 << 20)),
    "kernel: starts at 0x80200008, not at its begin 0x80200000": part(PAYLOAD, entry=PAYLOAD + 8),
    "kernel: no symbol image_slot": elf64([Part(b"code", PAYLOAD)], entry=PAYLOAD),
    "kernel: the symbol image_slot leads to no slot": elf64(
        [Part(bytes(64), PAYLOAD)], entry=PAYLOAD, symbols={"image_slot": PAYLOAD}),
    "kernel: the segments at 0x80200000 and 0x80200010 overlap": elf64(
        [Part(SLOT, PAYLOAD), Part(SLOT, PAYLOAD + 16)], entry=PAYLOAD,
        symbols={"image_slot": PAYLOAD}),
    "the image ends at 0x81000": part(PAYLOAD, memory_bytes=14 << 20),
}


def refused(result, text: str, folder) -> None:
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.startswith("rel4 image: ")
    assert result.stderr.count("\n") == 1
    assert text in result.stderr
    assert {path.name for path in folder.iterdir()} == {"fw", "kernel", "root", "data"}


@pytest.mark.parametrize("text", BAD_KERNELS)
def test_bad_kernel(rel4, tmp_path, text):
    (tmp_path / "kernel").write_bytes(BAD_KERNELS[text])
    refused(rel4("--kernel", "kernel", "--firmware", "fw", "--root", "root", "--memory", 16),
            text, tmp_path)


BAD_FIRMWARES = {
    "fw: ends at 0x80200001, behind the base of its payload": part(
        DRAM_BASE, memory_bytes=(2 << 20) + 1),
    "fw: starts at 0x80001000, not at the base of DRAM": part(DRAM_BASE + 4096),
    "fw: no symbol image_slot": elf64([Part(b"code")]),
}


@pytest.mark.parametrize("text", BAD_FIRMWARES)
def test_bad_firmware(rel4, tmp_path, text):
    (tmp_path / "fw").write_bytes(BAD_FIRMWARES[text])
    refused(rel4("--kernel", "kernel", "--firmware", "fw"), text, tmp_path)


BAD_ARGUMENTS = {
    "none: no such file": ["--kernel", "none", "--firmware", "fw"],
    "gone: no such file": ["--kernel", "kernel", "--firmware", "fw", "--root", "gone"],
    "root: the archive has a file of this name already": [
        "--kernel", "kernel", "--firmware", "fw", "--root", "root", "--archive", "root"],
    "an archive needs a root task": [
        "--kernel", "kernel", "--firmware", "fw", "--archive", "data"],
    "data: not an ELF file": ["--kernel", "kernel", "--firmware", "fw", "--root", "data"],
    "/dev/zero: not a regular file": [
        "--kernel", "kernel", "--firmware", "fw", "--root", "root", "--archive", "/dev/zero"],
    "needs -o and --kernel, or --manifest": [],
    "none.toml: no such file": ["--manifest", "none.toml"],
}


@pytest.mark.parametrize("text", BAD_ARGUMENTS)
def test_bad_arguments(rel4, tmp_path, text):
    refused(rel4(*BAD_ARGUMENTS[text]), text, tmp_path)


@pytest.mark.parametrize("part", ["fw", "kernel", "root", "data"])
def test_a_part_is_not_overwritten(rel4, tmp_path, part):
    before = (tmp_path / part).read_bytes()
    refused(rel4("--kernel", "kernel", "--firmware", "fw", "--root", "root", "--archive", "data",
                 "-o", f"../{tmp_path.name}/{part}"), "would be overwritten", tmp_path)
    assert (tmp_path / part).read_bytes() == before


@pytest.mark.parametrize(("name", "text"), [
    (b"TRAILER!!!", "TRAILER!!!: this name ends an archive"),
    (b"\xff", "the name is not UTF-8")])
def test_bad_names_in_an_archive(tmp_path, name, text):
    for file, content in ((b"kernel", KERNEL), (b"root", USER), (name, b"1234")):
        (tmp_path / os.fsdecode(file)).write_bytes(content)
    with pytest.raises(BadPart, match=text):
        compose(Contents(tmp_path / "kernel", root=tmp_path / "root",
                         archive=[tmp_path / os.fsdecode(name)]), PARAMS)


def test_a_truncated_root_task(tmp_path):
    (tmp_path / "kernel").write_bytes(KERNEL)
    (tmp_path / "root").write_bytes(USER[:122])
    with pytest.raises(BadPart, match="root: "):
        compose(Contents(tmp_path / "kernel", root=tmp_path / "root"), PARAMS)
