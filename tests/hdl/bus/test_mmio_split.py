"""Accesses go in order to the side that their address selects, and answers come from that side."""

import random
from itertools import chain, repeat

import cocotb
import pytest
from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out, connect, flipped
from cocotb.triggers import FallingEdge, ReadOnly

from hdl.bus.mmio import MmioSignature
from hdl.bus.mmio_split import MmioSplit
from hdl.bus.mmio_xbar import Window
from tests.support.clock import start
from tests.support.mmio import Initiator, Request, Target
from tests.support.pauses import bursts, never, often
from tests.support.run import run_cocotb

WINDOW = Window("direct", 0x0100_0000, 0x100_0000)
INSIDE = (0x0100_0000, 0x01FF_FFC0)
OUTSIDE = (0, 0x00FF_FFC0, 0x0200_0000, 0x8100_0000)


class Immediate(wiring.Component):
    """A device of 8 dwords. It answers a read in the cycle of its acceptance."""

    bus: In(MmioSignature(WINDOW.addr_bits))

    def elaborate(self, platform):
        m = Module()
        request, response = self.bus.request, self.bus.response
        dwords = Array(Signal(64, name=f"dword_{n}") for n in range(8))
        dword = dwords[request.p.addr[3:6]]
        lanes = Cat(bit.replicate(8) for bit in request.p.mask)
        m.d.comb += [
            request.ready.eq(1),
            response.valid.eq(request.valid & ~request.p.write),
            response.p.data.eq(dword),
        ]
        with m.If(request.valid & request.p.write):
            m.d.sync += dword.eq((dword & ~lanes) | (request.p.data & lanes))
        return m


class SplitToImmediate(wiring.Component):
    initiator: In(MmioSignature(32))
    others: Out(MmioSignature(32))

    def elaborate(self, platform):
        m = Module()
        m.submodules.split = split = MmioSplit(window=WINDOW, addr_bits=32)
        m.submodules.device = device = Immediate()
        connect(m, split.direct, device.bus)
        connect(m, flipped(self.initiator), split.initiator)
        connect(m, flipped(self.others), split.others)
        return m


class Bench:
    """The hart's side of the split, and on each device side a memory that logs its writes."""

    def __init__(self, dut, hart_pause, side_pause):
        self.dut, self.rng = dut, random.Random(cocotb.RANDOM_SEED)
        self.hart = Initiator(dut, "initiator", 32, hart_pause(self.rng))
        self.written, self.bytes, self.sides = [], {}, {}
        self.immediate = "immediate" in cocotb.plusargs
        for name, base, bits in (("direct", WINDOW.base, WINDOW.addr_bits), ("others", 0, 32)):
            if name == "direct" and self.immediate:
                continue
            self.sides[name] = Target(dut, name, bits, self.server(base), side_pause(self.rng),
                                      side_pause(self.rng))

    def server(self, base):
        def serve(request):
            addr = base + request.addr
            if request.write:
                self.written.append(addr)
                for i in range(request.size):
                    self.bytes[addr + i] = request.data >> 8 * i & 0xFF
            return sum(self.bytes.get((addr & ~7) + i, 0) << 8 * i for i in range(8))
        return serve

    async def start(self):
        await start(self.dut)
        for side in self.sides.values():
            cocotb.start_soon(side.run())


@cocotb.test()
@cocotb.parametrize(hart_pause=[never, often], side_pause=[never, often, bursts])
async def reads_back_what_was_written_in_order(dut, hart_pause, side_pause):
    bench = Bench(dut, hart_pause, side_pause)
    await bench.start()
    rng, model, wrote = bench.rng, {}, []
    bases = (INSIDE[0],) if bench.immediate else INSIDE
    for _ in range(300):
        size = rng.choice((1, 2, 4, 8))
        addr = rng.choice(rng.choice((bases, OUTSIDE))) + rng.randrange(0, 64, size)
        if rng.random() < 0.5 or not set(range(addr, addr + size)) <= model.keys():
            value = rng.getrandbits(8 * size)
            await bench.hart.write(addr, value, size)
            model |= {addr + i: value >> 8 * i & 0xFF for i in range(size)}
            if not bench.immediate or addr not in range(WINDOW.base, WINDOW.base + WINDOW.size):
                wrote.append(addr)
        else:
            wanted = sum(model[addr + i] << 8 * i for i in range(size))
            assert await bench.hart.read(addr, size) == wanted, f"{addr:#x}"
    assert bench.written == wrote


@cocotb.test()
async def neither_side_costs_a_cycle(dut):
    bench = Bench(dut, never, never)
    await bench.start()
    for base, answered in ((INSIDE[0], 0 if bench.immediate else 1), (OUTSIDE[0], 1)):
        await bench.hart.write(base, 0x55, 1)
        assert bench.hart.accepted_after == 0
        assert await bench.hart.read(base, 1) == 0x55
        assert (bench.hart.accepted_after, bench.hart.answered_after) == (0, answered)


@cocotb.test()
async def nothing_overtakes_a_read(dut):
    """Writes to one side while a read of the other is outstanding."""
    bench = Bench(dut, never, never)
    await bench.start()
    hart = bench.hart
    for reading, writing in (("others", "direct"), ("direct", "others")):
        if reading not in bench.sides:
            continue
        addrs = {"direct": INSIDE[0], "others": OUTSIDE[0]}
        bench.sides[reading].answer_pause = chain(repeat(True, 11), repeat(False))
        hart.valid.value = 1
        hart.payload.value = Request(False, addrs[reading], 8).pack(32)
        await FallingEdge(dut.clk)
        hart.payload.value = Request(True, addrs[writing], 8, 1).pack(32)
        for cycle in range(12):
            await ReadOnly()
            assert not int(hart.ready.value)
            assert int(hart.r_valid.value) == (cycle == 11)
            await FallingEdge(dut.clk)
        assert not bench.written
        await ReadOnly()
        assert int(hart.ready.value)
        await FallingEdge(dut.clk)
        hart.valid.value = 0
        bench.written.clear()


@pytest.mark.parametrize("immediate", [False, True])
def test_mmio_split(immediate):
    dut = SplitToImmediate() if immediate else MmioSplit(window=WINDOW, addr_bits=32)
    run_cocotb(dut, __name__, f"mmio_split_{immediate}",
               plusargs=["+immediate"] if immediate else [])
