"""Removes every bit of a design that reaches no output.

Yosys removes whole wires and cells. Generated gateware has wide words of which a part is used, also
across modules; here a wire, a port and a register keep only the bits that somebody reads.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import groupby

from sim.export.rtlil import Bit, Cell, Module, Signal, Wire
from sim.export.widths import MODULAR, A, B, Y

# Cells whose bit n of the output depends only on bit n of the data, and on all control bits:
# output, data and controls. The data of $pmux has several words.
LANES = {
    "$mux": (Y, (A, B), ("\\S",)),
    "$pmux": (Y, (A, B), ("\\S",)),
    "$not": (Y, (A,), ()),
    "$and": (Y, (A, B), ()),
    "$or": (Y, (A, B), ()),
    "$xor": (Y, (A, B), ()),
    "$dff": ("\\Q", ("\\D",), ("\\CLK",)),
}
CARRIES = MODULAR - set(LANES)
OUTPUTS = (Y, "\\Q", "\\RD_DATA")


class Liveness:
    """Finds the bits of ``design`` that reach an output of its module ``top``."""

    def __init__(self, design: dict[str, Module], top: str) -> None:
        self.design, self.top = design, top
        self.live: dict[str, set[Bit]] = {name: set() for name in design}
        self.exported: set[tuple[str, Bit]] = set()  # bits of outputs that are read outside
        self._drivers = {name: _drivers(module, design) for name, module in design.items()}
        self._parents = {cell.kind: (name, cell) for name, module in design.items()
                         for cell in module.cells if cell.kind in design}
        self._seen: set[int] = set()
        self._waiting: list[tuple[str, Bit]] = []
        for wire in design[top].wires.values():
            if wire.direction == "output":
                self._export(top, wire.bits())
        while self._waiting:
            self._follow(*self._waiting.pop())

    def _read(self, module: str, bits: Iterable[Bit]) -> None:
        live = self.live[module]
        for bit in bits:
            if not isinstance(bit, str) and bit not in live:
                live.add(bit)
                self._waiting.append((module, bit))

    def _export(self, module: str, bits: Signal) -> None:
        self.exported |= {(module, bit) for bit in bits}
        self._read(module, bits)

    def _follow(self, module: str, bit: Bit) -> None:
        driver = self._drivers[module].get(bit)
        if driver is not None:
            source, place = driver
            if isinstance(source, Cell):
                self._follow_cell(module, source, *place)
            else:
                self._read(module, [source])
        elif self.design[module].wires[bit[0]].direction == "input" and module != self.top:
            parent, cell = self._parents[module]
            self._read(parent, [cell.ports[bit[0]][int(bit[1])]])

    def _follow_cell(self, module: str, cell: Cell, port: str, index: int) -> None:
        if cell.kind in self.design:
            self._export(cell.kind, [(port, index)])
        elif cell.kind in LANES:
            output, data, controls = LANES[cell.kind]
            width = len(cell.ports[output])
            for name in data:
                self._read(module, cell.ports[name][index::width])
            for name in controls:
                self._read(module, cell.ports[name])
        elif cell.kind in CARRIES:
            for name in (A, B, Y):
                self._read(module, cell.ports.get(name, [])[:index + 1])
        elif id(cell) not in self._seen:
            self._seen.add(id(cell))
            for signal in cell.ports.values():
                self._read(module, signal)


def _drivers(module: Module, design: dict[str, Module]) -> dict[Bit, tuple]:
    """Returns what drives each bit: a bit and (), or a cell with its port and the index."""
    drivers: dict[Bit, tuple] = {}
    for driven, driving in module.connections:
        drivers |= {bit: (source, ()) for bit, source in zip(driven, driving, strict=True)}
    for cell in module.cells:
        for port, signal in cell.ports.items():
            if _is_output(cell, port, design):
                drivers |= {bit: (cell, (port, index)) for index, bit in enumerate(signal)}
    return drivers


def _is_output(cell: Cell, port: str, design: dict[str, Module]) -> bool:
    if cell.kind in design:
        return design[cell.kind].wires[port].direction == "output"
    return port in OUTPUTS


def trim(design: dict[str, Module], top: str) -> None:
    """Removes the bits that are not live. The ports of ``top`` stay."""
    liveness = Liveness(design, top)
    moves = {name: _split(module, liveness, whole=name == top)
             for name, module in design.items()}
    for module in design.values():
        _Trimmed(module, moves).rewrite()


# For each wire, the wires of its parts, each with the number of its lowest bit.
Moves = dict[str, list[tuple[Wire, int]]]


def _split(module: Module, liveness: Liveness, *, whole: bool) -> Moves:
    """Replaces each wire by wires of its live parts. What nobody reads outside is no port."""
    moves: Moves = {}
    wires: dict[str, Wire] = {}

    def direction(bit: Bit) -> str | None:
        """Returns that of a live bit, else None."""
        if whole and wire.direction:
            return wire.direction
        if bit not in liveness.live[module.name]:
            return None
        outside = wire.direction == "input" or (module.name, bit) in liveness.exported
        return wire.direction if outside else ""

    for wire in module.wires.values():
        parts = [_part(wire, list(bits), kind, module.wires)
                 for kind, bits in groupby(wire.bits(), direction) if kind is not None]
        moves[wire.name] = parts
        wires |= {part.name: part for part, _ in parts}
    module.wires = wires
    return moves


def _part(wire: Wire, bits: Signal, direction: str, taken: Iterable[str]) -> tuple[Wire, int]:
    low, high = int(bits[0][1]), int(bits[-1][1])
    if len(bits) == wire.width:
        return replace(wire, direction=direction), low
    name = f"{wire.name}_{high}_{low}" if high > low else f"{wire.name}_{low}"
    while name in taken:
        name += "_"
    attributes = [_sliced(text, low, high) for text in wire.attributes]
    return Wire(name, len(bits), direction, wire.position, attributes), low


def _sliced(attribute: str, low: int, high: int) -> str:
    """The attribute ``init`` has a value for each bit."""
    if not attribute.startswith("\\init "):
        return attribute
    width, _, bits = attribute.removeprefix("\\init ").partition("'")
    if not bits:  # Yosys writes 32 bits as a number
        width, bits = "32", f"{int(width) % (1 << 32):032b}"
    bits = bits.rjust(int(width), bits[0])[::-1]
    return f"\\init {high + 1 - low}'{bits[low:high + 1][::-1]}"


class _Trimmed:
    """Rewrites the cells and connections of a module whose wires were split."""

    def __init__(self, module: Module, moves: dict[str, Moves]) -> None:
        self.module, self.moves = module, moves
        self.new: dict[Bit, Bit] = {
            (name, low + index): (part.name, index)
            for name, parts in moves[module.name].items() for part, low in parts
            for index in range(part.width)}

    def rewrite(self) -> None:
        self.module.cells = [new for cell in self.module.cells for new in self._cell(cell)]
        self.module.connections = [
            ([driven[n] for n in lanes], self._renamed(driving[n] for n in lanes))
            for driven, driving in ((self._targets(left), right)
                                    for left, right in self.module.connections)
            for lanes in _lanes(driven)]

    def _renamed(self, bits: Iterable[Bit]) -> Signal:
        """Bits that nobody reads are x."""
        return [bit if isinstance(bit, str) else self.new.get(bit, "x") for bit in bits]

    def _targets(self, signal: Signal) -> list[Bit | None]:
        return [None if isinstance(bit, str) else self.new.get(bit) for bit in signal]

    def _cell(self, cell: Cell) -> Iterator[Cell]:
        if cell.kind in self.moves:
            cell.ports = {part.name: self._renamed(signal[low:low + part.width])
                          for port, signal in cell.ports.items()
                          for part, low in self.moves[cell.kind][port] if part.direction}
            yield cell
        elif cell.kind in LANES:
            yield from self._lane_cells(cell)
        else:
            yield from self._whole_cell(cell)

    def _lane_cells(self, cell: Cell) -> Iterator[Cell]:
        output, data, _ = LANES[cell.kind]
        targets = self._targets(cell.ports[output])
        for part, lanes in enumerate(_lanes(targets)):
            width = len(targets)
            ports = {port: [bit for word in range(0, len(signal), width)
                            for bit in _pick(signal[word:word + width], lanes)]
                     if port in data else signal
                     for port, signal in cell.ports.items() if port != output}
            name = f"{cell.name}${part}" if part else cell.name
            new = Cell(cell.kind, name, cell.attributes, dict(cell.parameters),
                       {port: self._renamed(signal) for port, signal in ports.items()})
            new.ports[output] = [targets[n] for n in lanes]
            _set_width(new, len(lanes))
            yield new

    def _whole_cell(self, cell: Cell) -> Iterator[Cell]:
        for port in OUTPUTS:
            if port in cell.ports:
                targets = self._targets(cell.ports[port])
        used = max((n + 1 for n, target in enumerate(targets) if target), default=0)
        if not used:
            return
        if cell.kind in CARRIES:
            ports = {port: signal[:used] for port, signal in cell.ports.items()}
            cell = Cell(cell.kind, cell.name, cell.attributes, dict(cell.parameters), ports)
            _set_width(cell, used)
        cell.ports = {port: self._renamed(signal) for port, signal in cell.ports.items()}
        yield cell


def _pick(signal: Signal, lanes: list[int]) -> Signal:
    return [signal[n] for n in lanes]


def _lanes(targets: list[Bit | None]) -> Iterator[list[int]]:
    """Yields the numbers of contiguous driven bits, one list for each part of a wire."""
    lanes: list[int] = []
    for number, target in enumerate(targets):
        if lanes and (target is None or not _follows(targets[lanes[-1]], target)):
            yield lanes
            lanes = []
        if target is not None:
            lanes.append(number)
    if lanes:
        yield lanes


def _follows(last: Bit, bit: Bit) -> bool:
    return last[0] == bit[0] and bit[1] == last[1] + 1


def _set_width(cell: Cell, width: int) -> None:
    cell.parameters |= {name: str(width) for name in cell.parameters
                        if name in ("\\WIDTH", "\\A_WIDTH", "\\B_WIDTH", "\\Y_WIDTH")}
