"""Programs with two harts take the same cycles on netlists and RTL. `make netlist` runs them."""

import pytest

from sim.model.run_options import RunOptions
from sim.model.simulate import simulate
from sim.tools import BUILD
from soc.config import configuration


@pytest.mark.parametrize("config", ["tiny", "default"])
@pytest.mark.parametrize("program", ["hello", "selftest"])
def test_takes_the_same_cycles(config, program):
    params, image = configuration(config, harts=2), BUILD / "sw" / f"{program}.elf"
    rtl, netlist = (simulate(params, image, RunOptions(netlist=kind)) for kind in (False, True))
    assert netlist.passed, netlist.output.decode() + netlist.errors
    assert netlist.output == rtl.output
    assert netlist.report["cycles"] == rtl.report["cycles"]
    assert netlist.report["harts"] == rtl.report["harts"]


@pytest.mark.parametrize("seed", [1, 2])
def test_hello_relies_on_nothing_undefined(seed):
    params, image = configuration("tiny", harts=1), BUILD / "sw" / "hello.elf"
    result = simulate(params, image,
                      RunOptions(max_cycles=2_000_000, netlist=True, undefined=seed))
    assert result.passed, result.errors
    assert b"Hello from U-mode" in result.output
