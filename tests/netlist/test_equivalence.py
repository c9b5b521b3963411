"""The netlist of the UINTC is proven equal to the RTL. A changed netlist is not."""

import json
from pathlib import Path

import pytest
from amaranth.back import rtlil
from amaranth.lib import wiring

from hdl.uintc import Uintc, UintcParams
from sim.fpga.netlist.comparison import compare
from sim.fpga.yosys import synthesise_rtlil
from sim.parts import part
from sim.tools import BUILD
from soc.config import configuration

# How to make the component, and its least number of flip-flops and points of comparison.
UINTCS = {"small": (lambda: Uintc(UintcParams(8, 1)), 100, 200),
          "tiny": (lambda: part("uintc", configuration("tiny")), 200, 400)}


def synthesised(component: wiring.Component, name: str) -> tuple[Path, Path]:
    """Returns the folder and the netlist."""
    folder = BUILD / "tests" / f"equivalence-{name}"
    text = rtlil.convert(component, name="top", emit_src=False)
    return folder, synthesise_rtlil(text, folder, flatten=True).netlist


def with_fault(netlist: Path) -> Path:
    """Changes one bit of a lookup table. The table connects only registers and ports, so that all
    of its bits matter."""
    design = json.loads(netlist.read_text())
    top = design["modules"]["top"]
    flip_flops = [cell["connections"] for cell in top["cells"].values()
                  if cell["type"] == "TRELLIS_FF"]
    ports = {direction: {bit for port in top["ports"].values() if port["direction"] == direction
                         for bit in port["bits"]} for direction in ("input", "output")}
    sources = {pins["Q"][0] for pins in flip_flops} | ports["input"]
    sinks = {pins["DI"][0] for pins in flip_flops} | ports["output"]
    for cell in top["cells"].values():
        pins = cell["connections"]
        if cell["type"] == "LUT4" and pins["Z"][0] in sinks:
            taken = [pins[pin][0] for pin in "ABCD" if pins[pin][0] not in ("0", "1")]
            if taken and len(set(taken)) == len(taken) and set(taken) <= sources:
                bits = cell["parameters"]["INIT"]
                place = 15 - sum(1 << n for n, pin in enumerate("ABCD") if pins[pin] == ["1"])
                flipped = "1" if bits[place] == "0" else "0"
                cell["parameters"]["INIT"] = bits[:place] + flipped + bits[place + 1:]
                changed = netlist.with_name("faulty.json")
                changed.write_text(json.dumps(design))
                return changed
    raise AssertionError("no lookup table between registers and ports only")


@pytest.mark.parametrize("name", UINTCS)
def test_uintc_and_a_fault_in_it(name):
    make, flip_flops, points = UINTCS[name]
    folder, netlist = synthesised(make(), f"uintc-{name}")
    result = compare(folder, netlist)
    assert result.equal, result.unproven
    assert result.flip_flops > flip_flops and result.memories > 0 and result.points > points
    assert not compare(folder, with_fault(netlist)).equal
