"""An independent disassembler reads the documented reset code from the boot ROM."""

import struct
from dataclasses import replace

import capstone
import pytest

from soc.boot_info import FIELDS, FORMAT, BootInfo, offsets
from soc.bootrom import DTB_OFFSET, boot_rom
from soc.config import DRAM_BASE, configuration
from soc.devicetree import dtb


def test_reset_code():
    params = configuration("default")
    rom = boot_rom(params)
    disassembler = capstone.Cs(capstone.CS_ARCH_RISCV, capstone.CS_MODE_RISCV64)
    lines = [f"{i.mnemonic} {i.op_str}" for i in disassembler.disasm(rom[:20], 0x1000)]
    assert lines == [
        "auipc t0, 0",
        "addi a1, t0, 0x40",
        "csrr a0, mhartid",
        "ld t0, 0x18(t0)",
        "jr t0",
    ]
    assert struct.unpack_from("<Q", rom, 0x18) == (DRAM_BASE,)


@pytest.mark.parametrize("harts", [1, 4])
def test_device_tree_lies_behind_it(harts):
    params = configuration("default", harts=harts)
    blob = dtb(params)
    assert boot_rom(params)[DTB_OFFSET:].startswith(blob)
    assert DTB_OFFSET % 8 == 0


def test_reset_vector_must_be_the_rom():
    params = configuration("default")
    params = replace(params, hart=replace(params.hart, reset_vector=0x2000))
    with pytest.raises(ValueError, match="the reset vector must be the boot ROM at 0x1000"):
        boot_rom(params)


def test_loader_code_hands_over_the_record():
    params = replace(configuration("tiny", harts=3, dram_bytes=1 << 20), boot_loader=b"loader")
    rom = boot_rom(params)
    disassembler = capstone.Cs(capstone.CS_ARCH_RISCV, capstone.CS_MODE_RISCV64)
    lines = [f"{i.mnemonic} {i.op_str}" for i in disassembler.disasm(rom[:24], 0x1000)]
    assert lines == [
        "auipc t0, 0",
        "csrr a0, mhartid",
        "ld a1, 0x30(t0)",
        "ld a2, 0x28(t0)",
        "ld t0, 0x20(t0)",
        "jr t0",
    ]
    target, record, tree = struct.unpack_from("<3Q", rom, 0x20)
    record = rom[record - 0x1000:][:FORMAT.size]
    assert BootInfo.decode(record) == BootInfo(
        dram_base=0x8000_0000, dram_end=0x8010_0000, clock_hz=100_000_000, timebase_hz=10_000_000,
        flash_base=0, flash_image=0, boot_window=5_000_000, harts=3, taic=True, name="tiny")
    fields = {name: struct.unpack_from(f"<{form}", record, offsets()[name])
              for name, form, _ in FIELDS}
    assert fields["dram_end"] == (0x8010_0000,) and fields["harts"] == (3,)
    assert rom[tree - 0x1000:].startswith(dtb(params))
    assert rom[target - 0x1000:].startswith(b"loader\0")


def test_record_tells_the_flash():
    params = replace(configuration("tiny"), flash_image=0x20_0000, boot_window_ms=20)
    info = BootInfo.of(params)
    assert (info.flash_base, info.flash_image, info.boot_window) == (
        0x1000_1000, 0x20_0000, 200_000)
    assert BootInfo.decode(info.encode()) == info


@pytest.mark.parametrize("harts", [1, 4])
def test_everything_fits(harts):
    params = configuration("default", harts=harts, flash_image=0x20_0000, boot_loader=b"loader")
    rom = boot_rom(params)
    tree, = struct.unpack_from("<Q", rom, 0x30)
    assert rom[tree - 0x1000:].startswith(dtb(params))


def test_loader_must_fit():
    with pytest.raises(ValueError, match="is larger than 8192"):
        boot_rom(replace(configuration("default"), boot_loader=bytes(4097)))


def test_record_of_another_size():
    with pytest.raises(ValueError, match="the record has 3 bytes"):
        BootInfo.decode(b"abc")
