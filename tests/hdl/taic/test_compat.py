"""Published notifications follow their model: slots, permissions and receivers."""

import random

import cocotb
import pytest
from cocotb.triggers import FallingEdge, Timer

from hdl.taic import TaicParams
from hdl.taic.compat import Compat, compat_request_layout
from hdl.taic.types import RecordOp, config_layout, error_layout, record_op_layout
from tests.hdl.taic.compat_model import (
    CANCEL,
    FULL,
    NO_OWNER,
    NO_RECEIVE,
    NO_SEND,
    RECEIVER,
    SEND,
    SENDER,
    CompatModel,
)
from tests.support.clock import start
from tests.support.layouts import pack, unpack
from tests.support.pauses import bursts, never, often
from tests.support.run import run_cocotb

CONFIGURATIONS = {
    "small": TaicParams(contexts=4, queues=2, tasks=64, channels=8, lines=2, slots=8, ports=3),
    "default": TaicParams(),
}
WORDS = {SENDER: 2, CANCEL: 2, RECEIVER: 3, SEND: 2}


class Bench:
    """Drives all ports one cycle at a time. Plays the table of owners and the records."""

    def __init__(self, dut, pause=never):
        self.dut, self.rng = dut, random.Random(cocotb.RANDOM_SEED)
        self.params = params = CONFIGURATIONS[cocotb.plusargs["configuration"]]
        self.model = CompatModel(
            params.contexts, params.slots, params.first_slot_record, params.ports)
        self.pauses = [pause(self.rng) for _ in range(3)]
        self.effects, self.reads, self.reading, self.ready = [], 0, None, False
        self.owner_word = 0
        self.read_answer = Compat(params).signature.members["read_answer"].shape

    async def start(self):
        dut = self.dut
        for port in (dut.request__valid, dut.forget__valid, dut.record_op__ready,
                     dut.error__ready, dut.read_answer, dut.owner__valid, dut.owner__word):
            port.value = 0
        await start(dut)
        swept = 0
        while int(dut.sweeping.value):
            assert not int(dut.request__ready.value) and not int(dut.forget__ready.value)
            await FallingEdge(dut.clk)
            swept += 1
        assert swept <= 2 * self.params.contexts

    async def cycle(self):
        """Runs from one falling edge to the next. ``ready`` reports accepted requests."""
        dut, params, model = self.dut, self.params, self.model
        dut.owner__valid.value = sum(1 << n for n, owner in enumerate(model.owners) if owner)
        dut.owner__word.value = self.owner_word
        dut.read_answer.value = 0
        if self.reading is not None and not next(self.pauses[2]):
            dut.read_answer.value = pack(self.read_answer, {"valid": 1, "data": self.reading})
            self.reading = None
        ready = [not next(pause) for pause in self.pauses[:2]]
        dut.record_op__ready.value, dut.error__ready.value = ready
        await Timer(1, "ns")
        if int(dut.record_op__valid.value) and ready[0]:
            self.record_op(unpack(record_op_layout(params), int(dut.record_op__payload.value)))
        if int(dut.error__valid.value) and ready[1]:
            error = unpack(error_layout(params), int(dut.error__payload.value))
            self.effects.append(("error", error["context"], error["queue"], error["bits"]))
        owner = model.owners[int(dut.owner__context.value)]
        self.owner_word = (owner[int(dut.owner__process.value)] if owner
                           else self.rng.getrandbits(64))
        self.ready = bool(int(dut.request__ready.value))
        self.forgets = bool(int(dut.forget__ready.value) and int(dut.forget__valid.value))
        await FallingEdge(dut.clk)

    def record_op(self, op):
        assert op["trusted"]
        context, slot = divmod(op["record"] - self.params.first_slot_record, self.params.slots)
        assert context == op["context"]
        match RecordOp(op["op"]):
            case RecordOp.READ:
                # The model has already performed the whole write. The design must read the record
                # as it was before.
                self.reads += 1
                record = self.before[context][slot]
                self.reading = pack(config_layout(), {
                    "enabled": 1, "sender": 0xFF, "armed": record[0], "pending": record[1],
                    "queued": record[2]})
            case RecordOp.ARM:
                assert op["queue"] == 0
                self.effects.append(("arm", op["record"], context, op["data"]))
            case RecordOp.SEND:
                self.effects.append(("send", op["record"], context))
            case other:
                raise AssertionError(other)

    def remember(self):
        self.before = [[(record.armed, record.pending, record.queued) for record in records]
                       for records in self.model.records]

    async def write(self, port, context, queue, register, word):
        dut = self.dut
        self.remember()
        self.model.write(port, context, queue, register, word)
        dut.request__payload.value = pack(compat_request_layout(self.params), {
            "port": port, "context": context, "queue": queue, "register": register, "data": word})
        dut.request__valid.value = 1
        self.ready = False
        while not self.ready:
            await self.cycle()
        dut.request__valid.value = 0
        return await self.idle()

    async def idle(self):
        """Runs until all is done. Returns the visible effects, which must match the model."""
        self.cycles, self.ready = 0, False
        while not self.ready:
            await self.cycle()
            self.cycles += 1
            assert self.cycles < 1000, "for ever busy"
        effects, wanted = self.effects, self.model.effects
        self.effects, self.model.effects = [], []
        assert effects == wanted
        return effects

    async def sequence(self, register, context, os, word, task=0, port=0, queue=0):
        """Makes all writes of a sequence. Returns the effect of the last write."""
        for data in (os, word, task)[:WORDS[register]]:
            effects = await self.write(port, context, queue, register, data)
        return effects

    async def forget(self, context):
        self.model.forget(context)
        self.model.owners[context] = None
        self.dut.forget__payload.value = context
        self.dut.forget__valid.value = 1
        self.forgets = False
        while not self.forgets:
            await self.cycle()
        self.dut.forget__valid.value = 0
        await self.idle()


