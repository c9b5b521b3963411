"""The records follow their model for any order of operations and any pauses."""

import random
from dataclasses import replace

import cocotb
import pytest
from cocotb.triggers import FallingEdge, Timer

from hdl.taic.params import TaicParams
from hdl.taic.records import Records
from hdl.taic.types import QueueOp, error_layout, queue_op_layout, record_op_layout
from tests.hdl.taic.records_model import (
    ARM,
    CONFIGURE,
    DEQUEUED,
    FORGET,
    LEAST_LOADED,
    READ,
    READ_TASK,
    RETRY,
    SEND,
    SENDER,
    ChannelsModel,
    Op,
)
from tests.support.clock import start
from tests.support.layouts import pack, unpack
from tests.support.offer import Offer
from tests.support.pauses import bursts, never, often
from tests.support.run import run_cocotb

CONFIGURATIONS = {
    "small": TaicParams(contexts=2, queues=2, tasks=64, channels=2, lines=2, slots=2),
    "default": TaicParams(),
}
ONCE, KEEPS = 0x1234_5678_9ABC_DEF1, 0xFEDC_BA98_7654_3212  # tasks


class Bench:
    """Drives all ports one cycle at a time. The outputs must match the model.

    Wakes, errors and answers are three sequences. Each keeps its order.
    """

    def __init__(self, dut, asks=never, takes=never):
        self.dut, self.rng = dut, random.Random(cocotb.RANDOM_SEED)
        self.params = CONFIGURATIONS[cocotb.plusargs["configuration"]]
        self.asks = asks(self.rng)
        self.takes = [takes(self.rng) for _ in range(2)]
        self.cycles = 0
        self.woken = []  # records in the order of their accepted wakes

    async def start(self):
        dut = self.dut
        dut.request__valid.value = 0
        dut.wake__ready.value = dut.error__ready.value = 0
        dut.room.value = dut.plenty.value = 1
        dut.waiting.value = dut.behind.value = 0
        self.room = True  # places are free, and nothing waits for one
        dut.owned.value = self.owned = (1 << self.params.contexts) - 1
        self.model = ChannelsModel(self.params)
        self.wanted = {"wake": [], "error": [], "answer": [], "refused": []}
        self.offers = {name: Offer(dut, name) for name in ("wake", "error")}
        await start(dut)
        cycles = 0
        while int(dut.sweeping.value):
            assert not int(dut.request__ready.value)
            await FallingEdge(dut.clk)
            cycles += 1
        assert cycles <= self.params.records

    async def cycle(self):
        """Runs from one falling edge to the next. Returns True if the request is accepted."""
        dut = self.dut
        ready = [not next(pause) for pause in self.takes]
        dut.wake__ready.value, dut.error__ready.value = ready
        await Timer(1, "ns")
        for name, layout, taken in (("wake", queue_op_layout, ready[0]),
                                    ("error", error_layout, ready[1])):
            payload = self.offers[name].look(taken)
            if payload is not None:
                self.came(name, unpack(layout(self.params), payload))
        if int(dut.refused.value):
            self.match(("refused",))
        if int(dut.answer.value) & 1:
            self.match(("answer", int(dut.answer.value) >> 1))
        accepted = int(dut.request__ready.value) and int(dut.request__valid.value)
        await FallingEdge(dut.clk)
        self.cycles += 1
        return accepted

    def came(self, name, op):
        if name == "error":
            return self.match(("error", op["context"], op["queue"], op["bits"]))
        assert op["kind"] == QueueOp.WAKE.value and op["recorded"]
        self.woken.append(op["record"])
        self.match(("wake", *(op[f] for f in ("context", "queue", "policy", "task", "record"))))

    def match(self, result):
        wanted = self.wanted[result[0]]
        assert wanted and wanted[0] == result, f"{result}, not {wanted[:1]}"
        wanted.pop(0)

    async def do(self, op):
        """Makes the request. Returns in the cycle after its acceptance."""
        dut = self.dut
        dut.request__valid.value = 0
        while next(self.asks):
            await self.cycle()
        dut.request__payload.value = pack(record_op_layout(self.params), op.payload())
        dut.request__valid.value = 1
        begin = self.cycles
        while not await self.cycle():
            assert self.cycles < begin + 200, "not accepted"
        dut.request__valid.value = 0
        result = self.model.apply(replace(op, owned=self.owned), room=self.room)
        if result is not None:
            self.wanted[result[0]].append(result)

    async def drain(self):
        for _ in range(60):
            await self.cycle()
        assert not any(self.wanted.values()), f"missing: {self.wanted}"

    async def compare(self, record):
        await self.do(Op(READ, record))
        await self.do(Op(READ_TASK, record))


