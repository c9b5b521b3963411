"""``rel4 bench`` on a board measures the same metrics, for the SoC that the board reports."""

import json
import subprocess
import sys
from dataclasses import replace

import pytest

from sim.bench.target import CannotRun, Program
from sim.board.workspace import params_of
from sim.tools import PROJECT, ToolError
from soc.boot_info import BootInfo
from soc.config import configuration, without_taic
from tests.boards.board_model import SMALL_DRAM_BYTES, small_board
from tests.boards.simulated import simulated
from tests.sw.test_programs import CORE_METRICS


def test_suites_that_the_board_can_run(tmp_path):
    with simulated(small_board(), tmp_path, SMALL_DRAM_BYTES) as (port, _):
        done = subprocess.run(
            [sys.executable, "-m", "sim", "bench", "--target", f"board:{port}", "--patience", "60",
             "--json", tmp_path / "bench.json"],
            cwd=PROJECT, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stderr
    for line in ("uintr is left out: uintr needs 2 harts, there are 1",
                 "taic is left out: taic needs TAIC, there is none",
                 "message is left out: message needs 2 harts, there are 1"):
        assert f"rel4 bench: {line}\n" in done.stderr
    result = json.loads((tmp_path / "bench.json").read_text())
    assert result["suites"] == ["core"]
    assert result["config"] == {
        "target": "board", "config": "tiny-no-taic", "harts": 1, "clock_mhz": 100,
        "memory_kib": 256, "taic": 0}
    names = {" ".join([m["name"], *(f"{k}={v}" for k, v in m["params"].items())])
             for m in result["metrics"]}
    assert names == CORE_METRICS
    assert all(m["samples"] == 1000 and m["value"] <= m["worst"]
               for m in result["metrics"])


def test_machine_that_has_too_little():
    program = Program("pingpong", harts=4, least_harts=2, taic=True, memory_kib=64)
    program.check(2, True, 64)
    for machine, text in (((1, True, 64), "pingpong needs 2 harts, there are 1"),
                          ((2, False, 64), "pingpong needs TAIC, there is none"),
                          ((2, True, 63), "needs 64 KiB of memory, there are 63")):
        with pytest.raises(CannotRun, match=text):
            program.check(*machine)


def test_constants_are_those_of_the_board():
    params = configuration("tiny", harts=3, clock_hz=35_000_000, timebase_hz=5_000_000,
                           dram_bytes=1 << 20)
    assert params_of(BootInfo.of(params)) == params
    assert params_of(BootInfo.of(without_taic(params))) == params
    with pytest.raises(ToolError, match="is not known here: no configuration 'huge'"):
        params_of(replace(BootInfo.of(params), name="huge"))
