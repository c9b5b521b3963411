"""The context allocator gives each owner one context, and loses no task of a freed queue."""

import random

import cocotb
import pytest
from cocotb.triggers import FallingEdge, Timer

from hdl.taic import TaicParams
from hdl.taic.context_allocator import ContextAllocator, allocator_request_layout
from hdl.taic.types import QueueOp, RecordOp, queue_op_layout, record_op_layout
from tests.hdl.taic.context_allocator_model import NOTHING, DirectoryModel
from tests.support.clock import start
from tests.support.layouts import pack, unpack
from tests.support.pauses import bursts, never, often
from tests.support.run import run_cocotb

CONFIGURATIONS = {
    "small": TaicParams(contexts=2, queues=2, tasks=64, channels=8, lines=2, slots=2, ports=3),
    "default": TaicParams(),
}


class Bench:
    """Drives all ports one cycle at a time. Plays the engine and the records."""

    def __init__(self, dut, pause=never):
        self.dut, self.rng = dut, random.Random(cocotb.RANDOM_SEED)
        self.params = params = CONFIGURATIONS[cocotb.plusargs["configuration"]]
        self.model = DirectoryModel(params.contexts, params.queues, params.ports)
        self.pauses = [pause(self.rng) for _ in range(4)]
        self.tasks = {}  # contents of the engine
        self.masks, self.kernel = [0] * params.contexts, [0] * params.contexts
        self.begun, self.ended, self.told, self.forgotten = [], [], [], []
        self.refused, self.taking, self.answers, self.ready = 0, None, [], False
        self.cleared = []  # operations that remove what is left of earlier owners
        self.layouts = {name: member.shape for name, member in
                        ContextAllocator(params).signature.members.items() if member.is_port}
        self.arrive = lambda: None  # called every cycle, to add tasks

    async def start(self):
        dut = self.dut
        for port in (dut.request__valid, dut.forget__ready, dut.queue_op__ready,
                     dut.record_op__ready, dut.queue_answer, dut.owner__context,
                     dut.owner__process):
            port.value = 0
        await start(dut)
        swept = 0
        while int(dut.sweeping.value):
            assert not int(dut.request__ready.value)
            await FallingEdge(dut.clk)
            swept += 1
        assert swept <= self.params.contexts

    async def cycle(self):
        """Runs from one falling edge to the next. ``ready`` reports accepted requests."""
        dut, params = self.dut, self.params
        answer = None
        if self.taking is not None and not next(self.pauses[3]):
            answer, self.taking = self.taking, None
        dut.queue_answer.value = 0 if answer is None else pack(
            self.layouts["queue_answer"],
            {"valid": 1, "found": answer[0] != 0, "task": answer[0], "recorded": answer[1],
             "record": answer[2]})
        ready = [not next(pause) for pause in self.pauses[:3]]
        dut.queue_op__ready.value, dut.record_op__ready.value, dut.forget__ready.value = ready
        await Timer(1, "ns")
        allocation = unpack(self.layouts["allocation"],
                            int(dut.allocation.value))
        if allocation["en"]:
            self.masks[allocation["context"]] = allocation["mask"]
            self.kernel[allocation["context"]] = allocation["kernel"]
        for pulse, seen in ((dut.begin, self.begun), (dut.end, self.ended)):
            if int(pulse.value) & 1:
                seen.append(int(pulse.value) >> 1)
        self.refused += int(dut.refused.value)
        if int(dut.answer.value) & 1:
            self.answers.append(int(dut.answer.value) >> 1)
        if int(dut.forget__valid.value) and ready[2]:
            self.told.append(int(dut.forget__payload.value))
            assert not any(tasks for (context, _), tasks in self.tasks.items()
                           if context == self.told[-1]), "its tasks are taken first"
        if int(dut.record_op__valid.value) and ready[1]:
            op = unpack(record_op_layout(params), int(dut.record_op__payload.value))
            assert op["op"] == RecordOp.FORGET.value and op["trusted"]
            assert self.told[-1] == op["context"], "the slots are not forgotten first"
            self.forgotten.append((op["context"], op["record"]))
        self.arrive()
        if int(dut.queue_op__valid.value) and ready[0]:
            self.queue_op(unpack(queue_op_layout(params), int(dut.queue_op__payload.value)))
        self.ready = bool(int(dut.request__ready.value))
        await FallingEdge(dut.clk)

    def queue_op(self, op):
        place = op["context"], op["queue"]
        assert op["source"] == self.params.ports
        assert self.taking is None, "two operations at once"
        if op["kind"] in (QueueOp.READ_ERROR.value, QueueOp.MARK.value):
            self.cleared.append((QueueOp(op["kind"]), *place))
        elif op["kind"] == QueueOp.TAKE.value:
            queue = self.tasks.get(place, [])
            self.taking = queue.pop(0) if queue else (0, 0, 0)
        else:
            assert op["kind"] == QueueOp.MOVE.value
            assert self.masks[op["context"]] >> op["queue"] & 1, "moved to a queue that is free"
            self.tasks.setdefault(place, []).append((op["task"], op["recorded"], op["record"]))

    async def access(self, **request):
        dut = self.dut
        dut.request__payload.value = pack(allocator_request_layout(self.params), request)
        dut.request__valid.value = 1
        self.ready = False
        while not self.ready:
            await self.cycle()
        dut.request__valid.value = 0

    async def idle(self):
        """Runs until the last request is done."""
        cycles, self.ready = 0, False
        while not self.ready:
            await self.cycle()
            cycles += 1
            assert cycles < 40 * self.params.records, "for ever busy"

    async def write(self, port, word):
        self.model.write(port, word)
        await self.access(port=port, data=word)

    async def read(self, port):
        expected = self.model.read(port)
        await self.access(port=port, read=1, data=self.rng.getrandbits(64))
        await self.idle()
        assert [expected] == self.answers
        self.answers.clear()
        return expected

    async def allocate(self, os, process, port=0):
        await self.write(port, os)
        await self.write(port, process)
        return await self.read(port)

    async def free(self, word):
        """Frees a queue. Tasks that ``arrive`` in the meantime are already in the model."""
        before = len(self.forgotten)
        await self.access(free=1, data=word)
        ends = self.model.free(word)
        await self.idle()
        wanted = ([(word >> 32, n) for n in range(self.params.records)] if ends else [])
        assert self.forgotten[before:] == wanted

    def put(self, context, queue, task):
        for tasks in (self.tasks, self.model.tasks):
            tasks.setdefault((context, queue), []).append(task)

    async def check(self):
        """Compares all state with the model."""
        model, dut = self.model, self.dut
        assert (self.begun, self.ended, self.refused) == (model.begun, model.ended, model.refused)
        assert self.told == model.ended
        present = {place: tasks for place, tasks in self.tasks.items() if tasks}
        assert present == {place: tasks for place, tasks in model.tasks.items() if tasks}
        for number, context in enumerate(model.contexts):
            queues = context.queues if context else ()
            assert self.masks[number] == sum(1 << queue for queue in queues)
            assert int(dut.owner__valid.value) >> number & 1 == bool(context)
            if context:
                assert self.kernel[number] == (context.process == 0)
                for process, wanted in ((0, context.os), (1, context.process)):
                    dut.owner__context.value, dut.owner__process.value = number, process
                    await self.cycle()
                    assert int(dut.owner__word.value) == wanted


