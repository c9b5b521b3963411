"""The structure used for the area comparison works: it queues, steals, wakes and notifies."""

import random

import cocotb

from hdl.reference import ReferenceParams, ReferenceTaic
from tests.support.clock import cycles, start
from tests.support.mmio import Initiator
from tests.support.pauses import never
from tests.support.run import run_cocotb

PARAMS = ReferenceParams(harts=2)
ENQUEUE, DEQUEUE, ERROR, REGISTER_SENDER, CANCEL_SENDER, REGISTER_RECEIVER, SEND, HART, LINE = (
    8 * n for n in range(9))
NONE = (1 << 64) - 1
FULL, NO_SEND, NO_QUEUE = 1, 4, 16


class Bench:
    def __init__(self, dut):
        self.dut, self.rng = dut, random.Random(cocotb.RANDOM_SEED)
        self.bus = Initiator(dut, "bus", 24, never(self.rng))
        dut.line.value = 0

    async def write(self, queue, register, *words):
        for word in words:
            await self.bus.write(0x1000 * (queue + 1) + register, word, 8)

    async def read(self, queue, register):
        return await self.bus.read(0x1000 * (queue + 1) + register, 8)

    async def allocate(self, os, process):
        """Returns the number of the queue's page, or None."""
        await self.bus.write(0, os, 8)
        await self.bus.write(0, process, 8)
        word = await self.bus.read(0, 8)
        return None if word == NONE else PARAMS.queues * (word >> 32) + word % (1 << 32)

    async def free(self, queue):
        await self.bus.write(8, queue // PARAMS.queues << 32 | queue % PARAMS.queues, 8)


async def bench_of(dut):
    bench = Bench(dut)
    await start(dut)
    return bench


@cocotb.test()
async def queues_are_first_in_first_out_and_stolen_from(dut):
    bench = await bench_of(dut)
    owned = [await bench.allocate(1, 7) for _ in range(PARAMS.queues)]
    assert owned == list(range(PARAMS.queues))
    assert await bench.allocate(1, 7) is None
    model, task = [[] for _ in owned], 0
    for _ in range(1500):
        queue = bench.rng.choice(owned)
        if bench.rng.random() < 0.55:
            task += 4
            await bench.write(queue, ENQUEUE, task)
            full = sum(map(len, model)) == PARAMS.tasks
            if not full:
                model[queue].append(task)
            assert await bench.read(queue, ERROR) == (FULL if full else 0)
        else:
            source = next((m for m in (model[queue], *model) if m), [0])
            assert await bench.read(queue, DEQUEUE) == source.pop(0)
    assert task > 4 * PARAMS.tasks
    await bench.free(owned[3])
    assert await bench.read(owned[3], DEQUEUE) == 0
    assert await bench.read(owned[3], ERROR) == NO_QUEUE


@cocotb.test()
async def lines_wake_tasks_and_interrupt(dut):
    bench = await bench_of(dut)
    user, kernel = await bench.allocate(1, 7), await bench.allocate(1, 0)
    for queue, line in ((user, "usip"), (kernel, "ssip")):
        await bench.write(queue, HART, 1)
        await bench.write(queue, LINE + 8 * 5, 0x109)
        await bench.write(queue, ENQUEUE, 0x40)
        dut.line.value = 1 << 5
        await cycles(dut, 8)
        assert int(getattr(dut, line).value) == 2
        assert await bench.read(queue, DEQUEUE) == 0x109
        assert int(dut.usip.value) == int(dut.ssip.value) == 0
        dut.line.value = 0
        await cycles(dut, 2)
        await bench.bus.write(0x10 + 8 * 5, 0, 8)
        await cycles(dut, 8)
        assert [await bench.read(queue, DEQUEUE) for _ in range(2)] == [0x40, 0], "was one-shot"


@cocotb.test()
async def messages_reach_who_registered_for_them(dut):
    bench = await bench_of(dut)
    sender, receiver = await bench.allocate(1, 7), await bench.allocate(2, 9)
    assert receiver == PARAMS.queues
    await bench.write(receiver, REGISTER_RECEIVER, 1, 7 << 32 | 3, 0x56)
    await bench.write(sender, SEND, 2, 9 << 32 | 3)
    assert await bench.read(sender, ERROR) == NO_SEND
    await bench.write(sender, REGISTER_SENDER, 2, 9 << 32 | 3)
    for _ in range(3):
        await bench.write(sender, SEND, 2, 9 << 32 | 3)
    await cycles(dut, 20)
    assert [await bench.read(receiver, DEQUEUE) for _ in range(4)] == [0x56, 0x56, 0x56, 0]
    await bench.write(sender, CANCEL_SENDER, 2, 9 << 32 | 3)
    await bench.write(sender, SEND, 2, 9 << 32 | 3)
    assert await bench.read(sender, ERROR) == NO_SEND


def test_reference():
    run_cocotb(ReferenceTaic(PARAMS), __name__, "taic_reference")
