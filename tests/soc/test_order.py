"""Signals can be computed in one order. No signal depends on itself, even through other bits."""

import re
import subprocess

from sim.model.elaborate import simulation_verilog
from soc.config import configuration
from soc.top import Soc
from tests.support.toolchain import verilator_environment


def test_no_signal_depends_on_itself(tmp_path):
    """Simulators may disagree on the value of such a loop, and Verilator is slow with it."""
    verilator_environment()
    source = tmp_path / "soc.v"
    source.write_text(simulation_verilog(Soc(configuration("default")), "soc"))
    result = subprocess.run(
        ["verilator", "--lint-only", "-Wno-fatal", "-Wno-lint", "-Wwarn-UNOPTFLAT",
         "--top-module", "soc", source], capture_output=True, text=True)
    assert not result.returncode, result.stderr
    assert not re.findall(r"%Warning-UNOPTFLAT: .*", result.stderr)
