"""Runs cocotb tests under Icarus Verilog, whose events follow the standard to the letter."""

import os
import re
from collections.abc import Sequence

from tests.support.model import BUILD
from tests.support.run import DEFAULT_SEED


def run_icarus(text: str, top: str, module: str, name: str,
               plusargs: Sequence[str] = ()) -> None:
    """Simulates the module ``top`` of ``text`` with the tests of ``module``. Cocotb reads it with
    ``-g2012``: as SystemVerilog, in which the value of a declaration starts no process.

    ``name`` names the folder under ``build/tests``. Raises if a test fails.
    """
    from cocotb_tools.runner import get_results, get_runner

    folder = BUILD / re.sub(r"[^A-Za-z0-9_.-]", "_", name)
    folder.mkdir(parents=True, exist_ok=True)
    source = folder / f"{top}.v"
    source.write_text(text)
    runner = get_runner("icarus")
    runner.build(sources=[source], hdl_toplevel=top, build_dir=folder,
                 always=True, timescale=("1ns", "1ps"), log_file=folder / "build.log")
    results = runner.test(
        hdl_toplevel=top, hdl_toplevel_lang="verilog", test_module=module, build_dir=folder,
        test_dir=folder, seed=int(os.environ.get("COCOTB_RANDOM_SEED", DEFAULT_SEED)),
        plusargs=list(plusargs), results_xml=str(folder / "results.xml"))
    passed, failed = get_results(results)
    assert passed and not failed, f"{failed} of {passed} cocotb tests failed: {module} ({name})"
