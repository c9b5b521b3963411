"""With several concurrent initiators, the UINTC follows its model in the order of acceptance."""

import random
from collections import deque

import cocotb
import pytest
from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out, connect, flipped
from cocotb.triggers import FallingEdge, ReadOnly

from hdl.bus.mmio import MmioSignature
from hdl.bus.mmio_xbar import MmioCrossbar, Window
from hdl.uintc import Uintc, UintcParams
from hdl.uintc.params import ADDR_BITS
from tests.hdl.uintc.bench import low
from tests.hdl.uintc.uintc_model import ACTIVE, ERROR, HIGH, LOW, SEND, UintcModel, address
from tests.support.clock import start
from tests.support.mmio import Initiator, Refused, Request
from tests.support.pauses import bursts, never, often
from tests.support.run import run_cocotb

BASE = 0x02F1_0000
LATENCY = 2  # cycles from the acceptance of an operation to its effect on the lines


class Shared(wiring.Component):
    """A UINTC behind the crossbar. ``watch`` is the port between the two."""

    def __init__(self, params, initiators):
        self.params, self.initiators = params, initiators
        super().__init__({
            "initiator": In(MmioSignature(32)).array(initiators),
            "usip": Out(params.harts),
            "receivers": Out(16),
            "watch": Out(wiring.Signature({
                "accepted": Out(1), "request": Out(64 + 8 + 2 + ADDR_BITS + 1),
                "answered": Out(1), "response": Out(65),
            })),
        })

    def elaborate(self, platform):
        m = Module()
        m.submodules.uintc = uintc = Uintc(self.params)
        m.submodules.xbar = xbar = MmioCrossbar(
            initiators=self.initiators, windows=(Window("uintc", BASE, 1 << ADDR_BITS),),
            addr_bits=32)
        connect(m, xbar.uintc, uintc.bus)
        for outer, inner in zip(self.initiator, xbar.initiator, strict=True):
            connect(m, flipped(outer), inner)
        m.d.comb += [
            self.usip.eq(uintc.usip),
            self.receivers.eq(self.params.receivers),
            self.watch.accepted.eq(uintc.bus.request.valid & uintc.bus.request.ready),
            self.watch.request.eq(uintc.bus.request.payload),
            self.watch.answered.eq(uintc.bus.response.valid),
            self.watch.response.eq(uintc.bus.response.p),
        ]
        return m


class Monitor:
    """Gives each access to the model in the cycle of its acceptance and compares the answers."""

    def __init__(self, dut, model):
        self.dut, self.model = dut, model
        self.accepted = self.adjacent = 0  # adjacent: to the same entry in successive cycles

    async def run(self):
        dut, model = self.dut, self.model
        lines = deque([model.usip()] * LATENCY)
        answer, last = None, None  # answer to the read accepted in the previous cycle; its entry
        while True:
            await ReadOnly()
            usip, wanted = int(dut.usip.value), lines.popleft()
            assert usip == wanted, f"lines {usip:#b}, not {wanted:#b}"
            assert int(dut.watch__answered.value) == (answer is not None)
            if answer is not None:
                got = int(dut.watch__response.value)
                assert got == answer, f"answer {got:#x}, not {answer:#x}"
            answer, current = None, None
            if int(dut.watch__accepted.value):
                request = Request.unpack(int(dut.watch__request.value), ADDR_BITS)
                value = model.access(request.write, request.addr, request.size, request.data)
                if not request.write:
                    answer = 1 << 64 if value is None else value
                current = request.addr // 32
                self.accepted += 1
                self.adjacent += current == last
                lines.append(model.usip())
            else:
                lines.append(lines[-1])
            last = current
            await FallingEdge(dut.clk)


class Bench:
    def __init__(self, dut, pause):
        self.dut, self.rng = dut, random.Random(cocotb.RANDOM_SEED)
        count = 0
        while hasattr(dut, f"initiator__{count}__request__valid"):
            count += 1
        self.initiators = [Initiator(dut, f"initiator__{n}", 32, pause(self.rng))
                           for n in range(count)]

    async def start(self):
        await start(self.dut)
        self.receivers, self.harts = int(self.dut.receivers.value), len(self.dut.usip)
        self.model = UintcModel(self.receivers, self.harts)
        self.monitor = Monitor(self.dut, self.model)
        self.watching = cocotb.start_soon(self.monitor.run())

    async def side_by_side(self, *coroutines):
        for task in [cocotb.start_soon(coroutine) for coroutine in coroutines]:
            await task
        for _ in range(LATENCY + 1):
            await FallingEdge(self.dut.clk)
        assert not self.watching.done()


