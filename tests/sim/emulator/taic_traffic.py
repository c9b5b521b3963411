"""Random operations of kernels and processes at TAIC, sensible or not. Knows no model of it.

What is written comes from small sets of names, so that it often concerns the same records.
"""

import random
from dataclasses import dataclass, field

from hdl.taic import TaicParams, channel_registers, control_registers, queue_registers
from hdl.taic.params import ALIAS, CHANNEL_BYTES, CHANNEL_PAGES, QUEUE_PAGES
from tests.sim.emulator.recorder import Recorder

NOTHING = (1 << 64) - 1
PAGE_BYTES = 0x1000


def offsets(registers) -> dict[str, int]:
    return {entry.name: entry.offset for entry in registers}


@dataclass
class Traffic:
    """The operations. ``owners`` has the process id and the queues of each context in use.

    ``crowded``: limits move from context to context and leave tasks behind, so that wakes wait for
    places. The device then needs three cycles for each record to come to rest.
    """

    recorder: Recorder
    params: TaicParams
    rng: random.Random
    owners: dict[int, tuple[int, set[int]]] = field(default_factory=dict)
    tasks: int = 0
    crowded: bool = False

    def __post_init__(self) -> None:
        self.control = offsets(control_registers(self.params))
        self.queue = offsets(queue_registers(self.params))
        self.channel = offsets(channel_registers(self.params))
        self.levels = 0
        self.kinds = {
            self.enqueue: 14, self.dequeue: 16, self.send: 9, self.arm: 9, self.arm_line: 6,
            self.device: 4, self.simulate: 3, self.sequence: 9, self.allocate: 4, self.free: 2,
            self.configure: 3, self.look: 5, self.settings: 3, self.install: 4, self.running: 2,
            self.clear: 2, self.grant: 1, self.wrong: 3, self.anything: 2,
            self.install_everywhere: 1,
        }
        if self.crowded:
            self.kinds[self.crowd] = 4

    async def run(self, operations: int) -> None:
        for _ in range(operations):
            kind, = self.rng.choices(list(self.kinds), list(self.kinds.values()))
            await kind()
        await self.everything()

    # names

    @property
    def port(self) -> int:
        return self.rng.randrange(self.params.ports)

    def task(self) -> int:
        """Draws a task, mostly with a number of its own above the bits that mean something."""
        self.tasks += 1
        low = self.rng.choice((0, 1, 2, 3, self.rng.randrange(64)))
        negative = self.rng.random() < 0.1
        return (self.tasks << 12 | low | (0xFFF << 52 if negative else 0)) * (
            self.rng.random() > 0.08)

    def place(self) -> tuple[int, int]:
        """Draws a context and a queue, mostly one that is allocated."""
        there = [(context, queue) for context, (_, queues) in self.owners.items()
                 for queue in queues]
        if there and self.rng.random() < 0.9:
            return self.rng.choice(there)
        return self.rng.randrange(self.params.contexts), self.rng.randrange(self.params.queues)

    def page(self, name: str, number: int = 0, *, alias: float = 0.1) -> int:
        """Returns the offset of a register of a queue."""
        context, queue = self.place()
        return (QUEUE_PAGES + PAGE_BYTES * (context * self.params.queues + queue)
                + self.queue[name] + 8 * number + ALIAS * (self.rng.random() < alias))

    def number(self, count: int, *, beyond: float = 0.03) -> int:
        return self.rng.randrange(count + (self.rng.random() < beyond) * 2 * count)

    def some(self, count: int) -> int:
        """Draws one of the first few, so that they are used often."""
        return self.number(min(3, count)) if self.rng.random() < 0.9 else self.number(count)

    def owner(self) -> tuple[int, int]:
        return self.rng.choice((1, 1, 1 << 40)), self.rng.choice((0, 1, 2, 2, 1 << 32))

    # operations of processes

    async def enqueue(self) -> None:
        await self.recorder.write(self.page("enqueue"), self.task(), port=self.port)

    async def dequeue(self) -> None:
        await self.recorder.read(self.page("dequeue"), port=self.port)

    async def send(self) -> None:
        choice = self.number(self.params.queues) << 16
        await self.recorder.write(self.page("send"), self.some(self.params.channels) | choice,
                                  port=self.port)

    async def arm(self) -> None:
        task = self.task() & (1 << 52) - 1
        await self.recorder.write(self.page("arm"),
                                  self.some(self.params.channels) << 52 | task, port=self.port)

    async def arm_line(self) -> None:
        line, task = self.some(self.params.lines), self.task()
        if self.rng.random() < 0.5:
            await self.recorder.write(self.page("arm_line"), line << 52 | task & (1 << 52) - 1,
                                      port=self.port)
        else:
            line %= self.params.lines
            await self.recorder.write(self.page("register_interrupt", line), task, port=self.port)

    async def sequence(self) -> None:
        """Writes the words of a published registration, sometimes not all of them."""
        name = self.rng.choice(("register_sender", "register_receiver", "register_receiver",
                                "send_interrupt", "send_interrupt", "cancel_sender"))
        offset, port = self.page(name), self.port
        os, process = self.owner()
        words = [os, (process << 32 | self.rng.randrange(2)) & NOTHING]
        if name == "register_receiver":
            words.append(self.task())
        if self.rng.random() < 0.05:
            words.pop()
        for word in words:
            await self.recorder.write(offset, word, port=port, more=self.search)

    async def running(self) -> None:
        if self.rng.random() < 0.5:
            await self.recorder.write(self.page("running"), self.rng.getrandbits(6),
                                      port=self.port)
        else:
            await self.recorder.read(self.page("running"), port=self.port)

    # operations of kernels

    async def device(self) -> None:
        self.levels ^= 1 << self.rng.randrange(self.params.lines)
        await self.recorder.device(self.levels, more=self.events)

    async def simulate(self) -> None:
        line = self.some(self.params.lines) % self.params.lines
        await self.recorder.write(self.control["simulate"] + 8 * line, self.rng.getrandbits(2),
                                  port=self.port, more=self.events)

    async def allocate(self) -> None:
        port, owner = self.port, self.owner()
        for word in owner[:1 if self.rng.random() < 0.05 else 2]:
            await self.recorder.write(self.control["allocate"], word, port=port)
        if self.rng.random() < 0.05:
            return
        index = await self.recorder.read(self.control["allocate"], port=port)
        if index != NOTHING:
            queues = self.owners.setdefault(index >> 32, (owner[1], set()))[1]
            queues.add(index & 0xFFFF_FFFF)

    async def free(self) -> None:
        context, queue = self.place()
        word = context << 32 | queue
        if self.rng.random() < 0.1:
            word ^= 1 << self.rng.randrange(64)
        else:
            queues = self.owners.get(context, (0, set()))[1]
            queues.discard(queue)
            if not queues:
                self.owners.pop(context, None)
        await self.recorder.write(self.control["free"], word, port=self.port, more=self.release)
        if context in self.owners and word >> 32 != context:
            self.owners[context][1].add(queue)

    async def configure(self) -> None:
        (sender, _), (receiver, queue) = self.place(), self.place()
        if self.rng.random() < 0.05:
            sender, receiver, queue = (self.rng.getrandbits(8) for _ in range(3))
        value = (self.rng.randrange(8) > 0) | self.rng.randrange(4) << 2 | sender << 8 \
            | receiver << 16 | queue << 24 | self.rng.choice((0, 7)) << 32
        await self.recorder.write(self.record(), value, port=self.port)

    def record(self, name: str = "config") -> int:
        channel = self.some(self.params.channels)
        return CHANNEL_PAGES + CHANNEL_BYTES * channel + self.channel[name]

    async def settings(self) -> None:
        offset = self.control["context"] + 8 * self.number(self.params.contexts)
        value = self.rng.getrandbits(1) | (self.rng.random() < 0.8) << 1 \
            | self.some(self.params.harts) << 8
        limit = self.rng.choice((self.rng.randrange(6), self.rng.randrange(self.params.tasks)))
        await self.recorder.write(offset, value | limit << 16, port=self.port)

    async def crowd(self) -> None:
        """Gives a context all places that are left, fills some, and takes its limit away."""
        context, queue = self.place()
        offset = self.control["context"] + 8 * context
        own = await self.recorder.read(offset) >> 16
        left = await self.recorder.read(self.control["places"]) >> 32
        await self.recorder.write(offset, left + own << 16 | 2)
        page = QUEUE_PAGES + PAGE_BYTES * (context * self.params.queues + queue)
        for _ in range(self.rng.randrange(1, self.params.tasks // 2)):
            self.tasks += 1
            await self.recorder.write(page + self.queue["enqueue"], self.tasks << 12)
        await self.recorder.write(offset, 2)

    async def install(self) -> None:
        hart = self.number(self.params.harts)
        if self.rng.random() < 0.6:
            context, queue = self.place()
            index = context * self.params.queues + queue
            if self.rng.random() < 0.05:
                index = self.rng.getrandbits(16)
            await self.recorder.write(self.control["installed"] + 8 * hart,
                                      (self.rng.random() < 0.8) << 63 | index, port=self.port)
        else:
            value = self.rng.choice((hart, hart, NOTHING, NOTHING - 1))
            await self.recorder.write(self.page("write_hart"), value, port=self.port)

    async def install_everywhere(self) -> None:
        """Installs one queue on all harts."""
        context, queue = self.place()
        for hart in range(self.params.harts):
            await self.recorder.write(self.control["installed"] + 8 * hart,
                                      1 << 63 | context * self.params.queues + queue)

    async def clear(self) -> None:
        name, value = self.rng.choice((
            ("undelivered", self.rng.getrandbits(16)), ("refused", 0), ("undelivered", 0),
            ("mode", self.rng.random() < 0.3),
            ("occupancy", 0)))
        await self.recorder.write(self.control[name], int(value), port=self.port)

    async def grant(self) -> None:
        offset = self.control["grant"] + 8 * self.some(self.params.lines)
        await self.recorder.write(offset, self.rng.getrandbits(64), port=self.port)

    # what random operations hardly meet

    async def corners(self) -> None:
        """Begins and ends a context with two queues."""
        for _ in range(2):
            for word in (1, 1):
                await self.recorder.write(self.control["allocate"], word)
            await self.recorder.read(self.control["allocate"])
        await self.two_harts_interrupted()
        await self.interrupted_late()
        await self.all_receivers_armed()
        for queue in range(2):
            await self.recorder.write(self.control["free"], queue, more=self.release)

    def at(self, queue: int, name: str) -> int:
        return QUEUE_PAGES + PAGE_BYTES * queue + self.queue[name]

    async def two_harts_interrupted(self) -> None:
        """Queue 0 runs on two harts, which are interrupted for tasks in different queues."""
        write = self.recorder.write
        for line in range(2):
            await write(self.control["grant"] + 8 * line, 1)
        for first in range(2):
            for hart, queue in ((1, first), (0, 1 - first)):
                await write(self.control["installed"] + 8 * hart, 1 << 63)
                await write(self.at(queue, "arm_line"), queue << 52 | 0x1001 + 0x1000 * queue)
                await write(self.control["simulate"] + 8 * queue, 0, more=self.events)
            for _ in range(3):
                await self.recorder.read(self.at(0, "dequeue"))
            for hart in range(2):
                await write(self.control["installed"] + 8 * hart, 0)

    async def interrupted_late(self) -> None:
        """A wake finds no queue installed. Then one queue is, and another one in its place."""
        write = self.recorder.write
        await write(self.at(1, "enqueue"), 0x2000)
        await write(self.at(0, "arm_line"), 0x1001)
        await write(self.control["simulate"], 0, more=self.events)
        for queue in range(2):
            await write(self.control["installed"], 1 << 63 | queue)
        for _ in range(3):
            await self.recorder.read(self.at(1, "dequeue"))

    async def all_receivers_armed(self) -> None:
        """Registers one receiver more than there are slots: to disarm it, then to arm it."""
        for slot in range(self.params.slots):
            for word in (1, 1 << 32 | slot, 0x2000):
                await self.recorder.write(self.at(0, "register_receiver"), word, more=self.search)
        for task in (0, 0x3000):
            for word in (1, 2 << 32, task):
                await self.recorder.write(self.at(0, "register_receiver"), word, more=self.search)
            await self.recorder.read(self.at(0, "error"))

    # looks

    def readable(self) -> list[int]:
        """Offsets of what can be read without a side effect."""
        counts = {"context": self.params.contexts, "occupancy": self.params.contexts,
                  "installed": self.params.harts, "grant": self.params.lines}
        names = ("id", "capabilities", "refused", "mode", "places", "undelivered", *counts)
        control = [self.control[name] + 8 * number for name in names
                   for number in range(counts.get(name, 1))]
        pages = [QUEUE_PAGES + PAGE_BYTES * page + self.queue[name]
                 for page in range(self.params.contexts * self.params.queues)
                 for name in ("length", "running", "error")]
        records = [CHANNEL_PAGES + CHANNEL_BYTES * channel + self.channel[name]
                   for channel in range(min(8, self.params.channels)) for name in self.channel]
        return control + pages + records

    async def look(self) -> None:
        for offset in self.rng.choices(self.readable(), k=3):
            await self.recorder.read(offset, port=self.port)

    async def everything(self) -> None:
        """Reads all that has no side effect, and takes all tasks."""
        for offset in self.readable():
            await self.recorder.read(offset)
        await self.empty()

    async def empty(self) -> None:
        """Takes all tasks."""
        for page in range(self.params.contexts * self.params.queues):
            while await self.recorder.read(QUEUE_PAGES + PAGE_BYTES * page
                                           + self.queue["dequeue"]):
                pass

    # what is wrong

    async def wrong(self) -> None:
        """Accesses of other widths, and in the wrong direction."""
        offset = self.rng.choice((self.page("enqueue"), self.page("arm"), self.page("dequeue"),
                                  self.page("register_sender"), self.control["allocate"],
                                  self.control["context"], self.record(), self.page("length")))
        size = self.rng.choice((1, 2, 4, 8))
        offset += size * self.rng.randrange(8 // size)
        if self.rng.random() < 0.5:
            await self.recorder.write(offset, self.rng.getrandbits(8 * size), size, port=self.port)
        else:
            await self.recorder.read(offset, size, port=self.port)

    async def anything(self) -> None:
        """Reads some offset, or writes one where nothing is."""
        block = self.rng.choice((0, QUEUE_PAGES, CHANNEL_PAGES, ALIAS, ALIAS + QUEUE_PAGES,
                                 self.rng.randrange(1 << 24) & ~0xFFF))
        offset = (block + 8 * self.rng.randrange(512)) % (1 << 24)
        if self.rng.random() < 0.7:
            await self.recorder.read(offset, port=self.port)
        else:
            # Above the last register of each map.
            await self.recorder.write(offset & ~0xFFF | 0xF80 | offset & 0x7F,
                                      self.rng.getrandbits(64), port=self.port)

    # cycles that pass until all is done

    @property
    def search(self) -> int:
        return 8 * (self.params.contexts + self.params.slots)

    @property
    def events(self) -> int:
        return 4 * self.params.contexts * self.params.lines

    @property
    def release(self) -> int:
        return self.params.records + 20 * (self.params.tasks + self.params.queues)