def some_id(rng):
    """Makes a few ids that differ in one bit."""
    return rng.choice((0, 1)) ^ rng.choice((0, 0, 0, 1 << rng.randrange(64)))


@cocotb.test()
@cocotb.parametrize(pause=[never, often, bursts])
async def behaves_as_the_model(dut, pause):
    bench = Bench(dut, pause)
    await bench.start()
    rng, model, params = bench.rng, bench.model, bench.params
    ids = [some_id(rng) for _ in range(3)]
    for step in range(500 if params.contexts == 2 else 50):
        if step % 40 == 0:
            ids = [0, *(some_id(rng) for _ in range(2))]
        port = rng.randrange(params.ports)
        event = rng.choices(("write", "read", "allocate", "free", "wrong", "put"),
                            (20, 10, 25, 20, 5, 30))[0]
        allocated = [(number, queue) for number, context in enumerate(model.contexts) if context
                     for queue in context.queues]
        if event == "write":
            await bench.write(port, rng.choice(ids))
        elif event == "read":
            await bench.read(port)
        elif event == "allocate":
            await bench.allocate(rng.choice(ids), rng.choice(ids), port)
        elif event == "free" and allocated:
            number, queue = rng.choice(allocated)
            await bench.free(number << 32 | queue)
        elif event == "wrong":
            await bench.free(rng.choice((
                NOTHING, rng.getrandbits(64), rng.randrange(params.contexts) << 32 | params.queues,
                params.contexts << 32, rng.randrange(params.contexts) << 32 | 1)))
        elif event == "put" and allocated:
            for _ in range(rng.randrange(6)):
                bench.put(*rng.choice(allocated), (
                    rng.getrandbits(64) | 1, rng.getrandbits(1),
                    rng.randrange(params.records)))
        await bench.idle()
        await bench.check()


