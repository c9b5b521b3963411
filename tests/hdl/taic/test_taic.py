"""The whole device follows its golden model."""

import pytest

from hdl.taic import Taic
from hdl.taic.params import MAX_HARTS
from hdl.taic.taic import dequeued_depth
from tests.hdl.taic.device_bench import SHAPES
from tests.support.run import run_cocotb

ONE_PORT = ("device_sequences", "device_defects", "device_owners", "device_random")
FULL = ("device_full",)  # of small shapes: filling the device takes long
SEVERAL_HARTS = ("device_harts",)
SEVERAL_PORTS = ("device_ports", "device_head_prefetch", "device_cycles")
TESTS = {"small": ONE_PORT + FULL + SEVERAL_HARTS, "medium": ONE_PORT + FULL + SEVERAL_HARTS,
         "default": ONE_PORT, "ports": SEVERAL_PORTS + SEVERAL_HARTS}


def test_every_number_of_ports_can_dequeue():
    for ports in range(1, MAX_HARTS + 1):
        assert dequeued_depth(ports) > 3 * ports


@pytest.mark.parametrize("shape", TESTS)
def test_taic(shape):
    modules = ",".join(f"tests.hdl.taic.{name}" for name in TESTS[shape])
    run_cocotb(Taic(SHAPES[shape]), modules, f"taic_{shape}", plusargs=[f"+shape={shape}"])
