"""What ``rel4 sim --kernel`` makes of firmware, kernel, RAM disk and command line."""

import gzip
import io
import struct
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile

from sim.image.boot import TOP_BYTES, TREE_OFFSET, Boot, compose_boot
from sim.image.compose import BadPart
from sim.model.run_options import RunOptions
from sim.model.simulate import simulate
from sim.tools import BUILD, PROJECT
from soc.config import DRAM_BASE, configuration
from soc.memory_map import PAYLOAD_BASE
from tests.support.elf import Part, elf64

PARAMS = configuration("default", harts=1, dram_bytes=16 << 20)
END = DRAM_BASE + PARAMS.dram_bytes
CODE = b"\x13\0\0\0" * 8
DISK = b"the RAM disk of kerneltest\n"  # as in sw/checks/kernel
COMMAND_LINE = 'console=ttyS0 quiet name="two words"'


def kernel_image(data: bytes = CODE, memory_bytes: int = 0x3000) -> bytes:
    header = struct.pack("<IIQQQIIQ8s4sI", 0x13, 0x13, 0x20_0000, memory_bytes, 0, 2, 0, 0,
                         b"RISCV\0\0\0", b"RSC\x05", 0)
    return header + data


@pytest.fixture
def parts(tmp_path) -> Boot:
    """A firmware that knows nothing of what follows, a kernel and a RAM disk."""
    (tmp_path / "fw.elf").write_bytes(elf64([Part(CODE)], entry=DRAM_BASE + 4))
    (tmp_path / "Image").write_bytes(kernel_image())
    (tmp_path / "initrd").write_bytes(DISK)
    return Boot(tmp_path / "Image", tmp_path / "fw.elf", tmp_path / "initrd", COMMAND_LINE)


def composed(boot: Boot, params=PARAMS) -> tuple[int, dict[int, bytes]]:
    """Returns entry and contents of the segments, filled up to their size in memory."""
    elf = ELFFile(io.BytesIO(compose_boot(boot, params)))
    return elf["e_entry"], {
        s["p_paddr"]: s.data().ljust(s["p_memsz"], b"\0") for s in elf.iter_segments("PT_LOAD")}


def source(blob: bytes) -> str:
    done = subprocess.run(["dtc", "-q", "-I", "dtb", "-O", "dts"], input=blob, capture_output=True,
                          check=True)
    return done.stdout.decode()


def test_every_part_has_its_place(parts):
    entry, memory = composed(parts)
    disk = (END - TOP_BYTES - len(DISK)) // 4096 * 4096
    assert sorted(memory) == [DRAM_BASE, PAYLOAD_BASE, disk, entry]
    assert memory[DRAM_BASE] == CODE
    assert memory[PAYLOAD_BASE] == kernel_image().ljust(0x3000, b"\0")
    assert memory[disk] == DISK
    assert entry == END - TOP_BYTES
    tree, target, *info = struct.unpack_from("<8Q", memory[entry], 24)
    assert (tree, target) == (entry + TREE_OFFSET, DRAM_BASE + 4)
    # OpenSBI, lib fw_dynamic.h: magic, version, next address, next mode, options, boot hart
    assert info == [0x4942534F, 2, PAYLOAD_BASE, 1, 0, 0]


def test_device_tree_tells_the_kernel(parts):
    entry, memory = composed(parts)
    text = source(memory[entry][TREE_OFFSET:])
    disk = (END - TOP_BYTES - len(DISK)) // 4096 * 4096
    assert 'bootargs = "console=ttyS0 quiet name=\\"two words\\"";' in text
    assert f"linux,initrd-start = <0x00 {disk:#x}>;" in text
    assert f"linux,initrd-end = <0x00 {disk + len(DISK):#x}>;" in text
    assert "reserved-memory {" in text and "no-map;" in text
    assert f"reg = <0x00 {DRAM_BASE:#x} 0x00 {PAYLOAD_BASE - DRAM_BASE:#x}>;" in text


def test_only_the_kernel_is_needed(parts):
    entry, memory = composed(replace(parts, initrd=None, append=None))
    text = source(memory[entry][TREE_OFFSET:])
    assert "bootargs" not in text and "initrd" not in text
    assert len(memory) == 3


def test_compressed_kernel(parts):
    plain = composed(parts)
    parts.kernel.write_bytes(gzip.compress(kernel_image()))
    assert composed(parts) == plain


def test_kernel_as_elf(parts):
    parts.kernel.write_bytes(elf64([Part(CODE, PAYLOAD_BASE + 0x1000)],
                                   entry=PAYLOAD_BASE + 0x1008))
    entry, memory = composed(parts)
    assert memory[PAYLOAD_BASE + 0x1000] == CODE
    assert struct.unpack_from("<Q", memory[entry], 24 + 32) == (PAYLOAD_BASE + 0x1008,)


