"""The PLIC follows its model. No interrupt is lost or delivered twice, for any timing."""

import random

import cocotb
import pytest
from cocotb.triggers import FallingEdge

from hdl.peripheral.plic import ADDR_BITS, Plic
from tests.hdl.peripheral.plic_model import PlicModel
from tests.support.clock import cycles, start
from tests.support.mmio import Initiator
from tests.support.pauses import never, often
from tests.support.refuse import assert_refused
from tests.support.run import run_cocotb


def priority(source):
    return 4 * source


def enable(context, word):
    return 0x2000 + 0x80 * context + 4 * word


def threshold(context):
    return 0x20_0000 + 0x1000 * context


def claim(context):
    return threshold(context) + 4


class Bench:
    def __init__(self, dut, pause=never):
        self.dut, self.rng = dut, random.Random(cocotb.RANDOM_SEED)
        self.sources, self.contexts = len(dut.source_lines), len(dut.irq)
        self.words = (self.sources + 31) // 32
        self.model = PlicModel(self.sources, self.contexts)
        self.bus = Initiator(dut, "bus", ADDR_BITS, pause(self.rng))
        dut.source_lines.value = 0

    async def start(self):
        await start(self.dut)

    async def settle(self):
        await cycles(self.dut, self.contexts + 8)

    async def enable(self, context, mask):
        self.model.enable[context] = mask & ~1 & (1 << self.sources) - 1
        for word in range(self.words):
            await self.bus.write(enable(context, word), mask >> 32 * word & 0xFFFF_FFFF)

    async def prioritise(self, source, value):
        self.model.priority[source] = value & 7 if source else 0
        await self.bus.write(priority(source), value)

    def set_lines(self, lines):
        self.model.lines = lines
        self.dut.source_lines.value = lines


@cocotb.test()
async def behaves_as_the_model(dut):
    bench = Bench(dut)
    await bench.start()
    rng, model, bus = bench.rng, bench.model, bench.bus
    for step in range(450):
        context = rng.randrange(bench.contexts)
        source = rng.randrange(bench.sources)
        event = rng.choices(("lines", "priority", "enable", "threshold", "claim", "complete",
                             "read"), (25, 10, 5, 5, 25, 25, 10))[0]
        if event == "lines":
            bench.set_lines(model.lines ^ 1 << rng.randrange(bench.sources))
        elif event == "priority":
            await bench.prioritise(source, rng.getrandbits(32))
        elif event == "enable":
            await bench.enable(context, rng.getrandbits(64) | rng.getrandbits(64))
        elif event == "threshold":
            model.threshold[context] = rng.choice((0, 0, rng.randrange(8)))
            await bus.write(threshold(context), model.threshold[context])
        elif event == "claim":
            wanted = model.claim(context)
            got = await bus.read(claim(context))
            assert got == wanted, f"context {context} claims {got}, not {wanted} (step {step})"
            assert bus.answered_after == 5
        elif event == "complete":
            busy = [s for s in range(bench.sources) if model.in_service >> s & 1]
            number = rng.choice(busy) if busy and rng.random() < 0.8 else rng.randrange(1 << 10)
            model.complete(context, number)
            await bus.write(claim(context), number)
        else:
            word = rng.randrange(bench.words)
            for address, wanted in (
                (priority(source), model.priority[source]),
                (0x1000 + 4 * word, model.pending >> 32 * word & 0xFFFF_FFFF),
                (enable(context, word), model.enable[context] >> 32 * word & 0xFFFF_FFFF),
                (threshold(context), model.threshold[context]),
                (0x1F_0000, 0),
            ):
                got = await bus.read(address)
                assert got == wanted, f"{address:#x} reads {got:#x}, not {wanted:#x}"
        await bench.settle()
        model.settle()
        assert int(dut.irq.value) == model.irq(), f"irq after {event} (step {step})"


@cocotb.test()
@cocotb.parametrize(pause=[never, often])
async def each_source_is_served_by_one_context_at_a_time(dut, pause):
    """Contexts claim and complete at random without pauses. Lines stay high until served."""
    bench = Bench(dut, pause)
    await bench.start()
    rng, bus = bench.rng, bench.bus
    everything = (1 << bench.sources) - 2
    for context in range(bench.contexts):
        await bench.enable(context, everything)
    for source in range(1, bench.sources):
        await bench.prioritise(source, rng.randrange(1, 8))
    high, held, raised, served = 0, {}, 0, 0

    def raise_some():
        nonlocal high, raised
        for source in range(1, bench.sources):
            if not high >> source & 1 and source not in held and rng.random() < 0.05:
                high |= 1 << source
                raised += 1
        dut.source_lines.value = high

    for step in range(450):
        if step < 300:
            raise_some()
        context = rng.randrange(bench.contexts)
        if held and rng.random() < 0.5:
            source = rng.choice(list(held))
            await bus.write(claim(held.pop(source)), source)
            continue
        source = await bus.read(claim(context))
        if source:
            assert high >> source & 1 and source not in held, f"source {source} given twice"
            held[source] = context
            high &= ~(1 << source)
            served += 1
            dut.source_lines.value = high
    assert raised == served


@cocotb.test()
async def a_claim_lowers_the_irq_at_once(dut):
    bench = Bench(dut)
    await bench.start()
    await bench.enable(0, 2)
    await bench.prioritise(1, 1)
    bench.set_lines(2)
    await bench.settle()
    assert int(dut.irq.value) == 1
    assert await bench.bus.read(claim(0)) == 1
    for _ in range(3 * bench.contexts):
        assert int(dut.irq.value) == 0
        await FallingEdge(dut.clk)


@cocotb.test()
async def only_words_may_be_accessed(dut):
    bench = Bench(dut)
    await bench.start()
    for size in (1, 2, 8):
        assert await bench.bus.refused(priority(2), size)
        await bench.bus.write(priority(2), 1, size)
    assert await bench.bus.read(priority(2)) == 0


@pytest.mark.parametrize(("sources", "contexts"), [(32, 3), (53, 6)])
def test_plic(sources, contexts):
    run_cocotb(Plic(sources=sources, contexts=contexts), __name__, f"plic_{sources}_{contexts}")


def test_parameters_are_checked():
    assert_refused(lambda: Plic(sources=65, contexts=1), "sources must be 2 to 64, not 65")
    assert_refused(lambda: Plic(sources=32, contexts=0), "contexts must be 1 to 64, not 0")
