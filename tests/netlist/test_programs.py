"""Programs run on the netlist of ECP5 cells as on the RTL, cycle by cycle."""

from sim.model.run_options import RunOptions
from sim.model.simulate import simulate
from sim.tools import BUILD
from soc.config import configuration

PARAMS = configuration("tiny", harts=1)
HELLO = BUILD / "sw" / "hello.elf"


def test_hello_takes_the_same_cycles():
    rtl, netlist = (simulate(PARAMS, HELLO, RunOptions(max_cycles=2_000_000, netlist=kind))
                    for kind in (False, True))
    assert netlist.passed, netlist.errors
    assert netlist.output == rtl.output
    assert netlist.report["cycles"] == rtl.report["cycles"]
    assert netlist.report["harts"] == rtl.report["harts"]
