"""The whole device follows its golden model."""

import pytest

from hdl.taic.taic import Taic
from tests.hdl.taic.device_bench import SHAPES
from tests.support.run import run_cocotb

TESTS = ("device_sequences", "device_defects", "device_random")


@pytest.mark.parametrize("shape", ["small", "medium", "default"])
def test_taic(shape):
    modules = ",".join(f"tests.hdl.taic.{name}" for name in TESTS)
    run_cocotb(Taic(SHAPES[shape]), modules, f"taic_{shape}", plusargs=[f"+shape={shape}"])


def test_taic_ports():
    run_cocotb(Taic(SHAPES["ports"]), "tests.hdl.taic.device_ports", "taic_ports",
               plusargs=["+shape=ports"])