def p(process, channel):
    return process << 32 | channel


def own(bench, *owners):
    """Sets the owners of the first contexts."""
    bench.model.owners[:len(owners)] = owners


@cocotb.test()
@cocotb.parametrize(pause=[never, often, bursts])
async def behaves_as_the_model(dut, pause):
    bench = Bench(dut, pause)
    await bench.start()
    rng, model, params = bench.rng, bench.model, bench.params
    ids = [(os, process) for os in (0, 1 << 40) for process in (0, 5, 0x8000_0005, 5 | 1 << 32)]
    seen = {}
    for _ in range(1500):
        context, port = rng.randrange(min(params.contexts, 6)), rng.randrange(params.ports)
        event = rng.choices(("sequence", "write", "dequeue", "forget", "own"),
                            (60, 15, 15, 2, 8))[0]
        if event == "own" and model.owners[context] is None:
            free = [owner for owner in ids if owner not in model.owners]
            model.owners[context] = rng.choice(free)
        elif event == "dequeue":
            for records in model.records:
                for record in records:
                    if rng.random() < 0.5:
                        record.dequeued()
        elif event == "forget":
            await bench.forget(context)
        elif event == "write":
            await bench.write(port, context, rng.randrange(params.queues), rng.randrange(4),
                              rng.getrandbits(64))
        else:
            register = rng.choice((SENDER, SENDER, CANCEL, RECEIVER, SEND, SEND, SEND))
            os, process = rng.choice(ids)
            if register == SEND and any(model.senders[context]) and rng.random() < 0.8:
                os, word = rng.choice([key for key in model.senders[context] if key])
            else:
                word = p(process & 0xFFFF_FFFF, rng.randrange(2)) ^ rng.choice(
                    (0, 0, 0, 1 << rng.randrange(64)))
            for effect in await bench.sequence(
                    register, context, os, word, rng.getrandbits(64) & ~rng.choice((0, 2)),
                    port, rng.randrange(params.queues)):
                kind = effect[0] if effect[0] != "error" else effect[3]
                seen[kind] = seen.get(kind, 0) + 1
    dut._log.info("%s, %s records looked at", seen, bench.reads)


