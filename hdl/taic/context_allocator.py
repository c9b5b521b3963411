"""Context allocator: the owners of the contexts, and their allocated local queues."""

from amaranth import *
from amaranth.lib import data, memory, stream, wiring
from amaranth.lib.wiring import In, Out

from ..bits import lowest, one_hot
from .context_table import allocation_layout, change_layout
from .params import TASK_BITS, TaicParams
from .registers import NOTHING
from .types import QueueOp, RecordOp, queue_op_layout, record_op_layout

HALF = 32  # of an index word: the queue below, the context above


def allocator_request_layout(params: TaicParams) -> data.StructLayout:
    """An access of ``port`` to FLQ (``free``) or to ALQ, then a read or a write of ``data``."""
    return data.StructLayout({
        "port": range(params.ports),
        "read": 1,
        "free": 1,
        "data": 64,
    })


def owner_signature(params: TaicParams) -> wiring.Signature:
    """A look-up in the table of owners, seen from the initiator.

    ``word`` is the os id of the ``context`` of the cycle before, or its process id with
    ``process``. It is meaningful if bit ``context`` of ``valid`` is set; ``valid`` is current.
    """
    return wiring.Signature({
        "context": Out(params.context_bits),
        "process": Out(1),
        "word": In(64),
        "valid": In(params.contexts),
    })


