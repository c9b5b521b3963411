"""The bench of the device's tests. Every access also goes to the model."""

import random

import cocotb
from cocotb.triggers import ReadOnly

from hdl.taic import TaicParams, channel_registers, control_registers, queue_registers
from hdl.taic.params import ADDR_BITS, ALIAS, CHANNEL_BYTES, CHANNEL_PAGES, QUEUE_PAGES
from tests.hdl.taic.taic_model import MASK64, TaicModel
from tests.support.clock import cycles, start
from tests.support.mmio import Initiator
from tests.support.pauses import never

SHAPES = {
    "small": TaicParams(contexts=2, queues=2, priorities=4, tasks=32, channels=4, slots=2, lines=2,
                        harts=2, ports=1),
    "medium": TaicParams(contexts=4, queues=4, priorities=2, tasks=64, channels=16, slots=4,
                         lines=4, harts=3, ports=2),
    "default": TaicParams(),
    "ports": TaicParams(contexts=4, queues=4, tasks=256, channels=32, lines=4, slots=2, harts=4,
                        ports=4),
}
SETTLED = 24  # cycles until most accesses have had all their effects
COMPATIBLE = range(0x18, 0x38)  # offsets of the registers that search slots
ALLOCATE, FREE, SIMULATE, PLACES, UNDELIVERED, REFUSED = 0x000, 0x008, 0x010, 0x920, 0x930, 0x910


def shape():
    return SHAPES[cocotb.plusargs["shape"]]


