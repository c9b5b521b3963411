"""Makes netlists of small components."""

import re

from amaranth.back import rtlil
from amaranth.lib import wiring

from sim.fpga.netlist.simulated import netlist_verilog
from sim.fpga.yosys import synthesise_rtlil
from tests.support.run import BUILD


def netlist_of(component: wiring.Component, name: str) -> str:
    folder = BUILD / "netlist" / re.sub(r"\W", "_", name)
    text = rtlil.convert(component, name="top", emit_src=False)
    return netlist_verilog(synthesise_rtlil(text, folder, flatten=True).netlist, folder)
