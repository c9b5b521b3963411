"""Contexts, allocation and messages of the reference structure, behind one port."""

from dataclasses import dataclass

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from hdl.bus.mmio import MmioSignature

from .context import WORD, Context

ADDR_BITS = 24
ALLOCATE, FREE, SIMULATE = 0, 1, 2  # registers of the control page, by dword


@dataclass(frozen=True)
class ReferenceParams:
    """As published: ``slots`` for senders and as many for receivers, in each context."""

    contexts: int = 4
    queues: int = 8
    tasks: int = 64
    slots: int = 6
    lines: int = 6
    harts: int = 8


class ReferenceTaic(wiring.Component):
    """Our own code for the structure that the published TAIC is described to have.

    Each context has its queues in one array of registers that shifts at every enqueue and dequeue,
    its slots in registers that are all compared at once, and one state machine. So what software,
    other contexts and lines want of a context is done one after the other: an enqueue occupies it
    for 3 cycles, a dequeue too. Register map of ``hdl.taic`` below 0x900, without aliases.
    """

    def __init__(self, params: ReferenceParams) -> None:
        self.params = params
        super().__init__({
            "bus": In(MmioSignature(ADDR_BITS)),
            "line": In(params.lines),
            "ssip": Out(params.harts),
            "usip": Out(params.harts),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        params, bus = self.params, self.bus
        request = bus.request.p
        queue_bits = (params.queues - 1).bit_length()
        contexts, owners, allocated = [], [], []
        for n in range(params.contexts):
            context = Context(queues=params.queues, tasks=params.tasks, slots=params.slots,
                              lines=params.lines)
            m.submodules[f"context_{n}"] = context
            contexts.append(context)
            owners.append(Signal(2 * WORD, name=f"owner_{n}", reset_less=True))
            allocated.append(Signal(params.queues, name=f"allocated_{n}"))

        index = Signal(ADDR_BITS - 12)
        pulse = Signal(params.lines)
        words, written = Signal(2 * WORD, reset_less=True), Signal(2)
        answer = Signal(WORD)
        control = request.addr[12:] == 0
        m.d.comb += index.eq(request.addr[12:] - 1)
        reading = Signal()  # in a context

        for n, context in enumerate(contexts):
            mine = ~control & (index >> queue_bits == n)
            m.d.comb += [
                context.request.valid.eq(bus.request.valid & mine & ~reading),
                context.request.p.write.eq(request.write),
                context.request.p.register.eq(request.addr[3:]),
                context.request.p.queue.eq(index),
                context.request.p.data.eq(request.data),
                context.allocated.eq(allocated[n]),
                context.lines.eq(self.line | pulse),
            ]
            for hart in range(params.harts):
                with m.If(context.interrupt & (context.hart == hart)):
                    process = owners[n][WORD:]
                    m.d.comb += [
                        self.usip[hart].eq(process != 0),
                        self.ssip[hart].eq(process == 0),
                    ]
            with m.If(context.request.valid & context.request.ready):
                m.d.comb += bus.request.ready.eq(1)
            with m.If(context.answer.valid):
                m.d.comb += [bus.response.valid.eq(1), bus.response.p.data.eq(context.answer.data)]

        with m.If(bus.request.valid & control & ~reading):
            m.d.comb += bus.request.ready.eq(1)
            dword = request.addr[3:12]
            with m.If(~request.write):
                m.d.comb += [bus.response.valid.eq(1), bus.response.p.data.eq(answer)]
                m.d.sync += written.eq(0)
                with m.If(written == 2):
                    self._allocate(m, contexts, owners, allocated, words, answer)
                with m.Else():
                    m.d.comb += answer.eq(-1)
            with m.Elif(dword == ALLOCATE):
                m.d.sync += [words.eq(Cat(words[WORD:], request.data)), written.eq(written + 1)]
            with m.Elif(dword == FREE):
                for n, queues in enumerate(allocated):
                    left = Signal(params.queues, name=f"left_{n}")
                    m.d.comb += left.eq(queues & ~(1 << request.data[:queue_bits]))
                    with m.If(request.data[32:] == n):
                        m.d.sync += queues.eq(left)
                        m.d.comb += contexts[n].clear.eq(left == 0)
            with m.Elif(dword >= SIMULATE):
                m.d.comb += pulse.eq(1 << (dword - SIMULATE)[:params.lines.bit_length()])
        accepted = bus.request.valid & bus.request.ready & ~request.write
        m.d.sync += reading.eq((reading | accepted) & ~bus.response.valid)

        self._messages(m, contexts, owners, allocated)
        return m

    def _allocate(self, m: Module, contexts: list[Context], owners: list[Signal],
                  allocated: list[Signal], words: Signal, answer: Signal) -> None:
        """The lowest free queue of the context that has this owner, or of the lowest free one."""
        same = Cat(queues.any() & (owner == words)
                   for owner, queues in zip(owners, allocated, strict=True))
        free = Cat(~queues.any() for queues in allocated)
        lowest_free = free & -free
        chosen = Signal(len(contexts))
        m.d.comb += [chosen.eq(Mux(same.any(), same, lowest_free)), answer.eq(-1)]
        for n, queues in enumerate(allocated):
            lowest = ~queues & (queues + 1)
            with m.If(chosen[n] & ~queues.all()):
                m.d.sync += [queues.eq(queues | lowest), owners[n].eq(words)]
                m.d.comb += contexts[n].clear.eq(~queues.any())
                for queue in range(self.params.queues):
                    with m.If(lowest[queue]):
                        m.d.comb += answer.eq(n << 32 | queue)

    def _messages(self, m: Module, contexts: list[Context], owners: list[Signal],
                  allocated: list[Signal]) -> None:
        """One message at a time, that of the lowest context first; dropped if nobody has it."""
        message, sender = Signal(2 * WORD), Signal(2 * WORD)
        wanted, taken = Signal(), Signal()
        for context, owner in reversed(list(zip(contexts, owners, strict=True))):
            with m.If(context.message.valid):
                m.d.comb += [
                    wanted.eq(1),
                    message.eq(context.message.p.as_value()),
                    sender.eq(Cat(owner[:WORD], message[WORD:WORD + 32],
                                  owner[WORD:WORD + 32])),
                ]
        found = Signal(len(contexts))
        for n, context in enumerate(contexts):
            process = owners[n][WORD:]
            m.d.comb += [
                found[n].eq(allocated[n].any() & (owners[n][:WORD] == message[:WORD])
                            & (process == message[WORD + 32:])),
                context.notified.valid.eq(wanted & found[n]),
                context.notified.p.eq(sender),
            ]
            with m.If(found[n] & context.notified.ready):
                m.d.comb += taken.eq(1)
        earlier = Const(0)
        for context in contexts:
            m.d.comb += context.message.ready.eq((taken | ~found.any()) & ~earlier)
            earlier = earlier | context.message.valid