@cocotb.test()
async def everything_is_given_once_and_then_nothing(dut):
    bench = Bench(dut)
    await bench.start()
    params, model = bench.params, bench.model
    for queue in range(params.queues):
        for context in range(params.contexts):
            assert await bench.allocate(7, context) == context << 32 | queue
    assert await bench.allocate(7, params.contexts) == NOTHING, "no context left"
    assert await bench.allocate(7, 1) == NOTHING, "no queue left"
    await bench.check()
    await bench.free(1 << 32 | 0)
    assert await bench.allocate(7, 1) == 1 << 32
    for queue in range(params.queues):
        await bench.free(1 << 32 | queue)
    assert model.ended == [1]
    assert await bench.allocate(8, 1) == 1 << 32, "another owner"
    await bench.check()


@cocotb.test()
async def what_is_left_of_earlier_owners_is_cleared(dut):
    """TAIC-3.4: the errors of each allocated page, and the high water of a new context."""
    bench = Bench(dut)
    await bench.start()
    for queue in range(2):
        assert await bench.allocate(7, 1) == queue
        await bench.check()
    assert bench.cleared == [(QueueOp.READ_ERROR, 0, 0), (QueueOp.MARK, 0, 0),
                             (QueueOp.READ_ERROR, 0, 1)]


@cocotb.test()
async def a_read_without_two_writes_gives_nothing(dut):
    bench = Bench(dut)
    await bench.start()
    assert await bench.read(0) == NOTHING
    await bench.write(0, 1)
    assert await bench.read(0) == NOTHING
    await bench.write(0, 2)
    await bench.write(0, 3)
    await bench.write(0, 4)
    assert await bench.read(0) == NOTHING, "a third write begins another sequence"
    assert await bench.allocate(2, 3) == 0
    assert await bench.read(0) == NOTHING, "given twice"
    await bench.check()


@cocotb.test()
async def ports_do_not_mix_their_words(dut):
    bench = Bench(dut)
    await bench.start()
    ports = range(bench.params.ports)
    for word in range(2):
        for port in ports:
            await bench.write(port, 0x10 * word + port % 2)
    for port in reversed(ports):
        await bench.read(port)
    await bench.check()


@cocotb.test()
async def the_search_has_its_time(dut):
    bench = Bench(dut)
    await bench.start()
    params = bench.params
    for context in range(params.contexts):
        await bench.write(0, 1)
        await bench.write(0, context)
        bench.model.read(0)
        await bench.access(read=1)
        cycles = 0
        while not bench.answers:
            await bench.cycle()
            cycles += 1
        bench.answers.clear()
        assert cycles <= 2 * params.contexts + 13
        await bench.idle()


@cocotb.test()
@cocotb.parametrize(pause=[never, often])
async def tasks_arrive_while_others_move(dut, pause):
    """Moved tasks keep their order. A task that arrives meanwhile is not lost or moved twice."""
    bench = Bench(dut, pause)
    await bench.start()
    rng = bench.rng
    for _ in range(2):
        await bench.allocate(1, 1)
    old = [(0x1000 + n, n & 1, n) for n in range(8)]
    for task in old:
        bench.put(0, 0, task)
    arrived = []

    def arrive():
        if bench.masks[0] == 2 and len(arrived) < 20 and rng.random() < 0.5:
            arrived.append((0x2000 + len(arrived), 0, 0))
            bench.tasks.setdefault((0, 1), []).append(arrived[-1])

    bench.arrive = arrive
    await bench.free(0)
    tasks = bench.tasks[0, 1]
    assert [task for task in tasks if task in old] == old
    assert [task for task in tasks if task not in old] == arrived and arrived
    assert not bench.tasks[0, 0]


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_directory(name):
    run_cocotb(ContextAllocator(CONFIGURATIONS[name]), __name__, f"directory_{name}",
               plusargs=[f"+configuration={name}"])
