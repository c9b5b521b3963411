"""Netlists in RTLIL, the text in which Yosys keeps them.

Only what Yosys writes after ``proc`` is read: modules of wires, cells and connections, without
processes.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

# A bit of a wire by the wire's name and its index, or a constant bit.
Bit = tuple[str, int] | str
Signal = list[Bit]  # the lowest bit first

_TOKEN = re.compile(r"(?P<open>\{)|(?P<close>\})|(?P<width>\d+)'(?P<bits>[01xzm-]*)"
                    r"|(?P<name>[\\$]\S+)(?: \[(?P<high>\d+)(?::(?P<low>\d+))?\])?"
                    r"|(?P<integer>-?\d+)")
_WIRE = re.compile(r"(?:width (\d+) )?(?:(input|output) (\d+) )?(?:signed )?([\\$]\S+)$")


@dataclass
class Wire:
    """``attributes`` are lines of RTLIL. ``position`` orders the ports of the module."""

    name: str
    width: int
    direction: str = ""
    position: int = 0
    attributes: list[str] = field(default_factory=list)

    def bits(self) -> Signal:
        return [(self.name, index) for index in range(self.width)]


@dataclass
class Cell:
    """``parameters`` are kept as text."""

    kind: str
    name: str
    attributes: list[str] = field(default_factory=list)
    parameters: dict[str, str] = field(default_factory=dict)
    ports: dict[str, Signal] = field(default_factory=dict)

    def number(self, parameter: str) -> int:
        """Returns a parameter that is a number."""
        text = self.parameters[parameter]
        return int(text.partition("'")[2], 2) if "'" in text else int(text)


@dataclass
class Module:
    """A module. ``connections`` are pairs of the driven and the driving signal."""

    name: str
    attributes: list[str] = field(default_factory=list)
    wires: dict[str, Wire] = field(default_factory=dict)
    cells: list[Cell] = field(default_factory=list)
    connections: list[tuple[Signal, Signal]] = field(default_factory=list)


def read(text: str) -> dict[str, Module]:
    """Parses a design. Raises ``ValueError`` for a statement that is not expected."""
    design: dict[str, Module] = {}
    attributes: list[str] = []
    module, cell = Module(""), None
    for line in text.splitlines():
        keyword, _, rest = line.strip().partition(" ")
        match keyword:
            case "" | "#" | "autoidx":
                pass
            case "attribute":
                attributes.append(rest)
            case "module":
                module = design[rest] = Module(rest, attributes)
                attributes = []
            case "wire":
                wire = _wire(rest, attributes)
                module.wires[wire.name] = wire
                attributes = []
            case "cell":
                kind, _, name = rest.partition(" ")
                cell = Cell(kind, name, attributes)
                module.cells.append(cell)
                attributes = []
            case "parameter" if cell:
                name, _, value = rest.removeprefix("signed ").partition(" ")
                cell.parameters[name] = value
            case "connect" if cell:
                port, _, signal = rest.partition(" ")
                cell.ports[port] = _signal(signal, module)
            case "connect":
                module.connections.append(_pair(rest, module))
            case "end":
                cell = None
            case _:
                raise ValueError(f"unexpected in RTLIL: {line.strip()[:60]}")
    return design


def _wire(text: str, attributes: list[str]) -> Wire:
    match = _WIRE.match(text)
    if match is None:
        raise ValueError(f"unexpected in RTLIL: wire {text}")
    width, direction, position, name = match.groups()
    return Wire(name, int(width or 1), direction or "", int(position or 0), attributes)


def _signals(text: str, module: Module) -> Iterator[Signal]:
    """Yields the signals in ``text``."""
    parts: list[Signal] | None = None
    for token in _TOKEN.finditer(text):
        if token["open"]:
            parts = []
        elif token["close"]:
            yield [bit for part in reversed(parts or []) for bit in part]
            parts = None
        elif parts is None:
            yield _part(token, module)
        else:
            parts.append(_part(token, module))


def _part(token: re.Match[str], module: Module) -> Signal:
    if token["width"]:
        width, bits = int(token["width"]), token["bits"]
        return list(bits[::-1] + bits[:1] * (width - len(bits)))
    if token["integer"]:
        return list(f"{int(token['integer']) % (1 << 32):032b}"[::-1])
    wire = module.wires[token["name"]]
    if token["high"] is None:
        return wire.bits()
    low = int(token["low"] or token["high"])
    return [(wire.name, index) for index in range(low, int(token["high"]) + 1)]


def _signal(text: str, module: Module) -> Signal:
    return next(_signals(text, module))


def _pair(text: str, module: Module) -> tuple[Signal, Signal]:
    driven, driving = _signals(text, module)
    return driven, driving


def write(design: dict[str, Module]) -> str:
    """Returns the text of a design."""
    return "\n".join(line for module in design.values() for line in _module(module)) + "\n"


def _module(module: Module) -> Iterator[str]:
    yield from (f"attribute {text}" for text in module.attributes)
    yield f"module {module.name}"
    for wire in module.wires.values():
        yield from (f"  attribute {text}" for text in wire.attributes)
        port = f"{wire.direction} {wire.position} " if wire.direction else ""
        yield f"  wire width {wire.width} {port}{wire.name}"
    for cell in module.cells:
        yield from (f"  attribute {text}" for text in cell.attributes)
        yield f"  cell {cell.kind} {cell.name}"
        yield from (f"    parameter {name} {value}" for name, value in cell.parameters.items())
        yield from (f"    connect {port} {_text(signal, module)}"
                    for port, signal in cell.ports.items())
        yield "  end"
    for driven, driving in module.connections:
        yield f"  connect {_text(driven, module)} {_text(driving, module)}"
    yield "end"


def _text(signal: Signal, module: Module) -> str:
    parts = [_run(run, module) for run in runs(signal)]
    return parts[0] if len(parts) == 1 else f"{{ {' '.join(reversed(parts))} }}"


def runs(signal: Signal) -> Iterator[Signal]:
    """Cuts a signal into constants and contiguous parts of wires."""
    run: Signal = []
    for bit in signal:
        if run and not _continues(run[-1], bit):
            yield run
            run = []
        run.append(bit)
    if run:
        yield run


def _continues(last: Bit, bit: Bit) -> bool:
    if isinstance(last, str) or isinstance(bit, str):
        return isinstance(last, str) and isinstance(bit, str)
    return last[0] == bit[0] and bit[1] == last[1] + 1


def _run(run: Signal, module: Module) -> str:
    if isinstance(run[0], str):
        return f"{len(run)}'{''.join(reversed(run))}"
    name, low = run[0]
    if len(run) == module.wires[name].width:
        return name
    return f"{name} [{low + len(run) - 1}:{low}]" if len(run) > 1 else f"{name} [{low}]"