BAD = {
    "no file": (lambda p: p.kernel.unlink(), r"Image: cannot be read: No such file"),
    "no kernel": (lambda p: p.kernel.write_bytes(b"#!/bin/sh\n"),
                  "Image: neither a kernel's Image for RISC-V nor an ELF file"),
    "half": (lambda p: p.kernel.write_bytes(gzip.compress(kernel_image())[:-20]),
             "Image: damaged gzip file"),
    "empty disk": (lambda p: p.initrd.write_bytes(b""), "initrd: is empty"),
    "no disk": (lambda p: p.initrd.unlink(), "initrd: cannot be read"),
    "large kernel": (lambda p: p.kernel.write_bytes(kernel_image(memory_bytes=14 << 20)),
                     "Image ends at 0x81000000, and .*initrd starts at .*more --memory"),
    "large disk": (lambda p: p.initrd.write_bytes(bytes(15 << 20)), "give more --memory"),
    "firmware": (lambda p: p.firmware.write_bytes(b"text"), "fw.elf: not an ELF file"),
    "large firmware": (lambda p: p.firmware.write_bytes(elf64([Part(CODE, DRAM_BASE, 3 << 20)])),
                       "fw.elf ends at 0x80300000, and .*Image starts at 0x80200000"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_parts_are_refused(parts, case):
    spoil, message = BAD[case]
    spoil(parts)
    with pytest.raises(BadPart, match=message):
        compose_boot(parts, PARAMS)


@pytest.mark.parametrize("arguments, message", [
    ([], "needs a program, or --kernel"),
    (["a.elf", "--kernel", "Image"], "a program and --kernel are two different things"),
    (["a.elf", "--append", "x"], "--initrd, --append and --firmware need --kernel"),
    (["--kernel", "/missing/Image"], "/missing/Image: cannot be read: No such file or directory"),
])
@pytest.mark.parametrize("verb", ["sim", "emu"])
def test_bad_options_are_refused(parts, verb, arguments, message):
    if arguments[:1] == ["--kernel"]:
        arguments = [*arguments, "--firmware", str(parts.firmware)]
    done = subprocess.run([sys.executable, "-m", "sim", verb, *arguments], capture_output=True,
                          text=True, cwd=PROJECT)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"rel4 {verb}: {message}\n"


def flat(elf: Path) -> bytes:
    """The program as it lies in memory, from its first byte on."""
    with elf.open("rb") as file:
        loads = [s for s in ELFFile(file).iter_segments("PT_LOAD") if s["p_filesz"]]
        data = bytearray()
        for load in loads:
            data += bytes(load["p_paddr"] - PAYLOAD_BASE - len(data)) + load.data()
    return bytes(data)


def boot(tmp_path, firmware: Path, harts: int = 2):
    """Boots our own kernel on the RTL."""
    (tmp_path / "Image").write_bytes(flat(BUILD / "sw" / "kerneltest.elf"))
    (tmp_path / "initrd").write_bytes(DISK)
    params = configuration("default", harts=harts)
    image = tmp_path / "boot.elf"
    image.write_bytes(compose_boot(
        Boot(tmp_path / "Image", firmware, tmp_path / "initrd", COMMAND_LINE), params))
    return simulate(params, image, RunOptions(max_cycles=20_000_000))


@pytest.mark.tier("test")
def test_kernel_boots_as_it_expects(tmp_path):
    result = boot(tmp_path, BUILD / "sw" / "firmware.elf")
    output = result.output.decode()
    assert result.passed, output + result.errors
    lines = output.splitlines()
    assert lines[0] == "rel4 firmware: SBI 2.0, hart 0 of 2"
    assert lines[-1] == "kerneltest: 0 failed" and "FAIL" not in output


def test_kernel_boots_on_the_emulator(tmp_path):
    (tmp_path / "Image").write_bytes(flat(BUILD / "sw" / "kerneltest.elf"))
    (tmp_path / "initrd").write_bytes(DISK)
    done = subprocess.run(
        [sys.executable, "-m", "sim", "emu", "--kernel", str(tmp_path / "Image"), "--initrd",
         str(tmp_path / "initrd"), "--append", COMMAND_LINE],
        capture_output=True, text=True, cwd=PROJECT, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1] == "kerneltest: 0 failed"


OPENSBI = Path("/usr/lib/riscv64-linux-gnu/opensbi/generic")


@pytest.mark.tier("test")
def test_kernel_boots_with_opensbi(tmp_path):
    result = boot(tmp_path, OPENSBI / "fw_dynamic.elf")
    output = result.output.decode()
    # OpenSBI 1.1 ends with success whatever the kernel's reason was.
    assert result.passed and "kerneltest: 0 failed" in output, output + result.errors