def operations(params, record):
    """Makes operations that change a record, at least one of each kind."""
    last, queue = params.contexts - 1, params.queues - 1
    ops = [Op(DEQUEUED, record, trusted=1)]
    ops += [Op(FORGET, record, context) for context in (0, last)]
    for task in (0, ONCE, KEEPS):
        ops += [Op(ARM, record, last, queue, trusted, task=task) for trusted in (0, 1)]
    ops += [Op(SEND, record, context, trusted=trusted, choice=queue, level=level)
            for context in (0, last) for trusted in (0, 1) for level in (0, 1)]
    ops += [Op(CONFIGURE, record, config=(enabled, policy, 0, last, 0))
            for enabled in (0, 1) for policy in (0, LEAST_LOADED, SENDER)]
    return ops


def reachable(params, record, ops):
    """Returns the shortest sequence of operations to each state of a record."""
    ways, frontier = {ChannelsModel(params).records[record]: ()}, [()]
    while frontier:
        longer = []
        for way in frontier:
            for op in ops:
                model = ChannelsModel(params)
                for step in (*way, op):
                    model.apply(step)
                if model.records[record] not in ways:
                    ways[model.records[record]] = (*way, op)
                    longer.append((*way, op))
        frontier = longer
    return list(ways.values())


@cocotb.test()
@cocotb.parametrize(kind=["channel", "line", "slot"])
async def every_operation_in_every_state_does_as_the_model(dut, kind):
    """Runs one operation in each cycle, so that each sees the effect of the previous one."""
    bench = Bench(dut)
    params = bench.params
    if params != CONFIGURATIONS["small"]:
        pytest.skip("in the small shape only")
    await bench.start()
    record = {"channel": 1, "line": params.first_line_record + 1,
              "slot": params.first_slot_record + 3}[kind]
    ops = operations(params, record)
    if kind != "channel":
        ops = [op for op in ops if op.trusted or op.op == FORGET]
    ways = reachable(params, record, ops)
    assert len(ways) > (60 if kind == "channel" else 15)
    for way in ways:
        for op in ops:
            # A queued record cannot be configured, so its task leaves first.
            for step in (Op(DEQUEUED, record, trusted=1), Op(ARM, record, trusted=1),
                         Op(DEQUEUED, record, trusted=1), Op(CONFIGURE, record), *way, op):
                await bench.do(step)
            await bench.compare(record)
    await bench.drain()


def random_op(bench, hot):
    """Acts like an engine and software: woken tasks leave their queue at some time."""
    rng, params = bench.rng, bench.params
    record = rng.choice(hot)
    channel = record < params.first_line_record
    context = rng.randrange(params.contexts)
    known = bench.model.records[record]
    if bench.woken and rng.random() < 0.4:
        return Op(DEQUEUED, bench.woken.pop(rng.randrange(len(bench.woken))), trusted=1)
    if rng.random() < 0.7:  # a context with the right
        context = known.receiver
    op = rng.choice((SEND, SEND, SEND, ARM, ARM, READ, READ_TASK)
                    + ((CONFIGURE,) if not known.enabled or rng.random() < 0.1 else ())
                    + ((FORGET,) if rng.random() < 0.05 else ()))
    if op == SEND and channel and rng.random() < 0.9:
        context = known.sender
    if op == FORGET:
        bench.woken = [woken for woken in bench.woken if woken != record]
        if ("wake", record) in ((w[0], w[-1]) for w in bench.wanted["wake"]):
            op = READ
    if op == CONFIGURE and not channel:
        op = READ
    return Op(op, record, context, rng.randrange(params.queues), int(not channel),
              task=rng.choice((0, rng.getrandbits(64) & ~2, rng.getrandbits(64) | 2)),
              choice=rng.randrange(params.queues), level=rng.getrandbits(1),
              config=(int(rng.random() < 0.9), rng.randrange(3), rng.randrange(params.contexts),
                      rng.randrange(params.contexts), rng.randrange(params.queues)))


@cocotb.test()
@cocotb.parametrize(asks=[never, often], takes=[never, often, bursts])
async def behaves_as_the_model(dut, asks, takes):
    bench = Bench(dut, asks, takes)
    params = bench.params
    await bench.start()
    hot = [0, params.channels - 1, params.first_line_record, params.first_slot_record - 1,
           params.first_slot_record, params.records - 1]
    for _ in range(2500):
        await bench.do(random_op(bench, hot))
    for record in hot:
        await bench.compare(record)
    await bench.drain()


@cocotb.test()
async def all_records_are_told_apart_and_cleared_by_a_reset(dut):
    bench = Bench(dut)
    params, rng = bench.params, bench.rng
    await bench.start()
    for record in range(params.records):
        await bench.compare(record)
    order = list(range(params.records))
    rng.shuffle(order)
    for record in order:
        context, queue = rng.randrange(params.contexts), rng.randrange(params.queues)
        await bench.do(Op(SEND, record, context, trusted=1))
        await bench.do(Op(ARM, record, context, queue, 1, task=rng.getrandbits(64) | 2))
    for record in order:
        await bench.compare(record)
    await bench.drain()
    assert sorted(bench.woken) == list(range(params.records))
    await bench.start()
    for record in range(params.records):
        await bench.compare(record)
    await bench.drain()


