"""A bus port: takes one access at a time, answers DEQUEUE from the front where it can."""

from amaranth import *
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from ..bus.mmio import MmioSignature
from .front import Front
from .interrupts import LOWEST, priority, runs_layout
from .params import (
    ADDR_BITS,
    PAGE_BITS,
    TASK_BITS,
    TaicParams,
)
from .registers import queue_registers
from .types import Error, Kind, RecordOp, answer_layout, queue_op_layout, record_op_layout

DWORD = 3  # logarithm of the bytes of the only size of access that is allowed
PAGE_NUMBER_BITS = ADDR_BITS - PAGE_BITS


def access_layout(params: TaicParams) -> data.StructLayout:
    """An access to anything but the queues and SEND, ARM of channels.

    ``paged``: to the page of ``queue`` of ``context``, through the kernel's ``alias`` or not.
    ``whole``: of 8 bytes.
    """
    return data.StructLayout({
        "write": 1,
        "whole": 1,
        "paged": 1,
        "alias": 1,
        "context": params.context_bits,
        "queue": params.queue_bits,
        "addr": ADDR_BITS,
        "data": TASK_BITS,
    })


class Port(wiring.Component):
    """One ``bus`` port.

    A read of TASK_DEQUEUE of the queue that ``front`` follows is answered in the cycle of its
    acceptance, if what the front knows is good and nothing of this port that is older is under
    way in the engine. All other accesses go into a register and from there, in the next cycle or
    later, to one of ``queue_op``, ``record_op`` and ``access``, in the order of their acceptance.
    A write frees the port once it went there, a read once it is answered: by ``answer`` (of the
    engine) or by ``access_done`` with ``access_data`` and ``access_error``.

    ``behind``: something of this port is in the first two stages of the engine. ``runs``: the
    priority of what a DEQUEUE has given.
    """

    def __init__(self, params: TaicParams, *, port: int) -> None:
        self.params, self.port = params, port
        self.front = Front(params, port=port)
        super().__init__({
            "bus": In(MmioSignature(ADDR_BITS)),
            "queue_op": Out(stream.Signature(queue_op_layout(params))),
            "record_op": Out(stream.Signature(record_op_layout(params))),
            "access": Out(stream.Signature(access_layout(params))),
            "answer": In(answer_layout(params)),
            "access_done": In(1),
            "access_data": In(TASK_BITS),
            "access_error": In(1),
            "behind": In(1),
            "room": In(1),  # for the records of dequeued tasks
            "runs": Out(runs_layout(params)),
            "ready": In(1),  # high once the device has been swept
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        params, front = self.params, self.front
        request, response = self.bus.request, self.bus.response
        m.submodules.front = front
        offsets = {entry.name: entry.offset for entry in queue_registers(params)}

        held = Signal()  # an access that has not gone on
        waits = Signal()  # a read that has
        access = Signal(access_layout(params), reset_less=True)
        from_queue = Signal(reset_less=True)  # the read is a DEQUEUE

        # On the bus.
        page = request.p.addr[PAGE_BITS:]
        dequeues = Signal()
        mine = Signal()
        answers, accepts = Signal(), Signal()
        follows = Cat(front.queue, front.context) + 1
        m.d.comb += [
            dequeues.eq(~request.p.write & (request.p.size == DWORD)
                        & (request.p.addr[:PAGE_BITS] == offsets["dequeue"])),
            mine.eq(front.known & (page[:-1] == follows)),
            answers.eq(request.valid & self.ready & dequeues & mine & ~held & ~waits
                       & ~self.behind & self.room & (front.valid | front.empty)),
            front.take.eq(answers & front.valid),
            accepts.eq(self.ready & ~held & ~waits
                       & ~(dequeues & mine & (front.soon | self.behind)) & ~answers),
            request.ready.eq(answers | accepts),
        ]
        with m.If(accepts & request.valid):
            m.d.sync += [
                held.eq(1),
                access.write.eq(request.p.write),
                access.whole.eq(request.p.size == DWORD),
                access.alias.eq(page[-1]),
                access.addr.eq(request.p.addr),
                access.data.eq(request.p.data),
                from_queue.eq(dequeues),
            ]

        # From the register.
        index = Signal(PAGE_NUMBER_BITS - 1)
        op, records, goes = self.queue_op, self.record_op, Signal()
        now = Signal(access_layout(params))
        offset = access.addr[:PAGE_BITS]
        m.d.comb += [
            index.eq(access.addr[PAGE_BITS:-1] - 1),
            now.eq(access),
            now.paged.eq((index >> params.index_bits) == 0),
            now.queue.eq(index),
            now.context.eq(index >> params.queue_bits),
            self.access.p.eq(now),
            op.p.context.eq(now.context),
            op.p.queue.eq(now.queue),
            op.p.task.eq(access.data),
            op.p.source.eq(self.port),
            records.p.context.eq(now.context),
            records.p.queue.eq(now.queue),
            records.p.data.eq(access.data),
        ]

        def refuse(error: Error) -> None:
            m.d.comb += [op.valid.eq(held), op.p.kind.eq(Kind.ERROR), op.p.task.eq(error)]

        def queue_op(kind: Kind) -> None:
            m.d.comb += [op.valid.eq(held), op.p.kind.eq(kind)]

        number = Signal(16)  # of a channel
        with m.If(~now.paged):
            m.d.comb += self.access.valid.eq(held)
        with m.Elif(~access.whole):
            refuse(Error.NOT_PERMITTED)
        with m.Elif(access.write):
            with m.Switch(offset):
                with m.Case(offsets["enqueue"]):
                    queue_op(Kind.ENQUEUE)
                with m.Case(offsets["send"]):
                    m.d.comb += [records.p.op.eq(RecordOp.SEND), number.eq(access.data[:16])]
                    with m.If(number < params.channels):
                        m.d.comb += records.valid.eq(held)
                    with m.Else():
                        refuse(Error.NO_SEND)
                with m.Case(offsets["arm"]):
                    m.d.comb += [
                        records.p.op.eq(RecordOp.ARM),
                        number.eq(access.data[52:]),
                        records.p.data.eq(access.data[:52].as_signed()),
                    ]
                    with m.If(number < params.channels):
                        m.d.comb += records.valid.eq(held)
                    with m.Else():
                        refuse(Error.NO_RECEIVE)
                with m.Default():
                    m.d.comb += self.access.valid.eq(held)
        with m.Else():
            with m.Switch(offset):
                with m.Case(offsets["dequeue"]):
                    m.d.comb += [op.valid.eq(held & self.room), op.p.kind.eq(Kind.DEQUEUE)]
                with m.Case(offsets["error"]):
                    queue_op(Kind.READ_ERROR)
                with m.Case(offsets["length"]):
                    queue_op(Kind.LENGTH)
                with m.Default():
                    m.d.comb += self.access.valid.eq(held)
        refused_read = Signal()  # it has no other answer
        m.d.comb += [
            records.p.record.eq(number),
            goes.eq((op.valid & op.ready) | (records.valid & records.ready)
                    | (self.access.valid & self.access.ready)),
            refused_read.eq(held & op.valid & op.ready & (op.p.kind == Kind.ERROR)
                            & ~access.write),
        ]
        with m.If(goes):
            m.d.sync += [held.eq(0), waits.eq(~access.write & ~refused_read)]

        # Answers.
        answer = self.answer
        answered = Signal()
        m.d.comb += [
            answered.eq(answer.valid & (answer.source == self.port) & ~answer.popped
                        & (answer.kind != Kind.PEEK) & waits),
            response.valid.eq(answers | answered | self.access_done | refused_read),
            response.p.data.eq(Mux(waits, Mux(answered, answer.data, self.access_data),
                                   Mux(front.valid & ~held, front.task, 0))),
            response.p.error.eq(Mux(waits, self.access_done & self.access_error,
                                    held & ~access.whole)),
        ]
        with m.If(answered | self.access_done):
            m.d.sync += waits.eq(0)

        m.d.comb += [
            front.answer.eq(answer),
            self.runs.valid.eq(answers | answered & from_queue),
            self.runs.context.eq(Mux(waits, now.context, front.context)),
            self.runs.queue.eq(Mux(waits, now.queue, front.queue)),
            self.runs.priority.eq(LOWEST),
        ]
        with m.If(answered & answer.found):
            m.d.comb += self.runs.priority.eq(priority(answer.data))
        with m.Elif(answers & front.valid):
            m.d.comb += self.runs.priority.eq(priority(front.task))
        return m
