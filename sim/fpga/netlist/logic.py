"""Reads a module of gates and flip-flops from Yosys's JSON and evaluates it."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import TypeVar

from sim.fpga.netlist.gather import Bit, Cell
from sim.tools import ToolError

FLIP_FLOP = "$_DFF_P_"
Value = TypeVar("Value")


class Logic:
    """A module. All its flip-flops share one clock and have neither enable nor reset.

    ``flip_flops`` maps the output of each flip-flop to its input, and ``starts`` to its initial
    value. ``inputs`` holds the names of inputs, ``names`` the names of all named nets.
    """

    def __init__(self, module: dict) -> None:
        self.module = module
        self.drivers: dict[Bit, Cell] = {}
        self.flip_flops: dict[Bit, Bit] = {}
        clocks = set()
        for cell in module["cells"].values():
            connections = cell["connections"]
            if cell["type"] == FLIP_FLOP:
                self.flip_flops[connections["Q"][0]] = connections["D"][0]
                clocks.add(connections["C"][0])
            elif cell["type"] in PINS:
                self.drivers[connections["Y"][0]] = cell
            else:
                raise ToolError(f"a {cell['type']} cannot be compared")
        if len(clocks) > 1:
            raise ToolError(f"{len(clocks)} clocks cannot be compared")
        self.inputs = {bit: f"{name}[{n}]" for name, port in module["ports"].items()
                       if port["direction"] == "input" for n, bit in enumerate(port["bits"])}
        self.names: dict[Bit, list[str]] = defaultdict(list)
        self.starts: dict[Bit, str] = {}
        for name, net in module["netnames"].items():
            start = net["attributes"].get("init", "")[::-1]
            for n, bit in enumerate(net["bits"]):
                if not net["hide_name"]:
                    self.names[bit].append(f"{name}[{n}]")
                if start[n:n + 1] in ("0", "1"):
                    self.starts[bit] = start[n]

    def name(self, bit: Bit) -> str:
        return min(self.names[bit], key=len, default=str(bit))

    def evaluate(self, given: dict[Bit, Value], wanted: Iterable[Bit],
                 both: Callable[[Value, Value], Value], invert: Callable[[Value], Value],
                 false: Value) -> dict[Bit, Value]:
        """Computes the values of ``wanted`` from the values of inputs and flip-flops in ``given``.
        ``given`` is not modified. Missing inputs and flip-flops and undefined bits have the value
        ``false``."""
        values = {"0": false, "1": invert(false), "x": false, "z": false} | given
        for root in wanted:
            stack = [root]
            while stack:
                bit = stack[-1]
                cell = self.drivers.get(bit)
                if bit in values or cell is None:
                    values.setdefault(bit, false)
                    stack.pop()
                    continue
                pins = [cell["connections"][pin][0] for pin in PINS[cell["type"]]]
                if missing := [pin for pin in pins if pin not in values]:
                    stack += missing
                    continue
                values[bit] = _gate(cell["type"], [values[pin] for pin in pins], both, invert)
                stack.pop()
        return values


PINS = {"$_NOT_": "A", "$_MUX_": "ABS"} | {
    f"$_{kind}_": "AB" for kind in ("AND", "OR", "XOR", "NAND", "NOR", "XNOR", "ANDNOT", "ORNOT")}


def _gate(kind: str, pins: list[Value], both: Callable[[Value, Value], Value],
          invert: Callable[[Value], Value]) -> Value:
    def either(a: Value, b: Value) -> Value:
        return invert(both(invert(a), invert(b)))

    if kind == "$_NOT_":
        return invert(pins[0])
    a, b = pins[:2]
    if kind == "$_MUX_":
        return either(both(pins[2], b), both(invert(pins[2]), a))
    if kind in ("$_XOR_", "$_XNOR_"):
        differ = either(both(a, invert(b)), both(invert(a), b))
        return differ if kind == "$_XOR_" else invert(differ)
    if kind.endswith("NOT_"):
        b = invert(b)
    value = either(a, b) if "OR" in kind else both(a, b)
    return invert(value) if kind in ("$_NAND_", "$_NOR_") else value
