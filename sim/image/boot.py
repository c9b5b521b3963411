"""Puts a firmware, a kernel, its RAM disk and a device tree into one ELF file.

This is what QEMU does with ``-bios``, ``-kernel``, ``-initrd`` and ``-append``. The firmware lies
at the start of DRAM, the kernel at ``PAYLOAD_BASE``. At the end of DRAM are the device tree, with
room to grow, and the code at which all harts begin. Below them is the RAM disk.
"""

import gzip
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hdl.core.params import PAGE_BYTES
from sim.image.compose import BadPart, load_part, told
from sim.image.part import SLOT, Load
from sim.image.writer import Named, write_elf
from soc.bootrom import A1, A2, T0, addi, auipc, jr, ld
from soc.config import DRAM_BASE, SocParams
from soc.devicetree import device_tree
from soc.fdt import Node, to_dtb
from soc.memory_map import FIRMWARE_BYTES, PAYLOAD_BASE

TOP_BYTES = 64 << 10  # at the end of DRAM: code, then the device tree
TREE_OFFSET = PAGE_BYTES
_GZIP = b"\x1f\x8b"
_ELF = b"\x7fELF"
# The header of a kernel's Image: size in memory at 16, this at 56.
_IMAGE_MAGIC, _MAGIC_AT, _SIZE_AT = b"RSC\x05", 56, 16
_READ, _ALL = 4, 7
# What OpenSBI's fw_dynamic finds at a2.
_DYNAMIC_INFO = struct.Struct("<6Q")
_DYNAMIC_MAGIC, _DYNAMIC_VERSION, _SUPERVISOR, _BOOT_HART = 0x4942534F, 2, 1, 0


@dataclass(frozen=True)
class Boot:
    """What is to be booted."""

    kernel: Path  # an Image, also compressed with gzip, or an ELF file
    firmware: Path
    initrd: Path | None = None
    append: str | None = None  # the kernel's command line


@dataclass(frozen=True)
class _Kernel:
    entry: int
    loads: tuple[Load, ...]
    names: tuple[Named, ...] = ()


def compose_boot(boot: Boot, params: SocParams) -> bytes:
    """Returns the ELF file for a SoC with ``params``. Raises ``BadPart``."""
    firmware = load_part(boot.firmware, params)
    kernel = _kernel(boot.kernel, params)
    if any(symbol.name == SLOT for symbol in firmware.symbols):  # our own: jumps to the first byte
        start = min(load.paddr for load in kernel.loads)
        if kernel.entry != start:
            raise BadPart(f"{boot.kernel}: starts at {kernel.entry:#x}, not at its begin "
                          f"{start:#x}, where the firmware jumps to")
        firmware = told(firmware, start, max(load.end for load in kernel.loads))
    top = DRAM_BASE + params.dram_bytes - TOP_BYTES
    disk = _disk(boot.initrd, top)
    tree = to_dtb(_tree(boot, params, disk))
    if len(tree) > (TOP_BYTES - TREE_OFFSET) // 2:
        raise BadPart(f"the device tree has {len(tree)} bytes, which leaves it no room to grow")
    code = _start_code(top, firmware.entry, kernel.entry)
    last = Load(top, top, code.ljust(TREE_OFFSET, b"\0") + tree, TOP_BYTES, _ALL)
    parts = [(boot.firmware, firmware.loads), (boot.kernel, kernel.loads),
             (boot.initrd, (disk,) if disk else ()), ("the device tree", (last,))]
    _check_overlap(parts)
    loads = [load for _, part in parts for load in part]
    return write_elf(top, loads, [Named("firmware", firmware.sections, firmware.symbols),
                                  *kernel.names])


def _contents(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise BadPart(f"{path}: cannot be read: {error.strerror}") from None


def _kernel(path: Path, params: SocParams) -> _Kernel:
    data = _contents(path)
    if data.startswith(_ELF):
        part = load_part(path, params)
        return _Kernel(part.entry, part.loads, (Named("kernel", part.sections, part.symbols),))
    if data.startswith(_GZIP):
        try:
            data = gzip.decompress(data)
        except (OSError, EOFError, zlib.error):
            raise BadPart(f"{path}: damaged gzip file") from None
    if data[_MAGIC_AT:_MAGIC_AT + len(_IMAGE_MAGIC)] != _IMAGE_MAGIC:
        raise BadPart(f"{path}: neither a kernel's Image for RISC-V nor an ELF file")
    size, = struct.unpack_from("<Q", data, _SIZE_AT)
    load = Load(PAYLOAD_BASE, PAYLOAD_BASE, data, max(size, len(data)), _ALL)
    return _Kernel(PAYLOAD_BASE, (load,))


def _disk(path: Path | None, top: int) -> Load | None:
    """The RAM disk, as high as it can be."""
    if path is None:
        return None
    data = _contents(path)
    if not data:
        raise BadPart(f"{path}: is empty")
    start = (top - len(data)) // PAGE_BYTES * PAGE_BYTES
    return Load(start, start, data, len(data), _READ)


def _tree(boot: Boot, params: SocParams, disk: Load | None) -> Node:
    """The device tree with what the kernel must know. The firmware's memory is not the kernel's."""
    root = device_tree(params)
    chosen, = (node for node in root.walk() if node.name == "chosen")
    if boot.append is not None:
        chosen.properties["bootargs"] = boot.append
    if disk:
        chosen.properties["linux,initrd-start"] = _two_cells(disk.paddr)
        chosen.properties["linux,initrd-end"] = _two_cells(disk.end)
    reserved = Node("reserved-memory", {"#address-cells": 2, "#size-cells": 2, "ranges": True})
    reserved.add(Node(f"firmware@{DRAM_BASE:x}", {
        "reg": _two_cells(DRAM_BASE) + _two_cells(FIRMWARE_BYTES), "no-map": True}))
    root.add(reserved)
    return root


def _two_cells(value: int) -> list[int]:
    return [value >> 32, value & 0xFFFF_FFFF]


def _start_code(base: int, firmware: int, kernel: int) -> bytes:
    """Jumps to the firmware with ``a0`` as it is, ``a1`` = device tree and ``a2`` = what OpenSBI's
    fw_dynamic wants to know."""
    words = 6
    tree_at, target_at, info_at = 4 * words, 4 * words + 8, 4 * words + 16
    code = [auipc(T0, 0), ld(A1, T0, tree_at), addi(A2, T0, info_at), ld(T0, T0, target_at),
            jr(T0), 0]
    info = _DYNAMIC_INFO.pack(_DYNAMIC_MAGIC, _DYNAMIC_VERSION, kernel, _SUPERVISOR, 0, _BOOT_HART)
    return struct.pack(f"<{words}I2Q", *code, base + TREE_OFFSET, firmware) + info


def _check_overlap(parts: Sequence[tuple[Path | str | None, Sequence[Load]]]) -> None:
    places = sorted(((load.paddr, load.end, name) for name, part in parts for load in part),
                    key=lambda place: place[:2])
    for (_, end, first), (start, _, second) in zip(places, places[1:], strict=False):
        if start < end:
            raise BadPart(f"{first} ends at {end:#x}, and {second} starts at {start:#x}: give more "
                          "--memory, or move one of them")
    if places[0][0] < DRAM_BASE:
        raise BadPart(f"{places[0][2]} would lie before DRAM: give more --memory")