@cocotb.test()
async def a_notification_needs_a_permission_and_a_receiver(dut):
    bench = Bench(dut)
    await bench.start()
    own(bench, (1, 5), (1, 6))
    first = bench.model.first_record
    there = 1, p(6, 7)
    assert await bench.sequence(SEND, 0, *there, queue=1) == [("error", 0, 1, NO_SEND)]
    assert await bench.sequence(SENDER, 0, *there) == []
    assert await bench.sequence(SEND, 0, *there) == [
        ("send", bench.model.record(1, 0), 1)], "before the registration"
    assert await bench.sequence(RECEIVER, 1, 1, p(5, 7), 0x108) == [
        ("arm", bench.model.record(1, 0), 1, 0x108)], "the same slot"
    assert await bench.sequence(CANCEL, 0, *there) == []
    assert await bench.sequence(SEND, 0, *there) == [("error", 0, 0, NO_SEND)]
    assert await bench.sequence(SENDER, 0, 1, p(9, 7)) == []
    assert await bench.sequence(SEND, 0, 1, p(9, 7)) == [("error", 0, 0, NO_RECEIVE)]
    assert await bench.sequence(RECEIVER, 2, 1, p(5, 7), 8) == [("error", 2, 0, NO_OWNER)]
    assert await bench.sequence(RECEIVER, 0, 1, p(5, 7), 8) == [("arm", first, 0, 8)]


@cocotb.test()
async def every_bit_of_a_name_counts(dut):
    bench = Bench(dut)
    await bench.start()
    own(bench, (3, 5), (4, 6))
    await bench.sequence(SENDER, 0, 4, p(6, 7))
    for word in range(2):
        for bit in range(64):
            key = [4, p(6, 7)]
            key[word] ^= 1 << bit
            assert await bench.sequence(SEND, 0, *key) == [("error", 0, 0, NO_SEND)]
    await bench.sequence(SEND, 0, 4, p(6, 7))
    for n, owner in enumerate([(4, 6)] + [(4 ^ 1 << bit, 6) for bit in range(64)]
                              + [(4, 6 ^ 1 << bit) for bit in range(64)]):
        own(bench, (3, 5), owner)
        assert await bench.sequence(SEND, 0, 4, p(6, 7)) == [
            ("send", bench.model.record(1, 0), 1) if n == 0 else ("error", 0, 0, NO_RECEIVE)]


@cocotb.test()
async def a_process_id_beyond_32_bits_is_nobody_elses(dut):
    bench = Bench(dut)
    await bench.start()
    own(bench, (1, 5 | 1 << 32), (1, 6))
    await bench.sequence(SENDER, 0, 1, p(6, 0))
    await bench.sequence(RECEIVER, 1, 1, p(5, 0), 8)
    assert await bench.sequence(SEND, 0, 1, p(6, 0)) == [("error", 0, 0, NO_SEND)]
    await bench.sequence(SENDER, 1, 1, p(5, 0))
    assert await bench.sequence(SEND, 1, 1, p(5, 0)) == [("error", 1, 0, NO_RECEIVE)]


@cocotb.test()
@cocotb.parametrize(pause=[never, often])
async def full_slots_are_refused_and_idle_ones_given_up(dut, pause):
    bench = Bench(dut, pause)
    await bench.start()
    params, model = bench.params, bench.model
    own(bench, (1, 5), (1, 6))
    for n in range(params.slots):
        assert await bench.sequence(SENDER, 0, 1, p(6, n)) == []
        assert await bench.sequence(RECEIVER, 1, 1, p(5, n), 8) == [
            ("arm", model.record(1, n), 1, 8)]
    assert await bench.sequence(SENDER, 0, 1, p(6, 99)) == [("error", 0, 0, FULL)]
    assert await bench.sequence(SENDER, 0, 1, p(6, 0)) == [], "is there already"
    assert await bench.sequence(RECEIVER, 1, 1, p(5, 99), 8) == [("error", 1, 0, FULL)]
    assert bench.reads == params.slots
    await bench.sequence(CANCEL, 0, 1, p(6, 0))
    assert await bench.sequence(SENDER, 0, 1, p(6, 99)) == []
    assert await bench.sequence(SEND, 0, 1, p(6, 99)) == [("error", 0, 0, NO_RECEIVE)]

    last = params.slots - 1
    for state in ("pending", "queued", "armed"):
        record = model.records[1][last]
        record.armed = record.pending = record.queued = False
        setattr(record, state, True)
        assert await bench.sequence(RECEIVER, 1, 1, p(5, 99), 8) == [("error", 1, 0, FULL)], state
    record.armed = False
    assert await bench.sequence(SEND, 0, 1, p(6, 99)) == [("send", model.record(1, last), 1)]
    assert await bench.sequence(RECEIVER, 1, 1, p(5, last), 8) == [("error", 1, 0, FULL)], "gone"


