"""Runs cocotb tests of one component under Verilator, from pytest."""

import os
import re
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree

from amaranth.lib import wiring

from sim.model.elaborate import simulation_verilog
from tests.support import reuse
from tests.support.model import BUILD, model
from tests.support.sources import contents
from tests.support.toolchain import versions

DEFAULT_SEED = 1  # so that what failed fails again


def run_cocotb(dut: wiring.Component, module: str, name: str, **options) -> None:
    """Simulates ``dut``; see ``run_verilog``."""
    run_verilog(simulation_verilog(dut, "dut"), "dut", module, name, **options)


def run_verilog(text: str, top: str, module: str, name: str, *, seed: int | None = None,
                waves: bool = False, plusargs: Sequence[str] = ()) -> None:
    """Simulates the module ``top`` with the cocotb tests of the Python module ``module``.

    ``name`` names the folder under ``build/tests`` where the tests run (one a parameter set, so
    that runs side by side keep apart). The seed is printed. It can be given by
    ``COCOTB_RANDOM_SEED``, else it is always the same. The tests find ``plusargs`` in
    ``cocotb.plusargs``. Raises if a test fails. A run that passed before with the same Verilog,
    tests, seed and tools is not repeated if ``reuse`` is enabled.
    """
    from cocotb_tools.runner import get_results, get_runner

    if seed is None:
        seed = int(os.environ.get("COCOTB_RANDOM_SEED", DEFAULT_SEED))
    modules = module.split(",")
    run = reuse.key([text, top, module, repr((seed, waves, tuple(plusargs))), versions(),
                     *contents([*modules, __name__])])
    if reuse.passed_before(run):
        return
    folder = BUILD / re.sub(r"[^A-Za-z0-9_.-]", "_", name)
    folder.mkdir(parents=True, exist_ok=True)
    results = get_runner("verilator").test(
        hdl_toplevel=top, hdl_toplevel_lang="verilog", test_module=module,
        build_dir=model(text, top, waves=waves), test_dir=folder, waves=waves, seed=seed,
        plusargs=list(plusargs), results_xml=str(folder / "results.xml"),
    )
    count, failed = get_results(results)
    assert not failed, f"{failed} of {count} cocotb tests failed: {module} ({name})"
    assert count > skipped(results), f"no cocotb test ran: {module} ({name})"
    reuse.record(run, name)


def skipped(results: Path) -> int:
    """Returns the number of tests that said that they do not apply."""
    return sum(int(suite.get("skipped", 0))
               for suite in ElementTree.parse(results).getroot().iter("testsuite"))
