"""The memory map and all registers as a Markdown page."""

from collections.abc import Iterator

from hdl.core.params import RegionKind
from hdl.peripheral.mmio import Entry, RegisterMap
from soc.config import SocParams
from soc.memory_map import Block, Device, devices, plic_contexts

KINDS = {
    RegionKind.MEMORY: "memory: cached, atomics",
    RegionKind.ROM: "read and execute, cached",
    RegionKind.IO: "device: uncached, in order",
}
ACCESS = {"r": "R", "w": "W", "rw": "RW"}


def memory_map(params: SocParams) -> str:
    """The page."""
    parts = devices(params)
    lines = [
        f"# Memory map of rel4-soc, configuration `{params.name}`",
        "",
        f"{params.harts} hart(s) at {params.clock_hz / 1e6:g} MHz, timebase "
        f"{params.timebase_hz / 1e6:g} MHz. Generated from `soc/memory_map.py`. An access to an "
        "address that is not listed raises an access fault.",
        "",
        "| base | size | device | attributes | PLIC source |",
        "| --- | --- | --- | --- | --- |",
    ]
    for part in parts:
        source = "" if part.interrupt is None else str(part.interrupt)
        lines.append(_row(f"`{_address(part.base)}`", _size(part), f"{part.title} "
                          f"(`{part.name}`)", KINDS[part.kind], source))
    contexts = ", ".join(f"{n}: hart {hart} {mode.upper()}"
                         for n, (hart, mode) in enumerate(plic_contexts(params)))
    lines += ["", f"PLIC contexts: {contexts}."]
    for part in parts:
        if part.registers is not None or part.blocks:
            lines += ["", *_device(part)]
    return "\n".join([*lines, ""])


def _address(value: int) -> str:
    return f"0x{value >> 16:04x}_{value & 0xFFFF:04x}"


def _bytes(count: int) -> str:
    for unit, name in ((1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")):
        if count % unit == 0:
            return f"{count // unit} {name}"
    return f"{count} B"


def _size(part: Device) -> str:
    return _bytes(part.size) + (f" ({_bytes(part.present)} present)" if part.present else "")


def _device(part: Device) -> Iterator[str]:
    yield f"## {part.title} (`{part.name}`)"
    yield ""
    if part.registers is not None:
        yield from _registers(part.registers, "###")
    if part.blocks:
        yield "| offset | block of registers | |"
        yield "| --- | --- | --- |"
        for block in part.blocks:
            registers = f"; registers of `{block.alias_of}`" if block.alias_of else ""
            yield _row(f"`{block.offset:#08x}`", _title(block), f"{block.title}{registers}")
    for block in part.blocks:
        if not block.alias_of:
            yield ""
            yield f"### Registers of `{part.name}.{block.name}`"
            yield ""
            yield from _registers(block.registers, "####")


def _row(*cells: str) -> str:
    """A row of a table. A bar within a cell would end the cell."""
    return " | ".join(["", *(cell.replace("|", "\\|") for cell in cells), ""]).strip()


def _registers(registers: RegisterMap, heading: str) -> Iterator[str]:
    yield "| offset | register | access | bytes | after reset | |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for entry in registers:
        register = entry.register
        yield _row(f"`{entry.offset:#06x}`", _title(entry), ACCESS[register.access],
                   ", ".join(map(str, register.sizes)), _after_reset(entry), _summary(entry))
    for entry in registers:
        yield ""
        yield from _register(entry, heading)


def _title(entry: Entry | Block) -> str:
    return f"`{entry.name}`" + (f", {entry.count} times, {entry.stride:#x} apart"
                                if entry.count > 1 else "")


def _summary(entry: Entry) -> str:
    return f"if {entry.when}" if "dlab" in entry.when else entry.when


def _after_reset(entry: Entry) -> str:
    """What a read gives after reset; nothing for a register that is only written."""
    return f"`{entry.register.init:#x}`" if "r" in entry.register.access else ""


def _register(entry: Entry, heading: str) -> Iterator[str]:
    yield f"{heading} {entry.name}"
    yield ""
    yield entry.register.doc.replace("``", "`")
    yield ""
    fields = list(entry.register.placed())
    if not fields:
        yield "It has no fields."
        return
    yield "| bits | field | |"
    yield "| --- | --- | --- |"
    for name, lsb, field in fields:
        top = lsb + field.bits - 1
        bits = f"{top}:{lsb}" if field.bits > 1 else str(lsb)
        yield _row(bits, f"`{name.rstrip('_')}`", field.doc.replace("``", "`"))
