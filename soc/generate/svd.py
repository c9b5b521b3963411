"""The SoC as a CMSIS System View Description, for debuggers and ``svd2rust``."""

from xml.etree import ElementTree

from hdl.core.params import RegionKind
from hdl.peripheral.mmio import Entry, RegisterMap
from soc.config import SocParams
from soc.memory_map import Block, Device, devices

ACCESS = {"r": "read-only", "w": "write-only", "rw": "read-write"}


def svd(params: SocParams) -> str:
    """The XML document."""
    root = ElementTree.Element("device", {
        "schemaVersion": "1.3",
        "xmlns:xs": "http://www.w3.org/2001/XMLSchema-instance",
        "xs:noNamespaceSchemaLocation": "CMSIS-SVD.xsd",
    })
    _texts(root, vendor="rel4", name="rel4_soc", version="1",
           description=f"rel4-soc, configuration {params.name}",
           addressUnitBits="8", width="32", size="32", access="read-write",
           resetValue="0x0", resetMask="0xFFFFFFFFFFFFFFFF")
    peripherals = ElementTree.SubElement(root, "peripherals")
    for device in devices(params):
        if device.kind is RegionKind.IO:
            _peripheral(peripherals, device)
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _texts(parent: ElementTree.Element, **texts: str) -> None:
    for name, text in texts.items():
        ElementTree.SubElement(parent, name).text = text


def _peripheral(parent: ElementTree.Element, device: Device) -> None:
    node = ElementTree.SubElement(parent, "peripheral")
    _texts(node, name=device.name.upper(), description=device.title,
           baseAddress=f"{device.base:#x}")
    block = ElementTree.SubElement(node, "addressBlock")
    _texts(block, offset="0x0", size=f"{device.size:#x}", usage="registers")
    if device.interrupt is not None:
        interrupt = ElementTree.SubElement(node, "interrupt")
        _texts(interrupt, name=device.name.upper(), value=str(device.interrupt))
    registers = ElementTree.SubElement(node, "registers")
    if device.registers is not None:
        _registers(registers, device.registers)
    for block in device.blocks:
        _cluster(registers, block)


def _registers(parent: ElementTree.Element, registers: RegisterMap) -> None:
    first: dict[int, Entry] = {}
    for entry in registers:
        _register(parent, entry, other=first.setdefault(entry.offset, entry))


def _cluster(parent: ElementTree.Element, block: Block) -> None:
    node = ElementTree.SubElement(parent, "cluster")
    name = block.name.upper()
    if block.count > 1:
        _texts(node, dim=str(block.count), dimIncrement=f"{block.stride:#x}")
        name = f"{name}[%s]"
    _texts(node, name=name, description=block.title, addressOffset=f"{block.offset:#x}")
    _registers(node, block.registers)


def _name(entry: Entry) -> str:
    return entry.name.upper() + ("[%s]" if entry.count > 1 else "")


def _register(parent: ElementTree.Element, entry: Entry, *, other: Entry) -> None:
    """``other`` is the first register at the same offset."""
    register = entry.register
    node = ElementTree.SubElement(parent, "register")
    if entry.count > 1:
        _texts(node, dim=str(entry.count), dimIncrement=f"{entry.stride:#x}")
    _texts(node, name=_name(entry), description=" ".join(register.doc.split()))
    if other is not entry:
        _texts(node, alternateRegister=_name(other))
    _texts(node, addressOffset=f"{entry.offset:#x}", size=str(8 * register.bytes),
           access=ACCESS[register.access], resetValue=f"{register.init:#x}")
    placed = list(register.placed())
    if not placed:  # the schema has no empty list
        return
    fields = ElementTree.SubElement(node, "fields")
    for field_name, lsb, field in placed:
        field_node = ElementTree.SubElement(fields, "field")
        _texts(field_node, name=field_name.rstrip("_").upper(), description=field.doc,
               bitOffset=str(lsb), bitWidth=str(field.bits))
