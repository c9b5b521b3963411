"""A notification never reaches the next owner of a context, whenever the named owner ends."""

import cocotb
import pytest
from amaranth import *
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped
from cocotb.triggers import FallingEdge, Timer

from hdl.taic import TaicParams, compat
from hdl.taic.compat import Compat, compat_request_layout
from hdl.taic.context_allocator import ContextAllocator, allocator_request_layout
from hdl.taic.types import RecordOp, error_layout, record_op_layout
from tests.hdl.taic.compat_model import NO_RECEIVE, SEND, SENDER
from tests.support.clock import start
from tests.support.layouts import pack, unpack
from tests.support.mutant import mutant
from tests.support.run import run_cocotb

PARAMS = TaicParams(contexts=8, queues=2, tasks=64, channels=2, lines=2, slots=2)
NAMED, OTHER, SENDING = (1, 6), (1, 7), (1, 5)  # owners
SEARCH = 60  # more cycles than a notification takes


class Both(wiring.Component):
    """Context allocator and compatible registrations. Queues are empty, records always ready."""

    def __init__(self, compat_class=Compat):
        self.allocator, self.compat = ContextAllocator(PARAMS), compat_class(PARAMS)
        super().__init__({
            "allocate": In(stream.Signature(allocator_request_layout(PARAMS))),
            "notify": In(stream.Signature(compat_request_layout(PARAMS))),
            "answer": Out(self.allocator.answer.shape()),
            "begun": Out(1),
            "record_op": Out(stream.Signature(record_op_layout(PARAMS))),
            "forgotten": Out(1),
            "error": Out(stream.Signature(error_layout(PARAMS))),
        })

    def elaborate(self, platform):
        m = Module()
        m.submodules.allocator, m.submodules.compat = self.allocator, self.compat
        allocator, compat = self.allocator, self.compat
        connect(m, flipped(self.allocate), allocator.request)
        connect(m, flipped(self.notify), compat.request)
        connect(m, compat.owner, allocator.owner)
        connect(m, allocator.forget, compat.forget)
        connect(m, compat.record_op, flipped(self.record_op))
        connect(m, compat.error, flipped(self.error))
        m.d.comb += [
            allocator.record_op.ready.eq(1),
            allocator.queue_op.ready.eq(1),
            self.answer.eq(allocator.answer),
            self.begun.eq(allocator.begin.valid),
            self.forgotten.eq(allocator.forget.valid & allocator.forget.ready),
        ]
        m.d.sync += allocator.queue_answer.valid.eq(allocator.queue_op.valid)
        return m


class Bench:
    def __init__(self, dut):
        self.dut, self.owners, self.allocating = dut, {}, None
        self.answer, self.sent, self.refused = None, 0, 0

    async def start(self):
        dut = self.dut
        dut.allocate__valid.value = dut.notify__valid.value = 0
        dut.record_op__ready.value = dut.error__ready.value = 1
        await start(dut)

    async def cycle(self):
        dut = self.dut
        await Timer(1, "ns")
        accepted = [bool(int(port.value)) for port in (dut.allocate__ready, dut.notify__ready)]
        if int(dut.answer.value) & 1:
            self.answer = int(dut.answer.value) >> 1
            self.owners[self.answer >> 32] = self.allocating
        if int(dut.record_op__valid.value):
            op = unpack(record_op_layout(PARAMS), int(dut.record_op__payload.value))
            if op["op"] == RecordOp.SEND.value:
                assert self.owners[op["context"]] == NAMED, "sent to another owner"
                self.sent += 1
        if int(dut.error__valid.value):
            error = unpack(error_layout(PARAMS), int(dut.error__payload.value))
            assert error["bits"] == NO_RECEIVE
            self.refused += 1
        await FallingEdge(dut.clk)
        return accepted

    async def cycles(self, count):
        for _ in range(count):
            await self.cycle()

    async def access(self, **fields):
        dut = self.dut
        dut.allocate__payload.value = pack(allocator_request_layout(PARAMS), fields)
        dut.allocate__valid.value = 1
        while not (await self.cycle())[0]:
            pass
        dut.allocate__valid.value = 0

    async def name(self, owner):
        """Makes the two writes of an allocation."""
        self.allocating, self.answer = owner, None
        for word in owner:
            await self.access(data=word)

    async def answered(self):
        while self.answer is None:
            await self.cycle()
        return self.answer

    async def allocate(self, owner):
        await self.name(owner)
        await self.access(read=1)
        return await self.answered()

    async def notify(self, register, word):
        dut = self.dut
        dut.notify__payload.value = pack(compat_request_layout(PARAMS), {
            "register": register, "data": word})
        dut.notify__valid.value = 1
        while not (await self.cycle())[1]:
            pass
        dut.notify__valid.value = 0

    async def prepare(self):
        """Registers the receiver and makes one half of the notification."""
        index = await self.allocate(NAMED)
        await self.notify(SEND, NAMED[0])
        self.sent = self.refused = 0
        return index


async def started(dut):
    bench = Bench(dut)
    await bench.start()
    assert await bench.allocate(SENDING) == 0
    await bench.notify(SENDER, NAMED[0])
    await bench.notify(SENDER, NAMED[1] << 32)
    return bench


@cocotb.test()
async def the_receiver_ends_while_it_is_notified(dut):
    bench = await started(dut)
    outcomes = set()
    for delay in range(SEARCH):
        index = await bench.prepare()
        await bench.notify(SEND, NAMED[1] << 32)
        await bench.cycles(delay)
        await bench.access(free=1, data=index)
        assert await bench.allocate(OTHER) == index, "another context"
        await bench.cycles(SEARCH)
        assert bench.sent + bench.refused == 1
        outcomes.add((bench.sent, bench.refused))
        await bench.access(free=1, data=index)
    assert outcomes == {(1, 0), (0, 1)}


@cocotb.test()
async def the_next_owner_begins_while_the_last_is_notified(dut):
    bench = await started(dut)
    for delay in range(-SEARCH, SEARCH):
        index = await bench.prepare()
        await bench.access(free=1, data=index)
        await bench.name(OTHER)
        if delay < 0:
            await bench.access(read=1)
            await bench.cycles(-delay)
            await bench.notify(SEND, NAMED[1] << 32)
        else:
            await bench.notify(SEND, NAMED[1] << 32)
            await bench.cycles(delay)
            await bench.access(read=1)
        assert await bench.answered() == index, "another context"
        await bench.cycles(SEARCH)
        assert (bench.sent, bench.refused) == (0, 1)
        await bench.access(free=1, data=index)


def test_directory_and_compat():
    run_cocotb(Both(), __name__, "directory_compat")


def test_an_owner_of_later_is_noticed():
    """A planted fault: a context without an owner matches its next or previous owner."""
    faulty = mutant(compat, "equal & present)", "equal & (present | owners))")
    with pytest.raises((AssertionError, SystemExit)):
        run_cocotb(Both(faulty.Compat), __name__, "directory_compat_fault")