class ContextAllocator(wiring.Component):
    """Allocates local queues, and frees them with their tasks.

    ALQ: a port writes the os id, then the process id, and its read allocates. It gets the lowest
    free queue of the context with this owner, or of the lowest free context if there is none. A
    third write begins another sequence, without an allocation for the first. The errors of the
    queue's page are cleared, and so is the high water of a new context. The read is answered after
    at most ``2 * contexts + 13`` cycles, if ``queue_op`` is accepted at once. The answer is all
    ones without two writes before it, or if no context or queue is free.

    FLQ: the queue is deallocated at once. Its tasks then move to the lowest other queue of the
    context. With its last queue the context ends and loses its owner. The allocator takes the
    tasks of all its queues, informs the compatible registrations (``forget``), and removes the
    context from all records. The tasks are taken first, so that none is left when its record is.
    ``end`` is the last cycle of this.

    A request is accepted only when the one before has finished, so no context begins before it
    has ended. ``allocation`` changes the queues of a context in the cycle of ``en``; ``begin``
    comes with it if the context is new. For a release, ``queue_op`` alternates between a TAKE and,
    unless its answer was empty or the task is dropped, a MOVE. ``moving`` (a flip-flop) is high
    from the first TAKE to the end of a release that moves tasks, ``ending`` (a flip-flop) until the
    context has ended. ``refused``: an FLQ of a queue
    that is not allocated.

    After reset ``sweeping`` is high for ``contexts`` cycles, and no request is accepted.
    """

    def __init__(self, params: TaicParams) -> None:
        self.params = params
        super().__init__({
            "request": In(stream.Signature(allocator_request_layout(params))),
            "answer": Out(data.StructLayout({"valid": 1, "data": 64})),
            "allocation": Out(allocation_layout(params)),
            "begin": Out(change_layout(params)),
            "end": Out(change_layout(params)),
            "forget": Out(stream.Signature(params.context_bits)),
            "queue_op": Out(stream.Signature(queue_op_layout(params))),
            "queue_answer": In(data.StructLayout({
                "valid": 1, "found": 1, "task": TASK_BITS, "recorded": 1,
                "record": params.record_bits})),
            "record_op": Out(stream.Signature(record_op_layout(params))),
            "moving": Out(1),
            "ending": Out(1),
            "refused": Out(1),
            "owner": In(owner_signature(params)),
            "sweeping": Out(1),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        params = self.params
        contexts, queues = params.contexts, params.queues
        request = self.request.p

        # The os and process id of each context, and the words that each port has written. No word
        # is used that was read in the cycle of its write.
        number_bits = max(params.context_bits, (params.ports - 1).bit_length())
        m.submodules.words = words = memory.Memory(
            shape=unsigned(64), depth=1 << number_bits + 2, init=[],
            attrs={"ram_style": "block", "no_rw_check": 1})
        write, read, look_up = words.write_port(), words.read_port(), words.read_port()

        def owned(context: Value, process: Value) -> Value:
            return Cat(process, _wide(context, number_bits), C(0, 1))

        def written(port: Value, process: Value) -> Value:
            return Cat(process, _wide(port, number_bits), C(1, 1))

        valid = Signal(contexts)  # contexts with an owner
        m.d.comb += [
            look_up.addr.eq(owned(self.owner.context, self.owner.process)),
            self.owner.word.eq(look_up.data),
            self.owner.valid.eq(valid),
        ]

        # Queues of each context.
        entry_layout = data.StructLayout({"queues": queues, "kernel": 1})
        m.submodules.allocated = allocated = memory.Memory(
            shape=entry_layout, depth=contexts, init=[], attrs={"ram_style": "distributed"})
        change, current = allocated.write_port(), allocated.read_port(domain="comb")
        context = Signal(params.context_bits)
        queue = Signal(params.queue_bits, reset_less=True)
        entry = current.data
        m.d.comb += [
            current.addr.eq(context),
            change.addr.eq(context),
            self.allocation.context.eq(context),
            self.allocation.mask.eq(change.data.queues),
            self.allocation.kernel.eq(change.data.kernel),
            self.begin.context.eq(context),
            self.end.context.eq(context),
            self.forget.p.eq(context),
        ]

        # The sequence of writes of each port.
        port = Signal.like(request.port, reset_less=True)
        second = Signal(params.ports)  # the next write is the second one
        complete = Signal(params.ports)

        key = Signal(64, reset_less=True)
        process = Signal()  # the process id is being compared, else the os id
        match = Signal(contexts, reset_less=True)  # contexts with this os id; a shift register
        first_found, first_free = (Signal(params.context_bits, name=name, reset_less=True)
                                   for name in ("first_found", "first_free"))
        found, free = Signal(), Signal()
        here, own = Signal(), Signal(contexts)  # ``context``: its bit of ``valid``; one-hot
        storing = Signal()  # a new owner
        kernel = Signal(reset_less=True)
        free_data = data.View(
            data.StructLayout({"queue": HALF, "context": HALF}), request.data)
        exists = Signal(reset_less=True)  # the device has the queue, allocated or not
        target = Signal(params.queue_bits, reset_less=True)
        last = Signal(reset_less=True)
        begins = Signal(reset_less=True)  # the context is new
        record = Signal(params.record_bits)
        task = Signal(TASK_BITS, reset_less=True)
        task_recorded = Signal(reset_less=True)
        task_record = Signal(params.record_bits, reset_less=True)
        op = self.queue_op.p
        m.d.comb += [
            op.context.eq(context),
            op.task.eq(task),
            op.recorded.eq(task_recorded),
            op.record.eq(task_record),
            op.source.eq(params.ports),
            self.record_op.p.op.eq(RecordOp.FORGET),
            self.record_op.p.record.eq(record),
            self.record_op.p.context.eq(context),
            self.record_op.p.trusted.eq(1),
            write.addr.eq(owned(context, process)),
            write.data.eq(key),
            own.eq(one_hot(context, 1)),
            here.eq(valid.bit_select(context, 1)),
        ]

        with m.FSM():
            with m.State("SWEEP"):
                m.d.comb += [self.sweeping.eq(1), change.en.eq(1)]
                m.d.sync += context.eq(context + 1)
                with m.If(context.all()):
                    m.next = "IDLE"

            with m.State("IDLE"):
                m.d.comb += [
                    self.request.ready.eq(1),
                    write.addr.eq(written(request.port, second.bit_select(request.port, 1))),
                    write.data.eq(request.data),
                ]
                m.d.sync += [
                    port.eq(request.port),
                    context.eq(free_data.context),
                    queue.eq(free_data.queue),
                    exists.eq(~(free_data.context[params.context_bits:].any()
                                | free_data.queue[params.queue_bits:].any())),
                    process.eq(0),
                    storing.eq(0),
                ]
                with m.If(self.request.valid):
                    with m.If(request.free):
                        m.next = "FREE"
                    with m.Elif(request.read):
                        m.d.sync += [
                            second.bit_select(request.port, 1).eq(0),
                            complete.bit_select(request.port, 1).eq(0),
                        ]
                        with m.If(complete.bit_select(request.port, 1)):
                            m.next = "LOAD"
                        with m.Else():
                            m.next = "NOTHING"
                    with m.Else():
                        m.d.comb += write.en.eq(1)
                        for n in range(params.ports):
                            with m.If(request.port == n):
                                m.d.sync += [
                                    second[n].eq(~second[n]),
                                    complete[n].eq(second[n]),
                                ]

            with m.State("NOTHING"):
                m.d.comb += [self.answer.valid.eq(1), self.answer.data.eq(NOTHING)]
                m.next = "IDLE"

            # Allocation: compares one word after the other with those of all contexts.
            with m.State("LOAD"):
                m.d.comb += read.addr.eq(written(port, process))
                m.next = "KEY"
            with m.State("KEY"):
                m.d.comb += read.addr.eq(owned(C(0, params.context_bits), process))
                m.d.sync += key.eq(read.data)
                with m.If(storing):
                    m.next = "STORE"
                with m.Else():
                    m.d.sync += [context.eq(0), found.eq(0), free.eq(0)]
                    m.next = "SCAN"
            with m.State("SCAN"):
                equal = Signal()
                m.d.comb += [
                    read.addr.eq(owned((context + 1)[:params.context_bits], process)),
                    equal.eq(read.data == key),
                ]
                m.d.sync += [match.eq(Cat(match[1:], equal)), context.eq(context + 1)]
                with m.If(~found):
                    m.d.sync += [
                        first_found.eq(context),
                        found.eq(process & equal & match[0] & here),
                    ]
                with m.If(~here & ~free):
                    m.d.sync += [first_free.eq(context), free.eq(1)]
                with m.If(context.all()):
                    m.d.sync += process.eq(1)
                    with m.If(process):
                        m.next = "CHOOSE"
                    with m.Else():
                        m.next = "LOAD"
            with m.State("CHOOSE"):
                m.d.sync += [
                    context.eq(Mux(found, first_found, first_free)),
                    storing.eq(1),
                    kernel.eq(key == 0),
                ]
                with m.If(found):
                    m.next = "ALLOCATE"
                with m.Elif(free):
                    m.next = "STORE"
                with m.Else():
                    m.next = "NOTHING"
            with m.State("STORE"):
                m.d.comb += write.en.eq(1)
                m.d.sync += process.eq(0)
                with m.If(process):
                    m.next = "LOAD"
                with m.Else():
                    m.next = "ALLOCATE"
            with m.State("ALLOCATE"):
                m.d.comb += [
                    change.data.queues.eq(entry.queues | entry.queues + 1),
                    change.data.kernel.eq(kernel),
                ]
                m.d.sync += [queue.eq(lowest(~entry.queues)), begins.eq(~entry.queues.any())]
                with m.If(entry.queues.all()):
                    m.next = "NOTHING"
                with m.Else():
                    m.d.comb += [
                        change.en.eq(1),
                        self.allocation.en.eq(1),
                        self.begin.valid.eq(~entry.queues.any()),
                    ]
                    m.d.sync += valid.eq(valid | own)
                    m.next = "CLEAR"
            with m.State("CLEAR"):
                m.d.comb += [
                    self.queue_op.valid.eq(1),
                    op.kind.eq(QueueOp.READ_ERROR),
                    op.queue.eq(queue),
                ]
                with m.If(self.queue_op.ready):
                    m.next = "ANSWER"
                    with m.If(begins):
                        m.next = "MARK"
            with m.State("MARK"):
                m.d.comb += [self.queue_op.valid.eq(1), op.kind.eq(QueueOp.MARK)]
                with m.If(self.queue_op.ready):
                    m.next = "ANSWER"
            with m.State("ANSWER"):
                result = Signal(data.StructLayout({"queue": HALF, "context": HALF}))
                m.d.comb += [
                    result.queue.eq(queue),
                    result.context.eq(context),
                    self.answer.valid.eq(1),
                    self.answer.data.eq(result),
                ]
                m.next = "IDLE"

            # Release.
            with m.State("FREE"):
                rest = Signal(queues)
                m.d.comb += [
                    rest.eq(entry.queues & ~(1 << queue)),
                    change.data.queues.eq(rest),
                    change.data.kernel.eq(entry.kernel),
                ]
                m.d.sync += [target.eq(lowest(rest)), last.eq(~rest.any())]
                with m.If(~rest.any()):
                    m.d.sync += queue.eq(0)
                with m.If(~exists | ~entry.queues.bit_select(queue, 1)):
                    m.d.comb += self.refused.eq(1)
                    m.next = "IDLE"
                with m.Else():
                    m.d.comb += [change.en.eq(1), self.allocation.en.eq(1)]
                    m.d.sync += [self.moving.eq(rest.any()), self.ending.eq(~rest.any())]
                    with m.If(~rest.any()):
                        m.d.sync += valid.eq(valid & ~own)
                    m.next = "TAKE"
            with m.State("TAKE"):
                m.d.comb += [
                    self.queue_op.valid.eq(1),
                    op.kind.eq(QueueOp.TAKE),
                    op.queue.eq(queue),
                ]
                with m.If(self.queue_op.ready):
                    m.next = "TAKEN"
            with m.State("TAKEN"):
                m.d.sync += [
                    task.eq(self.queue_answer.task),
                    task_recorded.eq(self.queue_answer.recorded),
                    task_record.eq(self.queue_answer.record),
                ]
                with m.If(self.queue_answer.valid):
                    with m.If(self.queue_answer.found):
                        m.next = "MOVE"
                        with m.If(last):
                            m.next = "TAKE"
                    with m.Elif(last & ~queue.all()):
                        m.d.sync += queue.eq(queue + 1)
                        m.next = "TAKE"
                    with m.Elif(last):
                        m.next = "END"
                    with m.Else():
                        m.d.sync += self.moving.eq(0)
                        m.next = "IDLE"
            with m.State("MOVE"):
                m.d.comb += [
                    self.queue_op.valid.eq(1),
                    op.kind.eq(QueueOp.MOVE),
                    op.queue.eq(target),
                ]
                with m.If(self.queue_op.ready):
                    m.next = "TAKE"
            with m.State("END"):
                m.d.comb += self.forget.valid.eq(1)
                with m.If(self.forget.ready):
                    m.next = "FORGET"
            with m.State("FORGET"):
                m.d.comb += self.record_op.valid.eq(1)
                with m.If(self.record_op.ready):
                    m.d.sync += record.eq(record + 1)
                    with m.If(record == params.records - 1):
                        m.d.comb += self.end.valid.eq(1)
                        m.d.sync += [record.eq(0), self.ending.eq(0)]
                        m.next = "IDLE"
        return m


def _wide(value: Value, bits: int) -> Value:
    return Cat(value, C(0, bits - len(value)))
