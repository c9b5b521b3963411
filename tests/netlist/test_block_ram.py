"""Block RAMs of a netlist match a model in all shapes that the project uses.

A read that collides with a write is undefined. The test checks that the result really varies.
"""

import random
import re
from typing import NamedTuple

import cocotb
from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out, connect, flipped
from cocotb.clock import Clock
from cocotb.triggers import FallingEdge

from tests.netlist.synthesise import netlist_of
from tests.support.clock import PERIOD_NS
from tests.support.run import run_verilog


class Shape(NamedTuple):
    width: int
    depth: int
    granularity: int  # bits that are written together; 0 for a ROM
    cell: int  # width of the resulting cells

    @property
    def parts(self) -> int:
        return self.width // self.granularity if self.granularity else 0

    @property
    def contents(self) -> list[int]:
        """The initial contents of the memory."""
        rng = random.Random(self.width)
        return [rng.getrandbits(self.width) for _ in range(self.depth)]


SHAPES = {
    "bits_2": Shape(2, 8192, 2, 2), "bits_4": Shape(4, 4096, 4, 4), "bits_9": Shape(9, 2048, 9, 9),
    "bits_18": Shape(18, 1024, 18, 18), "bits_36": Shape(36, 512, 36, 36),
    "bytes_2": Shape(18, 1024, 9, 18), "bytes_4": Shape(36, 512, 9, 36),
    "two_cells": Shape(64, 512, 64, 36), "read_9": Shape(9, 2048, 0, 9),
    "read_18": Shape(18, 1024, 0, 18),
}


class OneMemory(wiring.Component):
    """A memory with a read port, and a write port unless it is a ROM."""

    def __init__(self, shape: Shape) -> None:
        self.shape = shape
        super().__init__({
            "write": In(shape.parts or 1),
            "write_addr": In(range(shape.depth)),
            "write_data": In(shape.width),
            "read": In(1),
            "read_addr": In(range(shape.depth)),
            "data": Out(shape.width),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        shape = self.shape
        m.submodules.memory = memory = Memory(
            shape=unsigned(shape.width), depth=shape.depth, init=shape.contents,
            attrs={"no_rw_check": 1, "ram_style": "block"})
        read = memory.read_port()
        m.d.comb += [read.en.eq(self.read), read.addr.eq(self.read_addr), self.data.eq(read.data)]
        if shape.parts:
            write = memory.write_port(granularity=shape.granularity)
            m.d.comb += [write.en.eq(self.write), write.addr.eq(self.write_addr),
                         write.data.eq(self.write_data)]
        return m


class Memories(wiring.Component):
    """One memory of each shape. The shape's name is the prefix of its ports."""

    def __init__(self) -> None:
        self.memories = {name: OneMemory(shape) for name, shape in SHAPES.items()}
        super().__init__({name: Out(memory.signature)
                          for name, memory in self.memories.items()})

    def elaborate(self, platform) -> Module:
        m = Module()
        for name, memory in self.memories.items():
            m.submodules[name] = memory
            connect(m, flipped(getattr(self, name)), memory)
        return m


@cocotb.test()
@cocotb.parametrize(name=list(SHAPES))
async def memory_is_read_and_written(dut, name):
    rng = random.Random(cocotb.RANDOM_SEED)
    width, depth, granularity, _ = shape = SHAPES[name]
    read, read_addr, data, write, write_addr, write_data = (
        getattr(dut, f"{name}__{port}")
        for port in ("read", "read_addr", "data", "write", "write_addr", "write_data"))
    words = shape.contents
    clock = Clock(dut.clk, PERIOD_NS, "ns")
    clock.start()
    await FallingEdge(dut.clk)
    known = seen = 0  # mask of known bits, and their values
    lost = 0  # undefined bits that differed from the old contents
    addresses = [rng.randrange(depth) for _ in range(6)]
    for _ in range(3000):
        if rng.random() < 0.05:
            addresses = [rng.randrange(depth) for _ in range(6)]
        reads, parts = rng.getrandbits(1), rng.getrandbits(shape.parts or 1)
        from_addr, to_addr, word = *rng.choices(addresses, k=2), rng.getrandbits(width)
        read.value, read_addr.value = reads, from_addr
        write.value, write_addr.value, write_data.value = parts, to_addr, word
        await FallingEdge(dut.clk)
        mask = sum((1 << granularity) - 1 << part * granularity
                   for part in range(shape.parts) if parts >> part & 1)
        if reads:
            known, seen = (1 << width) - 1, words[from_addr]
            if from_addr == to_addr:
                known &= ~mask
        words[to_addr] = words[to_addr] & ~mask | word & mask
        difference = int(data.value) ^ seen
        assert not difference & known
        lost |= difference if reads else 0
    assert lost or not shape.parts


def test_memories():
    text = netlist_of(Memories(), "memories")
    cells = [(memory, int(width)) for width, memory in re.findall(
        r"BLOCK_RAM #\(\s+\.DATA_WIDTH_A\(32'd(\d+)\)[^;]*?\b(\w+)__read_addr", text)]
    for name, shape in SHAPES.items():
        widths = {width for memory, width in cells if memory == name}
        assert widths == {shape.cell} if shape.parts else widths, name
    run_verilog(text, "top", __name__, "netlist memories")
