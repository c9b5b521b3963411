"""Contents of the boot ROM: reset code, device tree, and a boot loader with its record."""

import struct

from hdl.core.isa import Csr

from .boot_info import BootInfo
from .config import DRAM_BASE, SocParams
from .devicetree import dtb
from .memory_map import BOOTROM_BYTES, device

A0, A1, A2, T0 = 10, 11, 12, 5
TARGET_OFFSET = 0x18  # of the address that the reset code jumps to
DTB_OFFSET = 0x40
INFO_OFFSET = 0x1000  # of the record for a boot loader
LOADER_OFFSET = 0x1040  # where a boot loader is linked


def auipc(rd: int, upper: int) -> int:
    return upper << 12 | rd << 7 | 0x17


def addi(rd: int, rs1: int, imm: int) -> int:
    return (imm & 0xFFF) << 20 | rs1 << 15 | rd << 7 | 0x13


def csrr(rd: int, csr: Csr) -> int:
    return csr << 20 | 2 << 12 | rd << 7 | 0x73


def ld(rd: int, rs1: int, imm: int) -> int:
    return (imm & 0xFFF) << 20 | rs1 << 15 | 3 << 12 | rd << 7 | 0x03


def jr(rs1: int) -> int:
    return rs1 << 15 | 0x67


def reset_code(params: SocParams) -> bytes:
    """Sets ``a0`` = mhartid and ``a1`` = address of the device tree, and jumps to the DRAM.

    The target is a dword at 0x18: the start of DRAM, or what the SoC's port ``entry`` says. The
    code is position-independent and the same for every hart.
    """
    code = [
        auipc(T0, 0),
        addi(A1, T0, DTB_OFFSET),
        csrr(A0, Csr.MHARTID),
        ld(T0, T0, TARGET_OFFSET),
        jr(T0),
        0,
    ]
    return struct.pack("<6IQ", *code, DRAM_BASE)


def loader_code(params: SocParams) -> bytes:
    """Starts the boot loader: ``a0`` and ``a1`` as above, ``a2`` = address of its record.

    The addresses of the loader, the record and the device tree are dwords from 0x20 on.
    """
    rom = device(params, "bootrom")
    code = [
        auipc(T0, 0),
        csrr(A0, Csr.MHARTID),
        ld(A1, T0, 0x30),
        ld(A2, T0, 0x28),
        ld(T0, T0, 0x20),
        jr(T0),
        0,
        0,
    ]
    return struct.pack("<8I3Q", *code, rom.base + LOADER_OFFSET, rom.base + INFO_OFFSET,
                       rom.base + _tree_offset(params))


def _tree_offset(params: SocParams) -> int:
    """Where the device tree is: before the boot loader, or in a large ROM behind it."""
    large = device(params, "bootrom").present > BOOTROM_BYTES
    return BOOTROM_BYTES if large else DTB_OFFSET


def boot_rom(params: SocParams) -> bytes:
    """The image, from the reset vector on. ``ValueError`` if it does not fit into the ROM."""
    rom = device(params, "bootrom")
    if params.hart.reset_vector != rom.base:
        raise ValueError(f"the reset vector must be the boot ROM at {rom.base:#x}, "
                         f"not {params.hart.reset_vector:#x}")
    code = loader_code(params) if params.boot_loader else reset_code(params)
    tree = (_tree_offset(params), dtb(params))
    parts = [(0, code), tree]
    if params.boot_loader:
        parts += [(INFO_OFFSET, BootInfo.of(params).encode()), (LOADER_OFFSET, params.boot_loader)]
    image = b""
    for offset, part in sorted(parts):
        if len(image) > offset:
            raise ValueError(f"boot ROM: device tree of {len(tree[1])} bytes or boot loader of "
                             f"{len(params.boot_loader)}: overlaps what is at {offset:#x}")
        image = image.ljust(offset, b"\0") + part
    if len(image) > rom.present:
        raise ValueError(f"boot ROM image of {len(image)} bytes is larger than {rom.present}")
    return image.ljust(rom.present, b"\0")
