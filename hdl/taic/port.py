"""A bus port: takes one access at a time, and answers DEQUEUE from its head prefetch if it can."""

from amaranth import *
from amaranth.lib import data, enum, stream, wiring
from amaranth.lib.wiring import In, Out

from ..bus.mmio import DWORD, MmioSignature
from .head_prefetch import HeadPrefetch
from .interrupts import priority, runs_layout
from .params import ADDR_BITS, LOWEST_PRIORITY, PAGE_BITS, TASK_BITS, TaicParams
from .registers import queue_registers
from .types import QueueOp, answer_layout

# Operations of the engine that answer a read. An ERROR does so if its source is a port.
READS = (QueueOp.DEQUEUE, QueueOp.READ_ERROR, QueueOp.LENGTH, QueueOp.ERROR)


class Target(enum.Enum, shape=2):
    """The part that performs an access."""

    ENGINE = 0
    RECORDS = 1
    CONTROL = 2


def access_layout(params: TaicParams) -> data.StructLayout:
    """An access to a register. ``whole``: it has 8 bytes.

    ``paged``: it goes to the page of ``queue`` of ``context``; with ``alias``, through the kernel's
    alias of that page.
    """
    return data.StructLayout({
        "target": Target,
        "write": 1,
        "whole": 1,
        "paged": 1,
        "alias": 1,
        "queue": params.queue_bits,
        "context": params.context_bits,
        "addr": ADDR_BITS,
        "data": TASK_BITS,
    })


class Port(wiring.Component):
    """One ``bus`` port.

    A read of TASK_DEQUEUE is answered in the cycle of its acceptance, if ``prefetch`` tracks the
    queue and knows its head, and no older operation of this port is in flight in the engine. All
    other accesses are registered, and ``access`` is valid from the next cycle on. A write frees the
    port when ``access`` is accepted. A read frees it when it is answered: by ``answer`` of the
    engine, or by ``done`` with ``done_data`` and ``done_error``.

    ``behind``: an operation of this port is in the first two stages of the engine. ``runs``: the
    priority of the task that a DEQUEUE returned.
    """

    def __init__(self, params: TaicParams, *, port: int) -> None:
        self.params, self.port = params, port
        self.prefetch = HeadPrefetch(params, port=port)
        super().__init__({
            "bus": In(MmioSignature(ADDR_BITS)),
            "access": Out(stream.Signature(access_layout(params))),
            "answer": In(answer_layout(params)),
            "done": In(1),
            "done_data": In(TASK_BITS),
            "done_error": In(1),
            "behind": In(1),
            "room": In(1),  # for another record of a dequeued task
            "runs": Out(runs_layout(params)),
            "ready": In(1),  # high when the tables of the device are cleared
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        params, prefetch = self.params, self.prefetch
        request, response, access = self.bus.request, self.bus.response, self.access.p
        m.submodules.prefetch = prefetch
        offsets = {entry.name: entry.offset for entry in queue_registers(params)}

        held = Signal()  # a registered access waits to be accepted
        waits = Signal()  # a read has been accepted and waits for its answer

        # On the bus.
        offset = request.p.addr[:PAGE_BITS]
        page = request.p.addr[PAGE_BITS:-1] - 1
        whole = request.p.size == DWORD
        dequeues, mine, paged = Signal(), Signal(), Signal()
        answers, accepts = Signal(), Signal()
        m.d.comb += [
            dequeues.eq(~request.p.write & whole & (offset == offsets["dequeue"])),
            paged.eq((page >> params.index_bits) == 0),
            mine.eq(prefetch.tracking & (request.p.addr[PAGE_BITS:-1] == prefetch.page)),
            answers.eq(request.valid & self.ready & dequeues & mine & ~held & ~waits
                       & ~self.behind & self.room & (prefetch.valid | prefetch.empty)),
            prefetch.take.eq(answers & prefetch.valid),
            accepts.eq(self.ready & ~held & ~waits & ~answers
                       & ~(dequeues & mine & (prefetch.pending | self.behind))),
            request.ready.eq(answers | accepts),
        ]
        with m.If(accepts & request.valid):
            m.d.sync += [
                held.eq(1),
                access.write.eq(request.p.write),
                access.whole.eq(whole),
                access.paged.eq(paged),
                access.alias.eq(request.p.addr[-1]),
                access.queue.eq(page),
                access.context.eq(page >> params.queue_bits),
                access.addr.eq(request.p.addr),
                access.data.eq(request.p.data),
                access.target.eq(Target.CONTROL),
            ]
            with m.If(paged):
                with m.Switch(offset):
                    with m.Case(offsets["enqueue"], offsets["dequeue"], offsets["error"],
                                offsets["length"]):
                        m.d.sync += access.target.eq(Target.ENGINE)
                    with m.Case(offsets["send"], offsets["arm"]):
                        m.d.sync += access.target.eq(Target.RECORDS)
        # An access to control registers waits until this port's operations on queues are done.
        m.d.comb += self.access.valid.eq(
            held & (self.room | access.write) & ~((access.target == Target.CONTROL) & self.behind))
        with m.If(self.access.valid & self.access.ready):
            m.d.sync += [held.eq(0), waits.eq(~access.write)]

        # Answers.
        answer = self.answer
        answered = Signal()
        m.d.comb += [
            answered.eq(answer.valid & (answer.source == self.port)
                        & Cat(answer.kind == kind for kind in READS).any()),
            response.valid.eq(answers | answered | self.done),
            response.p.error.eq(waits & (self.done & self.done_error | ~access.whole)),
        ]
        with m.If(self.done):
            m.d.comb += response.p.data.eq(self.done_data)
        with m.Elif(waits):
            m.d.comb += response.p.data.eq(answer.data)
        with m.Elif(prefetch.valid):
            m.d.comb += response.p.data.eq(prefetch.task)
        with m.If(answered | self.done):
            m.d.sync += waits.eq(0)

        m.d.comb += [
            self.runs.valid.eq(answers | answered & (answer.kind == QueueOp.DEQUEUE)),
            self.runs.context.eq(Mux(waits, access.context, prefetch.context)),
            self.runs.queue.eq(Mux(waits, access.queue, prefetch.queue)),
            self.runs.priority.eq(LOWEST_PRIORITY),
        ]
        with m.If(answered & answer.found):
            m.d.comb += self.runs.priority.eq(priority(answer.data))
        with m.Elif(answers & prefetch.valid):
            m.d.comb += self.runs.priority.eq(priority(prefetch.task))
        return m
