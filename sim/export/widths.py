"""Gives the operands of a cell equal widths, so that a Verilog tool extends or cuts nothing."""

from sim.export.rtlil import Cell, Module, Signal

A, B, Y = "\\A", "\\B", "\\Y"
COMPARISONS = {"$eq", "$ne", "$lt", "$le", "$gt", "$ge"}
# Bit n of the result depends only on the bits up to n of the operands.
MODULAR = {"$add", "$sub", "$mul", "$neg", "$and", "$or", "$xor", "$not"}


# A shift by more bits would need too wide a word.
INDEX_BITS = 10


def settle(module: Module) -> None:
    known = [(cell, _constant(cell)) for cell in module.cells]
    module.connections += [(cell.ports[Y], [bit]) for cell, bit in known if bit]
    module.cells = [cell for cell, bit in known if not bit]
    for cell in module.cells:
        if cell.kind == "$logic_not":
            cell.kind = "$eq"
            cell.ports[B] = ["0"]
            cell.parameters |= {"\\B_SIGNED": "0", "\\B_WIDTH": "1"}
        if cell.kind in COMPARISONS:
            resize(cell, max(len(cell.ports[A]), len(cell.ports[B])))
        elif cell.kind in MODULAR:
            resize(cell, len(cell.ports[Y]))
        elif cell.kind in ("$shl", "$sshl"):
            resize(cell, len(cell.ports[Y]), (A,))
        elif cell.kind == "$shift":
            _select(cell)


def _constant(cell: Cell) -> str | None:
    """Returns the result of a comparison with the smallest or largest number of that width."""
    if cell.kind in COMPARISONS and not cell.number("\\A_SIGNED"):
        width = len(cell.ports[A])
        if cell.ports[B] == ["1"] * width:
            return {"$le": "1", "$gt": "0"}.get(cell.kind)
        if cell.ports[B] == ["0"] * width:
            return {"$ge": "1", "$lt": "0"}.get(cell.kind)
    return None


def _select(cell: Cell) -> None:
    """Turns a shift to the right into the selection of bits. Zeros stand above the word, so that
    every index selects what the shift gives."""
    index, word = cell.ports[B], cell.ports[A]
    if (cell.number("\\A_SIGNED") or cell.number("\\B_SIGNED") or len(index) > INDEX_BITS):
        return
    cell.kind = "$shiftx"
    width = max((1 << len(index)) - 1 + len(cell.ports[Y]), len(word))
    cell.ports[A] = _resized(word, width, signed=False)
    cell.ports[B] = _resized(index, max((width - 1).bit_length(), 1), signed=False)
    cell.parameters |= {"\\A_WIDTH": str(width), "\\B_WIDTH": str(len(cell.ports[B]))}


def resize(cell: Cell, width: int, operands: tuple[str, ...] = (A, B)) -> None:
    """Extends or cuts the operands to ``width`` bits."""
    for port in operands:
        if port in cell.ports:
            signed = cell.number(f"{port}_SIGNED") == 1
            cell.ports[port] = _resized(cell.ports[port], width, signed=signed)
            cell.parameters[f"{port}_WIDTH"] = str(width)
            if cell.kind in MODULAR:
                cell.parameters[f"{port}_SIGNED"] = "0"


def _resized(signal: Signal, width: int, *, signed: bool) -> Signal:
    filling = signal[-1] if signed else "0"
    return signal[:width] + [filling] * (width - len(signal))
