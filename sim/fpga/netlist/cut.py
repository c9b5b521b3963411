"""Takes the memories out of a netlist: their ports become ports of the module.

The rest is logic and flip-flops. Two netlists with the same memories can then be compared.
"""

from dataclasses import dataclass

from sim.fpga.netlist.gather import BLOCK_RAM, Cell, gather

LUT_RAM = "TRELLIS_DPR16X4"
MEMORIES = (BLOCK_RAM.gathered, LUT_RAM)
OUTPUTS = ("DO", "DOA", "DOB")
CLOCKS = ("CLK", "WCK")


@dataclass(frozen=True)
class Cut:
    """A module without its memories, and the parameters of each removed memory by cell name."""

    module: dict
    memories: dict[str, dict[str, str]]


def cut_memories(module: dict) -> Cut:
    """Cuts the module of a netlist in Yosys's JSON.

    Port ``P`` of the memory ``m`` becomes the port ``m.P`` of the module. Clocks are left out.
    Raises ``ToolError`` for a memory that is used in an unsupported way.
    """
    cells: dict[str, Cell] = {name: cell for name, cell in module["cells"].items()
                              if cell["type"] != "$scopeinfo"}
    gather(cells)
    ports, memories = dict(module["ports"]), {}
    for name in [name for name, cell in cells.items() if cell["type"] in MEMORIES]:
        memory = cells.pop(name)
        memories[name] = memory["parameters"]
        for port, bits in memory["connections"].items():
            if port not in CLOCKS:
                direction = "input" if port in OUTPUTS else "output"
                ports[f"{name}.{port}"] = {"direction": direction, "bits": bits}
    return Cut({"ports": ports, "cells": cells, "netnames": module["netnames"]}, memories)
