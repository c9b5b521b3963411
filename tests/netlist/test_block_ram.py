"""Block RAMs of a netlist do what a model says, in all shapes that we use."""

import random
import re

import cocotb
import pytest
from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out
from cocotb.clock import Clock
from cocotb.triggers import FallingEdge

from tests.netlist.synthesise import netlist_of
from tests.support.clock import PERIOD_NS
from tests.support.run import run_verilog

# Width, depth, bits that are written together; each becomes cells of the width named.
SHAPES = {"2": (2, 8192, 2), "4": (4, 4096, 4), "9": (9, 2048, 9), "18": (18, 1024, 18),
          "36": (36, 512, 36), "18 by bytes": (18, 1024, 9), "36 by bytes": (36, 512, 9),
          "two": (64, 512, 64)}
CELL_WIDTH = {"two": 36} | {name: int(name.split()[0]) for name in SHAPES if name != "two"}


def contents(width: int, depth: int) -> list[int]:
    """What a memory holds at first."""
    rng = random.Random(width)
    return [rng.getrandbits(width) for _ in range(depth)]


class OneMemory(wiring.Component):
    """A memory with a port to write and one to read; without ``granularity`` it is only read."""

    def __init__(self, width: int, depth: int, granularity: int) -> None:
        self.width, self.depth, self.granularity = width, depth, granularity
        super().__init__({
            "write": In(width // granularity if granularity else 1),
            "write_addr": In(range(depth)),
            "write_data": In(width),
            "read": In(1),
            "read_addr": In(range(depth)),
            "data": Out(width),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        m.submodules.memory = memory = Memory(
            shape=unsigned(self.width), depth=self.depth, init=contents(self.width, self.depth),
            attrs={"no_rw_check": 1, "ram_style": "block"})
        read = memory.read_port()
        m.d.comb += [read.en.eq(self.read), read.addr.eq(self.read_addr), self.data.eq(read.data)]
        if self.granularity:
            write = memory.write_port(granularity=self.granularity)
            m.d.comb += [write.en.eq(self.write), write.addr.eq(self.write_addr),
                         write.data.eq(self.write_data)]
        return m


@cocotb.test()
async def memory_is_read_and_written(dut):
    rng = random.Random(cocotb.RANDOM_SEED)
    width, depth, granularity = (int(cocotb.plusargs[name])
                                 for name in ("width", "depth", "granularity"))
    words = contents(width, depth)
    cocotb.start_soon(Clock(dut.clk, PERIOD_NS, "ns").start())
    await FallingEdge(dut.clk)
    known = False
    seen = 0
    addresses = [rng.randrange(depth) for _ in range(6)]
    for _ in range(3000):
        if rng.random() < 0.05:
            addresses = [rng.randrange(depth) for _ in range(6)]
        read, write = rng.getrandbits(1), rng.getrandbits(len(dut.write))
        read_addr, write_addr = rng.choice(addresses), rng.choice(addresses)
        data = rng.getrandbits(width)
        dut.read.value, dut.read_addr.value = read, read_addr
        dut.write.value, dut.write_addr.value, dut.write_data.value = write, write_addr, data
        await FallingEdge(dut.clk)
        if read:
            known, seen = True, words[read_addr]
        if granularity:
            for part in range(width // granularity):
                if write >> part & 1:
                    mask = (1 << granularity) - 1 << part * granularity
                    words[write_addr] = words[write_addr] & ~mask | data & mask
        if known:
            assert int(dut.data.value) == seen


@pytest.mark.parametrize(("shape", "written"), [
    *((shape, True) for shape in SHAPES), ("9", False), ("18", False)])
def test_memory(shape, written):
    width, depth, granularity = SHAPES[shape]
    granularity *= written
    text = netlist_of(OneMemory(width, depth, granularity), f"memory {shape} {written}")
    cells = re.findall(r"BLOCK_RAM #\(\s+\.DATA_WIDTH_A\(32'd(\d+)\)", text)
    assert cells and (not written or {int(cell) for cell in cells} == {CELL_WIDTH[shape]})
    run_verilog(text, "top", __name__, f"netlist memory {shape} {written}", plusargs=[
        f"+width={width}", f"+depth={depth}", f"+granularity={granularity}"])
