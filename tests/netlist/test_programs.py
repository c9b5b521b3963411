"""Programs run on the netlist of ECP5 cells cycle by cycle as on the RTL."""

from sim.model.run_options import RunOptions
from sim.model.simulate import simulate
from sim.tools import BUILD
from soc.config import configuration
from tests.sim.model.test_harness import DESIGN, PARAMS, finish, image, show


def same_on_netlist(params, program, design=None) -> None:
    rtl, netlist = (simulate(params, program, RunOptions(max_cycles=2_000_000, netlist=kind),
                             design=design) for kind in (False, True))
    assert netlist.passed, netlist.errors
    assert netlist.output == rtl.output
    assert netlist.report["cycles"] == rtl.report["cycles"]
    assert netlist.report["harts"] == rtl.report["harts"]


def test_a_toy_takes_the_same_cycles(tmp_path):
    same_on_netlist(PARAMS, image(tmp_path, show("a line of text") + finish(0x5555)), DESIGN)


def test_hello_takes_the_same_cycles():
    same_on_netlist(configuration("tiny", harts=1), BUILD / "sw" / "hello.elf")