@cocotb.test()
async def another_page_or_register_begins_another_sequence(dut):
    bench = Bench(dut)
    await bench.start()
    own(bench, (1, 5), (1, 6))
    last = bench.params.ports - 1
    for page in ((1, 0, SENDER), (0, 1, SENDER), (0, 0, CANCEL)):
        await bench.write(0, 0, 0, SENDER, 7)
        await bench.write(0, *page, 1)
        assert await bench.sequence(SENDER, 0, 1, p(6, 0)) == []
        assert await bench.sequence(SEND, 0, 1, p(6, 0)) != [("error", 0, 0, NO_SEND)]
        await bench.sequence(CANCEL, 0, 1, p(6, 0))
    for port, word in ((0, 1), (last, 1 if last == 0 else 3)):
        await bench.write(port, 0, 0, RECEIVER, word)
    await bench.write(0, 0, 0, RECEIVER, p(5, 1))
    if last:
        assert await bench.write(last, 0, 0, RECEIVER, p(5, 2)) == []
        assert await bench.write(last, 0, 0, RECEIVER, 0x18) == [
            ("arm", bench.model.record(0, 0), 0, 0x18)]
        assert await bench.write(0, 0, 0, RECEIVER, 0x28) == [
            ("arm", bench.model.record(0, 1), 0, 0x28)]


@cocotb.test()
async def a_context_that_ended_leaves_nothing(dut):
    bench = Bench(dut)
    await bench.start()
    params = bench.params
    for context in range(params.contexts):
        bench.model.owners[context] = (1, context)
    for context in range(params.contexts):
        await bench.sequence(SENDER, context, 1, p(context ^ 1, 0))
        await bench.sequence(RECEIVER, context, 1, p(context ^ 1, 0), 8)
    await bench.write(0, 1, 0, SENDER, 1)
    await bench.forget(1)
    bench.model.owners[1] = (1, 1)
    assert await bench.write(0, 1, 0, SENDER, p(0, 0)) == []
    await bench.sequence(SENDER, 1, 1, p(3, 0))
    assert await bench.sequence(SEND, 1, 1, p(0, 0)) == [("error", 1, 0, NO_SEND)]
    assert await bench.sequence(SEND, 0, 1, p(1, 0)) == [("send", bench.model.record(1, 0), 1)]
    for context in range(2, params.contexts):
        assert await bench.sequence(SEND, context, 1, p(context ^ 1, 0)) == [
            ("send", bench.model.record(context ^ 1, 0), context ^ 1)], "another context"


@cocotb.test()
async def a_context_that_ends_wins_over_a_request(dut):
    bench = Bench(dut)
    await bench.start()
    own(bench, (1, 5), (1, 6))
    await bench.sequence(SENDER, 0, 1, p(6, 0))
    await bench.write(0, 0, 0, SEND, 1)
    bench.model.forget(0)
    dut.forget__payload.value, dut.forget__valid.value = 0, 1
    dut.request__payload.value = pack(compat_request_layout(bench.params), {
        "context": 0, "register": SEND, "data": p(6, 0)})
    dut.request__valid.value = 1
    bench.forgets = False
    while not bench.forgets:
        await bench.cycle()
        assert not bench.ready
    dut.forget__valid.value = 0
    assert await bench.write(0, 0, 0, SEND, p(6, 0)) == [], "the first word of a sequence"


@cocotb.test()
async def the_work_takes_its_time(dut):
    bench = Bench(dut)
    await bench.start()
    params = bench.params
    own(bench, (1, 5), (1, 6))
    slots, contexts = params.slots, params.contexts
    for register, word, most in ((SENDER, p(6, 0), 2 * slots + 12),
                                 (RECEIVER, p(6, 0), 2 * slots + 12),
                                 (SEND, p(6, 0), 4 * slots + 2 * contexts + 22),
                                 (CANCEL, p(6, 0), 2 * slots + 12)):
        await bench.sequence(register, 0, 1, word, 8)
        assert bench.cycles - 1 <= most


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_compat(name):
    run_cocotb(Compat(CONFIGURATIONS[name]), __name__, f"compat_{name}",
               plusargs=[f"+configuration={name}"])