@cocotb.test()
async def an_operation_a_cycle_and_its_wake_in_the_next(dut):
    bench = Bench(dut)
    await bench.start()
    await bench.do(Op(CONFIGURE, 0, config=(1, 0, 0, 1, 0)))
    begin, steps = bench.cycles, 40
    for _ in range(steps):
        await bench.do(Op(ARM, 0, 1, task=ONCE))
        await bench.do(Op(SEND, 0, 0))
        assert len(bench.wanted["wake"]) == 1
        await bench.do(Op(DEQUEUED, 0, trusted=1))  # the wake is taken in its first cycle
        assert not bench.wanted["wake"]
    assert bench.cycles - begin == 3 * steps


@cocotb.test()
async def a_wake_that_waits_holds_up_only_another(dut):
    bench = Bench(dut)
    await bench.start()
    await bench.do(Op(CONFIGURE, 0, config=(1, 0, 0, 1, 0)))
    await bench.do(Op(ARM, 0, 1, task=KEEPS))
    await bench.do(Op(SEND, 0, 0))
    bench.takes[0] = iter(lambda: True, False)  # for ever
    for _ in range(4):
        await bench.compare(0)
    await bench.do(Op(DEQUEUED, 0, trusted=1))
    await bench.do(Op(SEND, 0, 0))
    dut.request__payload.value = pack(record_op_layout(bench.params), Op(READ, 0).payload())
    dut.request__valid.value = 1
    for _ in range(5):
        assert not await bench.cycle(), "accepted behind two wakes"
    dut.request__valid.value = 0
    assert len(bench.wanted["wake"]) == 2
    bench.takes[0] = never(bench.rng)
    await bench.drain()
    assert bench.woken == [0, 0]


@cocotb.test()
async def without_a_place_a_record_waits_and_no_operation(dut):
    """TAIC-6.13: a notification without a place stays pending, until a RETRY finds one."""
    bench = Bench(dut)
    last = bench.params.contexts - 1
    await bench.start()
    await bench.do(Op(CONFIGURE, 0, config=(1, 0, 0, last, 0)))
    for lacking in ("room", "behind"):
        for way in ([Op(ARM, 0, last, task=ONCE), Op(SEND, 0, 0)],
                    [Op(SEND, 0, 0), Op(ARM, 0, last, task=ONCE)],
                    [Op(SEND, 0, 0), Op(ARM, 0, last, task=KEEPS), Op(ARM, 0, last, task=ONCE)]):
            bench.room = False
            dut.room.value, dut.behind.value = lacking != "room", lacking == "behind"
            for op in way:
                await bench.do(op)
                await bench.compare(0)
            if lacking == "room":
                await bench.do(Op(RETRY, 0, trusted=1))
                await bench.compare(0)
            bench.room, dut.room.value = True, 1
            await bench.do(Op(RETRY, 0, trusted=1))
            await bench.do(Op(DEQUEUED, 0, trusted=1))
            await bench.compare(0)
    await bench.drain()
    assert bench.woken == [0] * 6


@cocotb.test()
async def contexts_without_an_owner_neither_send_nor_arm(dut):
    """TAIC-6.11: untrusted operations are refused; nothing is pending or armed afterwards."""
    bench = Bench(dut)
    last = bench.params.contexts - 1
    await bench.start()
    await bench.do(Op(CONFIGURE, 0, config=(1, 0, 0, last, 0)))
    for owned in range(4):
        dut.owned.value = bench.owned = (owned & 1) | (owned >> 1) << last
        await bench.do(Op(ARM, 0, last, task=ONCE))
        await bench.do(Op(SEND, 0, 0))
        await bench.compare(0)
    await bench.drain()
    assert bench.woken == [0]


@cocotb.test()
async def a_wake_that_waits_is_dropped_with_its_context(dut):
    """The context ends and begins again, and the stored wake must not reach it."""
    bench = Bench(dut)
    last = bench.params.contexts - 1
    await bench.start()
    bench.takes[0] = iter(lambda: True, False)  # for ever
    await bench.do(Op(CONFIGURE, 0, config=(1, 0, 0, last, 0)))
    for _ in range(2):
        await bench.do(Op(ARM, 0, last, task=ONCE))
        await bench.do(Op(SEND, 0, 0))
        await bench.cycle()
        assert int(dut.wake__valid.value)
        dut.owned.value = bench.owned = 1
        await bench.cycle()
        bench.offers["wake"] = Offer(dut, "wake")
        await bench.do(Op(FORGET, 0, last, trusted=1))
        await bench.do(Op(CONFIGURE, 0, config=(1, 0, 0, last, 0)))
        dut.owned.value = bench.owned = 1 | 1 << last
        await bench.cycle()
        assert not int(dut.wake__valid.value)
        bench.wanted["wake"].clear()
    bench.takes[0] = never(bench.rng)
    await bench.drain()
    assert not bench.woken


@pytest.mark.parametrize("configuration", CONFIGURATIONS)
def test_channels(configuration):
    run_cocotb(Records(CONFIGURATIONS[configuration]), __name__, f"channels_{configuration}",
               plusargs=[f"+configuration={configuration}"])
