"""Device trees: nodes, and their source and flattened forms (Devicetree Specification v0.4)."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

BEGIN_NODE, END_NODE, PROP, END = 1, 2, 3, 9
MAGIC, VERSION, LAST_COMPATIBLE = 0xD00D_FEED, 17, 16


@dataclass(frozen=True)
class Ref:
    """The phandle of the node with a label."""

    label: str


Cell = int | Ref
Property = bool | str | bytes | Cell | list[str] | list[Cell]  # True: present, without value


@dataclass
class Node:
    """A node. It gets a phandle if something refers to its label."""

    name: str
    properties: dict[str, Property]
    label: str = ""
    children: list[Node] = field(default_factory=list)

    def add(self, child: Node) -> None:
        self.children.append(child)

    def walk(self):
        yield self
        for child in self.children:
            yield from child.walk()


def _cells(value: Property) -> list[Cell] | None:
    """The value as cells, or None if it does not consist of cells."""
    if isinstance(value, (bool, str, bytes)):
        return None
    if isinstance(value, list):
        return None if value and isinstance(value[0], str) else value
    return [value]


def phandles(root: Node) -> dict[str, int]:
    """Numbers, from 1 up, for the labels that something refers to."""
    used = {
        cell.label
        for node in root.walk() for value in node.properties.values()
        for cell in _cells(value) or () if isinstance(cell, Ref)
    }
    labels = [node.label for node in root.walk() if node.label]
    if unknown := used - set(labels):
        raise ValueError(f"no node is labelled {', '.join(sorted(unknown))}")
    return {label: n for n, label in enumerate((x for x in labels if x in used), start=1)}


def to_dts(root: Node) -> str:
    """Source text for ``dtc``."""
    return "/dts-v1/;\n\n" + "".join(_dts_lines(root, 0))


def _dts_lines(node: Node, depth: int):
    tabs = "\t" * depth
    label = f"{node.label}: " if node.label else ""
    yield f"{tabs}{label}{node.name or '/'} {{\n"
    for name, value in node.properties.items():
        if value is True:
            yield f"{tabs}\t{name};\n"
        else:
            yield f"{tabs}\t{name} = {_dts_value(value)};\n"
    for child in node.children:
        yield "\n" if node.properties or child is not node.children[0] else ""
        yield from _dts_lines(child, depth + 1)
    yield f"{tabs}}};\n"


def _dts_value(value: Property) -> str:
    if isinstance(value, bytes):
        return f"[{value.hex(' ')}]"
    cells = _cells(value)
    if cells is None:
        strings = [value] if isinstance(value, str) else value
        return ", ".join(f'"{text}"' for text in strings)
    words = (f"&{cell.label}" if isinstance(cell, Ref) else f"{int(cell):#x}" for cell in cells)
    return f"<{' '.join(words)}>"


def to_dtb(root: Node) -> bytes:
    """The flattened form, with an empty memory reservation block."""
    handles = phandles(root)
    strings: dict[str, int] = {}
    names = bytearray()
    body = bytearray()

    def put(*words: int) -> None:
        body.extend(struct.pack(f">{len(words)}I", *words))

    def put_bytes(raw: bytes) -> None:
        body.extend(raw + bytes(-len(raw) % 4))

    def put_property(name: str, raw: bytes) -> None:
        if name not in strings:
            strings[name] = len(names)
            names.extend(name.encode() + b"\0")
        put(PROP, len(raw), strings[name])
        put_bytes(raw)

    def put_node(node: Node) -> None:
        put(BEGIN_NODE)
        put_bytes(node.name.encode() + b"\0")
        for name, value in node.properties.items():
            put_property(name, _dtb_value(value, handles))
        if node.label in handles:
            put_property("phandle", struct.pack(">I", handles[node.label]))
        for child in node.children:
            put_node(child)
        put(END_NODE)

    put_node(root)
    put(END)
    header_bytes, reserve_bytes = 40, 16
    body_at = header_bytes + reserve_bytes
    names_at = body_at + len(body)
    header = struct.pack(
        ">10I", MAGIC, names_at + len(names), body_at, names_at, header_bytes, VERSION,
        LAST_COMPATIBLE, 0, len(names), len(body))
    return header + bytes(reserve_bytes) + bytes(body) + bytes(names)


def _dtb_value(value: Property, handles: dict[str, int]) -> bytes:
    if value is True:
        return b""
    if isinstance(value, bytes):
        return value
    cells = _cells(value)
    if cells is None:
        strings = [value] if isinstance(value, str) else value
        return b"".join(text.encode() + b"\0" for text in strings)
    numbers = [handles[cell.label] if isinstance(cell, Ref) else cell for cell in cells]
    return struct.pack(f">{len(numbers)}I", *numbers)