def random_access(rng, receivers, harts):
    """Makes offset, size and value of a write. About one in six is refused."""
    index = rng.choice((1, receivers - 1, rng.randrange(receivers)))
    register = rng.choice((SEND, SEND, SEND, LOW, LOW, HIGH, HIGH, ACTIVE))
    value = {
        SEND: rng.randrange(64),
        LOW: low(rng.randrange(harts + 1), rng.random() < 0.8, rng.randrange(2)),
        HIGH: rng.choice((0, 1 << rng.randrange(64), rng.getrandbits(64))),
        ACTIVE: rng.getrandbits(64),
    }[register]
    offset, size, kind = address(index, register), 8, rng.random()
    if kind < 0.05 and register == SEND:
        value = rng.choice((64, 1 << rng.randrange(6, 64), rng.getrandbits(64) | 64))
    elif kind < 0.10:
        offset = address(rng.randrange(512), register)
    elif kind < 0.15:
        size = rng.choice((1, 2, 4))
        offset += rng.randrange(0, 8, size)
    elif kind < 0.20:
        offset = rng.choice((ERROR, ERROR, ERROR + 8, 0x7FF8))
    elif kind < 0.22:
        value = rng.getrandbits(64)
    return offset, size, value & (1 << 8 * size) - 1


@cocotb.test()
@cocotb.parametrize(pause=[never, often, bursts])
async def random_operations_follow_the_model(dut, pause):
    bench = Bench(dut, pause)
    await bench.start()

    async def work(initiator, rng):
        for _ in range(6000 // len(bench.initiators)):
            offset, size, value = random_access(rng, bench.receivers, bench.harts)
            if rng.random() < 0.65:
                await initiator.write(BASE + offset, value, size)
            else:
                try:
                    await initiator.read(BASE + offset, size)
                except Refused:
                    assert size != 8

    await bench.side_by_side(*(work(initiator, random.Random(bench.rng.random()))
                               for initiator in bench.initiators))
    monitor = bench.monitor
    dut._log.info(f"{monitor.accepted} accesses, {monitor.adjacent} to the entry of the one "
                  f"before, {bench.model.count} refused")
    assert monitor.adjacent > 500


@cocotb.test()
@cocotb.parametrize(pause=[never, often])
async def each_send_is_seen_exactly_once(dut, pause):
    """All initiators except one send. Each has its own vectors and sends a vector again only after
    it was seen."""
    bench = Bench(dut, pause)
    if len(bench.initiators) == 1:
        pytest.skip("needs two initiators")
    await bench.start()
    reader, *senders = bench.initiators
    outstanding, seen, sending = set(), 0, len(senders)

    async def send(number, initiator, rng):
        nonlocal sending
        own = range(number, 64, len(senders))
        for _ in range(100):
            free = [vector for vector in own if vector not in outstanding]
            if free:
                vector = rng.choice(free)
                outstanding.add(vector)
                await initiator.write(BASE + address(1, SEND), vector, 8)
            else:
                await FallingEdge(dut.clk)
        sending -= 1

    async def read():
        nonlocal seen
        while outstanding or sending:
            pending = await reader.read(BASE + address(1, HIGH), 8)
            for vector in range(64):
                if pending >> vector & 1:
                    outstanding.remove(vector)  # KeyError: never sent, or seen twice
                    seen += 1

    await bench.side_by_side(read(), *(
        send(number, initiator, random.Random(bench.rng.random()))
        for number, initiator in enumerate(senders)))
    assert seen > 50 * len(senders)
    assert not bench.model.entries[1].pending


@cocotb.test()
async def a_read_beside_a_send_loses_nothing(dut):
    """Tests every distance in cycles, from both sides of the arbiter."""
    bench = Bench(dut, never)
    if len(bench.initiators) == 1:
        pytest.skip("needs two initiators")
    await bench.start()
    offset = BASE + address(1, HIGH)

    async def after(distance, access):
        for _ in range(distance):
            await FallingEdge(dut.clk)
        return await access

    for distance in range(-4, 5):
        for sender, reader in ((0, 1), (1, 0)) * 2:
            sender, reader = bench.initiators[sender], bench.initiators[reader]
            sending = cocotb.start_soon(after(
                max(0, distance), sender.write(BASE + address(1, SEND), 33, 8)))
            first = await after(max(0, -distance), reader.read(offset, 8))
            await sending
            second = await reader.read(offset, 8)
            assert sorted((first, second)) == [0, 1 << 33], f"distance {distance}"
    assert not bench.watching.done()


@pytest.mark.parametrize(("receivers", "harts", "initiators"), [
    (512, 4, 4), (5, 2, 3), (2, 1, 1)])
def test_uintc_crossbar(receivers, harts, initiators):
    dut = Shared(UintcParams(receivers, harts), initiators)
    run_cocotb(dut, __name__, f"uintc_crossbar_{receivers}_{harts}_{initiators}")
