"""Block RAMs and multipliers of a netlist as cells whose ports are vectors.

Yosys has no models of these cells. The models in ``cells`` cover what this project uses, and this
module refuses every other use.
"""

import re
from dataclasses import dataclass

from sim.tools import ToolError

Bit = int | str  # net number, or a constant
Cell = dict

WORDS_BITS = 320  # of an INITVAL: 16 words of 20 bits; the memory uses 18 of each
CONSTANT = ("0", "1", "x")


@dataclass(frozen=True)
class Shape:
    """Describes how cells of ``kind`` become cells of ``gathered``."""

    kind: str
    gathered: str
    ports: dict[str, int]  # widths of modelled ports; 0 is a single bit without an index
    fixed: dict[str, tuple[Bit, ...]]  # inputs that must have one of these constant values
    kept: tuple[str, ...] = ()  # parameters that the model has
    modelled: frozenset[tuple[str, str]] = frozenset()  # allowed values of other parameters


BLOCK_RAM = Shape(
    kind="DP16KD", gathered="BLOCK_RAM",
    ports={"CEA": 0, "WEA": 0, "ADA": 14, "DIA": 18, "DOA": 18,
           "CEB": 0, "ADB": 14, "DIB": 18, "DOB": 18},
    fixed={"WEB": ("0",), "RSTA": ("0",), "RSTB": ("0",),
           **{f"CS{port}{n}": ("0",) for port in "AB" for n in range(3)}},
    kept=("DATA_WIDTH_A", "DATA_WIDTH_B", "WRITEMODE_A"),
    modelled=frozenset({
        ("CLKAMUX", "CLKA"), ("CLKBMUX", "CLKB"), ("REGMODE_A", "NOREG"), ("REGMODE_B", "NOREG"),
        ("CSDECODE_A", "0b000"), ("CSDECODE_B", "0b000")}),
)
MULTIPLIER = Shape(
    kind="MULT18X18D", gathered="MULTIPLIER",
    ports={"A": 18, "B": 18, "SIGNEDA": 0, "SIGNEDB": 0, "P": 36},
    fixed={"SOURCEA": ("0",), "SOURCEB": ("0",)},
)
# These do not matter for cells without output registers that are never reset.
IRRELEVANT = ("ASYNC_RESET_RELEASE", "RESETMODE", "GSR", "WRITEMODE_B")


def gather(cells: dict[str, Cell]) -> None:
    """Replaces the cells in place.

    Raises ``ToolError`` for a cell that is used in a way that the model does not cover.
    """
    for name, cell in cells.items():
        for shape in (BLOCK_RAM, MULTIPLIER):
            if cell["type"] == shape.kind:
                _check(name, cell, shape)
                old, old_parameters = cell["connections"], cell["parameters"]
                cell["type"] = shape.gathered
                cell["parameters"] = {key: old_parameters[key] for key in shape.kept
                                      if key in old_parameters}
                cell["connections"] = {port: _vector(old, port, width)
                                       for port, width in shape.ports.items()}
                if shape is BLOCK_RAM:
                    cell["connections"]["CLK"] = [_clock(name, old)]
                    cell["parameters"]["INIT"] = _contents(old_parameters)
                    cell["parameters"]["WRITTEN"] = f"{int(old['WEA'] != ['0']):032b}"
                cell["port_directions"] = {port: "output" if port[0] in "P" or port[:2] == "DO"
                                           else "input" for port in cell["connections"]}


def _check(name: str, cell: Cell, shape: Shape) -> None:
    for port, allowed in shape.fixed.items():
        if (bits := cell["connections"].get(port, ["0"])) and bits[0] not in allowed:
            raise ToolError(f"{name}: port {port} of a {shape.kind} is used, which has no model")
    for key, value in cell["parameters"].items():
        known = key in shape.kept or key in IRRELEVANT or key.startswith("INITVAL_")
        if not known and (key, value) not in shape.modelled:
            raise ToolError(f"{name}: {key} {value} of a {shape.kind} has no model")


def _vector(connections: dict[str, list[Bit]], port: str, width: int) -> list[Bit]:
    names = [f"{port}{n}" for n in range(width)] if width else [port]
    return [(connections.get(name) or ["x"])[0] for name in names]


def _clock(name: str, connections: dict[str, list[Bit]]) -> Bit:
    """Returns the common clock of both ports. A port without a clock is idle."""
    clocks = {bit for port in ("CLKA", "CLKB") for bit in connections.get(port, [])
              if bit not in CONSTANT}
    if len(clocks) != 1:
        raise ToolError(f"{name}: a block RAM with {len(clocks)} clocks, which has no model")
    return clocks.pop()


def _contents(parameters: dict[str, str]) -> str:
    """Returns the binary digits of all words, last word first."""
    values = sorted((key for key in parameters if re.fullmatch(r"INITVAL_[0-9A-F]{2}", key)),
                    reverse=True)
    digits = "".join(parameters[key].rjust(WORDS_BITS, "0") for key in values)
    return "".join(digits[n + 2:n + 20] for n in range(0, len(digits), 20))
