"""The constants that software needs, in the order in which they are printed."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from amaranth.lib.data import StructLayout

from hdl.core.isa import Cause, Csr, Event, Irq, Priv
from hdl.core.lsu.uipi import SUIERR, SUIRS, SUIST, Refusal, UipiOp
from hdl.peripheral.finisher import Kind
from hdl.peripheral.mmio import RegisterMap
from hdl.peripheral.spi_flash import spi_flash_registers
from hdl.taic import registers as taic_registers
from hdl.taic.codes import Policy, Reason
from hdl.taic.params import KEEP_BIT, PREEMPT_BIT, PRIORITY_BITS, PRIORITY_LSB
from hdl.uintc import registers as uintc_registers
from hdl.uintc.layout import SENDER_ENTRY, SENDER_ENTRY_BYTES
from soc import boot_image
from soc.boot_info import FIELDS, FORMAT, offsets
from soc.bootrom import LOADER_OFFSET
from soc.config import SocParams
from soc.memory_map import PAYLOAD_BASE, Block, devices, plic_contexts, taic_params

MODES = {"m": "machine", "s": "supervisor", "u": "user"}


@dataclass(frozen=True)
class Constant:
    name: str
    value: int
    doc: str
    hexadecimal: bool = False
    bits: int = 64  # 16 for CSR numbers, else the width of an address


@dataclass(frozen=True)
class Group:
    """Constants of one subject. ``module`` is the namespace of their names, if any."""

    title: str
    module: str
    constants: tuple[Constant, ...]


def groups(params: SocParams) -> Iterator[Group]:
    """All constants of the SoC, by subject."""
    parts = devices(params)
    yield Group("The SoC", "", (
        Constant("HARTS", params.harts, "number of harts"),
        Constant("CLOCK_HZ", params.clock_hz, "clock of the harts and devices"),
        Constant("TIMEBASE_HZ", params.timebase_hz, "ticks of mtime and the time CSR a second"),
        Constant("CACHE_LINE_BYTES", params.hart.line_bytes, "bytes of a cache line"),
    ))
    for part in parts:
        name = part.name.upper()
        constants = [
            Constant(f"{name}_BASE", part.base, "first address", hexadecimal=True),
            Constant(f"{name}_SIZE", part.size, "bytes", hexadecimal=True),
        ]
        if part.name == "bootrom":
            constants += [
                Constant("BOOT_LOADER_BASE", part.base + LOADER_OFFSET, "first address",
                         hexadecimal=True),
                Constant("BOOT_LOADER_SIZE", part.present - LOADER_OFFSET, "bytes at most",
                         hexadecimal=True),
            ]
        if part.name == "dram":
            constants.append(Constant("PAYLOAD_BASE", PAYLOAD_BASE,
                                      "where the firmware starts a kernel", hexadecimal=True))
        if part.interrupt is not None:
            constants.append(
                Constant(f"{name}_INTERRUPT", part.interrupt, "interrupt source at the PLIC"))
        yield Group(part.title, "", tuple(constants))
    for part in parts:
        if part.registers is not None:
            constants = list(_registers(part.registers))
            if part.name == "plic":
                constants += _plic(params)
            if part.name == "finisher":
                constants += _finisher()
            if part.name == "uintc":
                constants.append(_magic(uintc_registers.ID_MAGIC))
            yield Group(f"Registers: {part.title}", part.name, tuple(constants))
        if part.blocks:
            constants = [constant for block in part.blocks for constant in _block(block)]
            if part.name == "taic":
                constants += _taic(params)
            yield Group(f"Blocks of registers: {part.title}", part.name, tuple(constants))
        for block in part.blocks:
            if not block.alias_of:
                yield Group(f"Registers: {part.title}, {block.title}", f"{part.name}_{block.name}",
                            tuple(_registers(block.registers)))
    yield Group("The record for the boot loader: offsets of its fields", "boot_info", (
        *(Constant(name.upper(), offsets()[name], doc) for name, _, doc in FIELDS),
        Constant("BYTES", FORMAT.size, "its size")))
    yield Group("The boot image in a flash, and what the boot loader reads it with", "boot_image", (
        Constant("MAGIC", boot_image.MAGIC, "first dword", hexadecimal=True),
        Constant("VERSION", boot_image.VERSION, "version"),
        Constant("RECORD_BYTES", boot_image.RECORD.size, "head of a segment"),
        *(Constant(f"FLASH_{entry.name.upper()}", entry.offset, f"offset of {entry.name}")
          for entry in spi_flash_registers())))
    yield _enumeration("CSR numbers", "csr", Csr, hexadecimal=True, bits=16)
    yield _enumeration("Exceptions: xcause without the interrupt bit", "cause", Cause)
    yield _enumeration("Interrupts: bits of mip, codes of xcause", "irq", Irq)
    yield _enumeration("Selectors of mhpmevent", "event", Event)
    yield _enumeration("Privilege levels", "privilege", Priv)
    yield _enumeration("Operations of UIPI: funct7", "uipi", UipiOp)
    yield _enumeration("Why a UIPI had no effect: reasons in suierr", "refusal", Refusal)
    for name, layout in (("suist", SUIST), ("suirs", SUIRS), ("suierr", SUIERR)):
        yield Group(f"Fields of {name}", name, tuple(_masks(layout)))
    yield Group("An entry of a sender table", "sender_entry", (
        *_masks(SENDER_ENTRY), Constant("BYTES", SENDER_ENTRY_BYTES, "its size")))
    yield _enumeration("Why UINTC refused an operation: reasons in error", "uintc_refusal",
                       uintc_registers.Refusal)
    if params.taic:
        yield _enumeration("Why TAIC refused an access: reasons in refused", "taic_refusal", Reason)
        yield _enumeration("Which queue a channel wakes its task into", "taic_policy", Policy)


def _registers(registers: RegisterMap) -> Iterator[Constant]:
    """Offsets of registers, and masks of the fields of a register that has several."""
    for entry in registers:
        name = entry.name.upper()
        yield Constant(name, entry.offset, f"offset of {entry.name}", hexadecimal=True)
        if entry.array:
            yield Constant(f"{name}_COUNT", entry.count, "elements")
            yield Constant(f"{name}_STRIDE", entry.stride, "bytes from one element to the next",
                           hexadecimal=True)
        fields = list(entry.register.placed())
        if len(fields) > 1:
            for field, lsb, description in fields:
                yield Constant(
                    f"{name}_{field.upper().rstrip('_')}", (1 << description.bits) - 1 << lsb,
                    f"mask: {description.doc}", hexadecimal=True)


def _masks(layout: StructLayout) -> Iterator[Constant]:
    """Masks of the fields of a word."""
    for name, field in layout:
        if not name.startswith("_"):
            yield Constant(name.upper(), (1 << field.width) - 1 << field.offset, "mask",
                           hexadecimal=True)


def _magic(value: int) -> Constant:
    return Constant("MAGIC", value, "what the field magic of the register id reads",
                    hexadecimal=True)


def _block(block: Block) -> Iterator[Constant]:
    name = block.name.upper()
    yield Constant(name, block.offset, f"offset: {block.title}", hexadecimal=True)
    if block.count > 1:
        yield Constant(f"{name}_COUNT", block.count, "elements")
        yield Constant(f"{name}_STRIDE", block.stride, "bytes from one element to the next",
                       hexadecimal=True)


def _taic(params: SocParams) -> Iterator[Constant]:
    taic = taic_params(params)
    yield _magic(taic_registers.ID_MAGIC)
    yield Constant("CONTEXTS", taic.contexts, "contexts")
    yield Constant("QUEUES", taic.queues, "local queues of a context")
    yield Constant("TASKS", taic.tasks, "places for tasks in all queues together")
    yield Constant("PRIORITIES", taic.priorities, "levels of priority")
    yield Constant("LINES", taic.lines, "lines of devices: the sources of the PLIC")
    yield Constant("COMPATIBLE_SLOTS", taic.slots,
                   "senders, and receivers, that a context can register the compatible way")
    for name, lsb, bits, what in (
        ("PREEMPT", PREEMPT_BIT, 1, "its wake-up interrupts"),
        ("KEEP", KEEP_BIT, 1, "its wake-up leaves it registered"),
        ("PRIORITY", PRIORITY_LSB, PRIORITY_BITS, "priority, 0 highest"),
    ):
        yield Constant(f"TASK_{name}", (1 << bits) - 1 << lsb,
                       f"mask in a task identifier: {what}", hexadecimal=True)


def _plic(params: SocParams) -> Iterator[Constant]:
    yield Constant("SOURCES", params.plic_sources, "interrupt sources, with source 0")
    for number, (hart, mode) in enumerate(plic_contexts(params)):
        yield Constant(f"CONTEXT_HART{hart}_{mode.upper()}", number,
                       f"context of hart {hart}, {MODES[mode]} mode")


def _finisher() -> Iterator[Constant]:
    for kind in Kind:
        if kind is not Kind.NONE:
            yield Constant(kind.name, kind.value, f"kind of end: {kind.name.lower()}",
                           hexadecimal=True)


def _enumeration(title: str, module: str, members: type[Enum], *, hexadecimal: bool = False,
                 bits: int = 64) -> Group:
    return Group(title, module, tuple(
        Constant(member.name, member.value, getattr(member, "meaning", ""), hexadecimal, bits)
        for member in members))