class Bench:
    """With ``wait``, the bench lets the device come to rest after each access."""

    def __init__(self, dut, pause=never, *, wait=True):
        self.dut, self.params, self.wait = dut, shape(), wait
        self.rng = random.Random(cocotb.RANDOM_SEED)
        self.ports = [Initiator(dut, f"bus__{port}", ADDR_BITS, pause(self.rng))
                      for port in range(self.params.ports)]
        self.model = TaicModel(self.params)
        self.accesses = 0
        self.full = False  # whether a record may wait for a place

    async def start(self):
        self.dut.line.value = 0
        await start(self.dut)
        await cycles(self.dut, max(self.params.tasks, 1 << self.params.record_bits,
                                   self.params.contexts * self.params.queues
                                   * self.params.priorities) + SETTLED)

    # addresses

    @staticmethod
    def _named(registers, name, number=0):
        entry = next(entry for entry in registers if entry.name == name)
        return entry.offset + entry.register.bytes * number

    def control(self, name, number=0):
        return self._named(control_registers(self.params), name, number)

    def queue(self, context, queue, name, number=0, *, alias=False):
        page = context * self.params.queues + queue
        return ((ALIAS if alias else 0) + QUEUE_PAGES + 0x1000 * page
                + self._named(queue_registers(self.params), name, number))

    def channel(self, channel, name):
        return (CHANNEL_PAGES + CHANNEL_BYTES * channel
                + self._named(channel_registers(self.params), name))

    # accesses

    async def write(self, offset, value, *, size=8, port=0):
        queued = sum(map(self.model.queues.total, range(self.params.contexts)))
        self.model.write(offset, value, size=size, port=port)
        await self.ports[port].write(offset, value, size)
        if offset == FREE:
            await self.settle(self.params.records + 20 * (queued + self.params.queues))
        elif self.wait:
            searches = offset & 0xFFF in COMPATIBLE
            await self.settle(self.search if searches else 0)

    async def read(self, offset, *, size=8, port=0):
        """Returns the value, which must match the model; ``None`` if both answer with an error."""
        self.accesses += 1
        wanted = self.model.read(offset, size=size, port=port)
        if wanted is None:
            assert await self.ports[port].refused(offset, size), f"{offset:#x} is not refused"
            got = None
        else:
            wanted = wanted >> 8 * (offset % 8) & (1 << 8 * size) - 1
            got = await self.ports[port].read(offset, size)
            assert got == wanted, f"{offset:#x} reads {got:#x}, not {wanted:#x}"
        if self.wait:
            await self.settle()
        return got

    @property
    def search(self):
        """Returns the cycles that a search in the slots may take."""
        return 8 * (self.params.contexts + self.params.slots)

    async def settle(self, more=0):
        if self.full:
            more += 3 * self.params.records  # the records that wait for a place are searched
        await cycles(self.dut, SETTLED + more)

    async def levels(self, lines):
        self.model.levels(lines)
        self.dut.line.value = lines
        await self.settle(self.params.contexts * self.params.lines)

    # operations of software

    async def allocate(self, os, process, *, port=0):
        """Returns context and queue, or ``None`` if there is none."""
        await self.write(ALLOCATE, os, port=port)
        await self.write(ALLOCATE, process, port=port)
        word = await self.read(ALLOCATE, port=port)
        return None if word == MASK64 else (word >> 32, word & 0xFFFF_FFFF)

    async def free(self, context, queue, *, port=0):
        await self.write(FREE, context << 32 | queue, port=port)

    async def enqueue(self, context, queue, task, *, port=0):
        await self.write(self.queue(context, queue, "enqueue"), task, port=port)

    async def dequeue(self, context, queue, *, port=0):
        return await self.read(self.queue(context, queue, "dequeue"), port=port)

    async def error(self, context, queue, *, port=0):
        return await self.read(self.queue(context, queue, "error"), port=port)

    async def length(self, context, queue, *, port=0):
        return await self.read(self.queue(context, queue, "length"), port=port)

    async def send(self, context, queue, channel, *, choice=0, port=0):
        await self.write(self.queue(context, queue, "send"), channel | choice << 16, port=port)

    async def arm(self, context, queue, channel, task, *, port=0):
        await self.write(self.queue(context, queue, "arm"), channel << 52 | task & (1 << 52) - 1,
                         port=port)

    async def arm_line(self, context, queue, line, task, *, port=0):
        await self.write(self.queue(context, queue, "arm_line"),
                         line << 52 | task & (1 << 52) - 1, port=port)

    async def configure(self, channel, *, sender, receiver, queue=0, policy=0, enabled=1, port=0):
        await self.write(self.channel(channel, "config"),
                         enabled | policy << 2 | sender << 8 | receiver << 16 | queue << 24,
                         port=port)

    async def set_context(self, context, *, priorities=0, compatible=1, fallback=0, limit=None):
        limit = self.model.queues.limit[context] if limit is None else limit
        await self.write(self.control("context", context),
                         priorities | compatible << 1 | fallback << 8 | limit << 16)

    async def grant(self, line, contexts):
        await self.write(self.control("grant", line), sum(1 << context for context in contexts))

    async def grant_all(self):
        """Grants all lines to all contexts, with or without an owner."""
        for line in range(self.params.lines):
            await self.grant(line, range(self.params.contexts))

    async def sequence(self, context, queue, name, *words, port=0, alias=False):
        for word in words:
            await self.write(self.queue(context, queue, name, alias=alias), word, port=port)

    async def interrupts(self, *, usip=None, ssip=None):
        """Compares the outputs with the model, and with ``usip`` and ``ssip`` if given."""
        await ReadOnly()
        got = int(self.dut.usip.value), int(self.dut.ssip.value)
        wanted = self.model.interrupts.usip(), self.model.interrupts.ssip()
        assert got == wanted, f"usip, ssip are {got}, not {wanted}"
        assert usip in (None, got[0]), f"usip is {got[0]}, not {usip}"
        assert ssip in (None, got[1]), f"ssip is {got[1]}, not {ssip}"
        await cycles(self.dut, 1)

    async def compare(self, *, channels=None):
        """Compares everything that can be read without a side effect, and the errors."""
        params, waits = self.params, self.wait
        await self.settle()
        self.wait = False
        for name in ("id", "capabilities", "refused", "mode", "places", "undelivered"):
            await self.read(self.control(name))
        for name, count in (("context", params.contexts), ("occupancy", params.contexts),
                            ("installed", params.harts), ("grant", params.lines)):
            for number in range(count):
                await self.read(self.control(name, number))
        for context in range(params.contexts):
            for queue in range(params.queues):
                for name in ("length", "error", "running"):
                    await self.read(self.queue(context, queue, name))
        for channel in range(params.channels) if channels is None else channels:
            await self.read(self.channel(channel, "config"))
            await self.read(self.channel(channel, "task"))
        await self.interrupts()
        self.wait = waits
