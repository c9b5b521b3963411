"""The exported TAIC works behind each bus, for any initiator."""

import random
import re

import cocotb
import pytest

from hdl.taic import TaicParams, channel_registers, control_registers, queue_registers
from hdl.taic.params import CHANNEL_BYTES, CHANNEL_PAGES
from sim import tools
from tests.support.clock import cycles, start
from tests.support.run import run_verilog
from tests.support.verilog import PORTS, STYLE, bus_port, export, lint

SIZES = {"harts": 2, "contexts": 4, "queues": 4, "tasks": 128, "channels": 16, "lines": 8}
OPTIONS = [f"--{name}={value}" for name, value in SIZES.items()]
PARAMS = TaicParams(**SIZES)
CONTROL, QUEUE, CHANNEL = ({entry.name: entry.offset for entry in registers(PARAMS)} for registers
                           in (control_registers, queue_registers, channel_registers))


class Driver:
    """The accesses of a kernel and its processes to the device."""

    def __init__(self, dut):
        self.rng = random.Random(cocotb.RANDOM_SEED)
        self.port = bus_port(dut, self.rng)
        dut.line.value = 0

    async def control(self, name, value, index=0):
        await self.port.write(CONTROL[name] + 8 * index, value)

    async def allocate(self, os, process):
        """Allocates a queue. Returns its context and the number of its page."""
        await self.control("allocate", os)
        await self.control("allocate", process)
        word = await self.port.read(CONTROL["allocate"])
        return word >> 32, PARAMS.queues * (word >> 32) + word % (1 << 32)

    async def write(self, page, name, value):
        await self.port.write(0x1000 * (page + 1) + QUEUE[name], value)

    async def read(self, page, name):
        return await self.port.read(0x1000 * (page + 1) + QUEUE[name])

    async def connect(self, channel, sender, receiver):
        await self.port.write(CHANNEL_PAGES + CHANNEL_BYTES * channel + CHANNEL["config"],
                              1 | sender << 8 | receiver << 16)


@cocotb.test(timeout_time=2, timeout_unit="ms")
async def tasks_pass_through_in_order(dut):
    driver = Driver(dut)
    await start(dut)
    capabilities = await driver.port.read(CONTROL["capabilities"])
    assert capabilities & 0xFFFF_FFFF == (
        PARAMS.tasks << 16 | PARAMS.queues << 8 | PARAMS.contexts)
    pages = [(await driver.allocate(1, process))[1] for process in (0, 7, 7)]
    assert len(set(pages)) == 3
    own = {page: [] for page in pages}
    task = 0
    for _ in range(120):
        page = driver.rng.choice(pages)
        if len(own[page]) < 6 and driver.rng.random() < 0.6:  # below the context's limit
            task += 4
            await driver.write(page, "enqueue", task)
            own[page].append(task)
        else:
            steals = pages[3 - pages.index(page)] if page != pages[0] else page
            queue = own[page] or own[steals] or [0]
            assert await driver.read(page, "dequeue") == queue.pop(0)
    for page in pages:
        assert await driver.read(page, "error") == 0


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def notifications_and_lines_wake_and_interrupt(dut):
    driver = Driver(dut)
    await start(dut)
    sender, page_of_sender = await driver.allocate(1, 7)
    receiver, page = await driver.allocate(1, 9)
    await driver.connect(3, sender, receiver)
    await driver.control("grant", 1 << receiver, 2)
    await driver.control("installed", 1 << 63 | page, 1)
    for task, wakes in ((0x109, "send"), (0x205, "line")):
        if wakes == "send":
            await driver.write(page, "arm", 3 << 52 | task)
            assert int(dut.usip.value) == 0
            await driver.write(page_of_sender, "send", 3)
        else:
            await driver.write(page, "arm_line", 2 << 52 | task)
            assert int(dut.usip.value) == 0
            dut.line.value = 1 << 2
        await cycles(dut, 20)
        assert int(dut.usip.value) == 2 and int(dut.ssip.value) == 0, wakes
        assert await driver.read(page, "dequeue") == task
        await cycles(dut, 4)
        assert int(dut.usip.value) == 0, wakes
    assert await driver.read(page, "dequeue") == 0
    assert await driver.port.refuses_three_bytes(CONTROL["mode"])


@pytest.mark.parametrize(("bus", "bits"), [("wishbone", 32), ("axi4-lite", 64)])
def test_taic_behind(bus, bits):
    text = export("taic", "--bus", bus, "--bus-bits", bits, *OPTIONS)
    run_verilog(text, "taic", __name__, f"verilog_taic_{bus}_{bits}")


def test_ports_have_plain_names():
    text = export("taic", "--bus", "wishbone", *OPTIONS)
    (ports,) = re.findall(r"^module taic\((.*?)\);", text, re.MULTILINE | re.DOTALL)
    assert sorted(re.findall(r"\w+", ports)) == sorted(
        ["clk", "rst", "line", "usip", "ssip", *PORTS["wishbone"].split()])


def test_lint_finds_nothing_but_style(tmp_path):
    """There is no latch, open input or second driver. Other warnings are about the generator's
    style, vectors of no bits, a signal called process, and comparisons that are constant for the
    chosen sizes."""
    source = tmp_path / "taic.v"
    source.write_text(export("taic", "--bus", "wishbone", *OPTIONS))
    assert set(re.findall(r"%(?:Warning|Error)-(\w+)", lint("taic", source))) <= STYLE | {
        "ASCRANGE", "CMPCONST", "VARHIDDEN"}


def test_the_example_of_the_manual_fits(tmp_path):
    manual = (tools.PROJECT / "docs" / "ip.md").read_text()
    (example,) = re.findall(r"```verilog\n(module soc_tasks.*?)```", manual, re.DOTALL)
    (tmp_path / "soc_tasks.v").write_text(example)
    (tmp_path / "taic.v").write_text(export("taic", "--bus", "wishbone", "--harts", 4))
    said = lint("soc_tasks", tmp_path / "soc_tasks.v", tmp_path / "taic.v")
    assert "soc_tasks.v" not in said
