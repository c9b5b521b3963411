"""Random accesses of all kinds through one port. Every answer matches the model."""

import cocotb

from tests.hdl.taic.device_bench import SIMULATE, UNDELIVERED, Bench
from tests.hdl.taic.taic_model import MASK64
from tests.support.pauses import bursts, never

ACCESSES = 1000


class Random:
    """Random operations of software, sensible or not."""

    def __init__(self, bench):
        self.bench, self.rng, self.params = bench, bench.rng, bench.params
        self.lines = self.number = 0
        self.some_channels = range(min(4, self.params.channels))
        self.some_lines = range(min(2, self.params.lines))
        self.kinds = {
            self.enqueue: 14, self.dequeue: 14, self.send: 8, self.arm: 8, self.arm_line: 5,
            self.simulate: 3, self.change_line: 4, self.compat: 10, self.allocate: 3,
            self.free: 1.5, self.configure: 3, self.read_queue: 4, self.read_control: 3,
            self.write_control: 3, self.write_hart: 3, self.wrong: 2, self.read_channel: 2,
        }

    async def access(self):
        kind, = self.rng.choices(list(self.kinds), list(self.kinds.values()))
        await kind()

    def task(self):
        """Makes a new task. Bits 20 and up are unique."""
        self.number += 1
        return self.number << 20 | self.rng.choice((0, self.rng.randrange(64)))

    def place(self):
        """Draws a context and a queue, mostly allocated."""
        queues = self.bench.model.queues
        there = [(context, queue) for context in range(self.params.contexts)
                 for queue in queues.allocated[context]]
        if there and self.rng.random() < 0.95:
            return self.rng.choice(there[:6])
        return self.rng.randrange(self.params.contexts), self.rng.randrange(self.params.queues)

    def key(self):
        """Draws an os id and a word P from few values."""
        return self.rng.choice((1, 1, 2)), self.rng.randrange(3) << 32 | self.rng.randrange(3)

    async def enqueue(self):
        for _ in range(self.rng.choice((1, 1, 3))):
            await self.bench.enqueue(*self.place(), self.rng.choice((self.task(), self.task(), 0)
                                                                  if self.rng.random() < 0.1
                                                                  else (self.task(),)))

    async def dequeue(self):
        await self.bench.dequeue(*self.place())

    async def send(self):
        channel = self.rng.choice(self.some_channels)
        sender = self.bench.model.records.table[channel].sender
        context, queue = self.place()
        if sender is not None and self.rng.random() < 0.9:
            context = sender
        await self.bench.send(context, queue, channel,
                              choice=self.rng.randrange(self.params.queues))

    async def arm(self):
        channel = self.rng.choice(self.some_channels)
        receiver = self.bench.model.records.table[channel].receiver
        context, queue = self.place()
        if receiver is not None and self.rng.random() < 0.9:
            context = receiver
        await self.bench.arm(context, queue, channel, self.rng.choice((self.task(),) * 5 + (0,)))

    async def arm_line(self):
        task = self.rng.choice((self.task(),) * 5 + (0,))
        line = self.rng.choice(self.some_lines)
        if self.rng.random() < 0.5:
            await self.bench.arm_line(*self.place(), line, task)
        else:
            await self.bench.write(
                self.bench.queue(*self.place(), "register_interrupt", line,
                                 alias=self.rng.random() < 0.5), task)

    async def simulate(self):
        await self.bench.write(SIMULATE + 8 * self.rng.choice(self.some_lines), 0)

    async def change_line(self):
        self.lines ^= 1 << self.rng.choice(self.some_lines)
        await self.bench.levels(self.lines)

    async def compat(self):
        name = self.rng.choice(("register_sender", "register_receiver", "send_interrupt",
                                "send_interrupt", "send_interrupt", "cancel_sender"))
        words = list(self.key())
        if name == "register_receiver":
            words.append(self.rng.choice((self.task(), self.task(), self.task(), 0)))
        if self.rng.random() < 0.05:
            words = words[:1]
        await self.bench.sequence(*self.place(), name, *words, alias=self.rng.random() < 0.3)

    async def allocate(self):
        os, word = self.key()
        place = await self.bench.allocate(os, word >> 32)
        if place is not None:
            await self.bench.length(*place)  # LEAST_LOADED starts at the last operation's queue
            if self.rng.random() < 0.7:
                await self.grant(self.rng.choice(self.some_lines))

    async def grant(self, line):
        """Grants a line to most contexts."""
        contexts = self.rng.choice((self.rng.getrandbits(64), MASK64, MASK64))
        await self.bench.write(self.bench.control("grant", line), contexts)

    async def free(self):
        await self.bench.free(*self.place())

    async def configure(self):
        rng = self.rng
        await self.bench.configure(
            rng.choice(self.some_channels), sender=self.place()[0], receiver=self.place()[0],
            queue=rng.randrange(self.params.queues + (rng.random() < 0.1)),
            policy=rng.randrange(3 + (rng.random() < 0.1)), enabled=rng.random() < 0.95)

    async def read_queue(self):
        name = self.rng.choice(("error", "length", "running"))
        await self.bench.read(self.bench.queue(*self.place(), name,
                                               alias=self.rng.random() < 0.3))

    async def read_channel(self):
        await self.bench.read(self.bench.channel(self.rng.choice(self.some_channels),
                                                 self.rng.choice(("config", "task"))))

    async def read_control(self):
        name, count = self.rng.choice((
            ("places", 1), ("undelivered", 1), ("refused", 1), ("context", self.params.contexts),
            ("occupancy", self.params.contexts), ("installed", self.params.harts),
            ("grant", self.params.lines), ("id", 1), ("capabilities", 1), ("mode", 1)))
        await self.bench.read(self.bench.control(name, self.rng.randrange(count)))

    async def write_control(self):
        bench, rng, params = self.bench, self.rng, self.params
        context = rng.randrange(params.contexts)
        choice = rng.randrange(6)
        if choice == 0:
            await bench.set_context(context, priorities=rng.randrange(2),
                                    compatible=rng.random() < 0.8,
                                    fallback=rng.randrange(params.harts + 1),
                                    limit=rng.choice((rng.randrange(self.most + 1), 0xFFFF)))
        elif choice == 1:
            context, queue = self.place()
            page = rng.choice((rng.randrange(params.contexts * params.queues + 1),
                               *[context * params.queues + queue] * 4))
            await bench.write(bench.control("installed", rng.randrange(params.harts)),
                              rng.choice((0, 1, 1)) << 63 | page)
        elif choice == 2:
            await self.grant(rng.choice(self.some_lines))
        elif choice == 3:
            await bench.write(bench.control("occupancy", context), 0)
        elif choice == 4:
            await bench.write(UNDELIVERED, rng.choice((rng.getrandbits(64), MASK64)))
        else:
            await bench.write(bench.control(rng.choice(("refused", "mode"))), rng.randrange(2))

    async def write_hart(self):
        place = self.place()
        hart = self.rng.choice((MASK64, *range(self.params.harts + 1)))
        if self.rng.random() < 0.8:
            await self.bench.write(self.bench.queue(*place, "write_hart", alias=True), hart)
        else:
            await self.bench.write(self.bench.queue(*place, "running"), self.rng.randrange(16))

    async def wrong(self):
        """Makes accesses that mostly hit no register, or a register of another size."""
        bench, rng = self.bench, self.rng
        offset = rng.choice((
            bench.queue(*self.place(), "enqueue"), bench.queue(*self.place(), "running"),
            bench.queue(*self.place(), "enqueue") + 0x930, 0x928, 0xFF8,
            bench.control("mode"), bench.control("id"), bench.channel(0, "config"),
            bench.channel(0, "task"), bench.channel(0, "task") + 8,
            bench.queue(self.params.contexts, 0, "enqueue"),
            bench.channel(self.params.channels, "config")))
        size = rng.choice((8, 4, 2, 1))
        if rng.random() < 0.5:
            await bench.write(offset, rng.getrandbits(8 * size), size=size)
        else:
            await bench.read(offset, size=size)

    @property
    def most(self):
        """Returns a limit that leaves a place for every wake-up."""
        params = self.params
        used = (len(self.some_channels) + len(self.some_lines) * params.contexts
                + params.slots * params.contexts + 8)
        return min(12, (params.tasks - used) // params.contexts)


async def started(dut, pause=never):
    bench = Bench(dut, pause)
    await bench.start()
    stimulus = Random(bench)
    for context in range(bench.params.contexts):
        await bench.set_context(context, limit=stimulus.most)
    return bench, stimulus


@cocotb.test()
@cocotb.parametrize(pause=[never, bursts])
async def random_accesses_follow_the_model(dut, pause):
    bench, stimulus = await started(dut, pause)
    for _ in range(2):
        await stimulus.allocate()
    for line in stimulus.some_lines:
        await stimulus.grant(line)
    for number in range(ACCESSES):
        await stimulus.access()
        await bench.interrupts()
        if number % 100 == 99:
            await bench.compare(channels=stimulus.some_channels)


@cocotb.test()
@cocotb.parametrize(pause=[never, bursts])
async def queue_operations_need_no_rest(dut, pause):
    """Enqueues, dequeues, steals and reads lengths without waiting. A port sees its own order."""
    bench, stimulus = await started(dut, pause)
    rng = bench.rng
    for process in (1, 1, 2):
        await bench.allocate(1, process)
    await bench.set_context(1, priorities=1)
    await bench.settle()
    bench.wait = False
    for _ in range(ACCESSES):
        context, queue = rng.choice(((0, 0), (0, 0), (0, 1), (1, 0)))
        kind = rng.random()
        if kind < 0.45:
            await bench.enqueue(context, queue, stimulus.task())
        elif kind < 0.9:
            await bench.dequeue(context, queue)
        elif kind < 0.95:
            await bench.length(context, queue)
        else:
            await bench.error(context, queue)
    await bench.compare(channels=())
