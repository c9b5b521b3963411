"""Programs run on the netlist of ECP5 cells as on the RTL, cycle by cycle."""

import pytest

from sim.run import Result, RunOptions, simulate
from sim.tools import BUILD
from soc.config import configuration

PARAMS = configuration("tiny", harts=1)


def run(program: str, **options) -> Result:
    return simulate(PARAMS, BUILD / "sw" / f"{program}.elf",
                    RunOptions(max_cycles=2_000_000, **options))


def test_hello_takes_the_same_cycles():
    rtl, netlist = run("hello"), run("hello", netlist=True)
    assert netlist.passed, netlist.errors
    assert netlist.output == rtl.output
    assert netlist.report["cycles"] == rtl.report["cycles"]
    assert netlist.report["harts"] == rtl.report["harts"]


@pytest.mark.parametrize("seed", [1, 2])
def test_hello_relies_on_nothing_undefined(seed):
    rtl, netlist = run("hello"), run("hello", netlist=True, undefined=seed)
    assert netlist.passed, netlist.errors
    assert netlist.output == rtl.output
