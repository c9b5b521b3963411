"""The records of wake-ups: who may notify whom, and which task a notification makes ready."""

from amaranth import *
from amaranth.lib import data, memory, stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from .params import KEEP_BIT, TASK_BITS, TaicParams
from .skid import Skid
from .types import (
    Error,
    Kind,
    Policy,
    RecordOp,
    config_layout,
    error_layout,
    queue_op_layout,
    record_op_layout,
)

CHOICE_LSB = 16  # of the sender's choice of queue in the data of a SEND


def state_layout(params: TaicParams) -> data.StructLayout:
    """A record but for its task, which is in a memory of its own; all 0 if it is not used."""
    return data.StructLayout({
        "enabled": 1,
        "policy": Policy,
        "sender": params.context_bits,
        "receiver": params.context_bits,
        "queue": params.queue_bits,
        "armed": 1,
        "pending": 1,
        "queued": 1,
        "named": 1,  # its task is there
    })


class Channels(wiring.Component):
    """One operation a cycle on any of the records of channels, lines and slots.

    An operation accepted in cycle ``n`` finds its record in cycle ``n + 1``. What comes of it is
    there in that cycle, combinationally from the memory: a ``wake``, or an ``error`` for the page
    that asked, or ``answer`` to a READ or READ_TASK, or ``refused`` for a CONFIGURE of a record
    whose task is queued. The next operation sees what it has done. One wake and one error that are
    not accepted at once are kept; an operation that makes a second one waits, and others with it.
    ``request.ready`` comes from flip-flops alone.

    A record is armed (a task waits for a notification), pending (a notification waits for a task)
    and queued (its task is in a queue):

    - SEND wakes the task if it is armed and not queued. If it is both and keeps armed, nothing is
      to be done: the task is yet to run. Else it becomes pending, or stays so.
    - ARM with a task arms the record, and wakes at once if it is pending and not queued. ARM with
      task 0 disarms it.
    - DEQUEUED ends queued, and wakes if the record is armed and pending.

    A wake makes it queued and not pending, and armed only if the task has its keep bit set. So a
    record has at most one task in a queue, which has been armed; a notification is pending until
    it wakes a task.

    SEND needs a record that is enabled and has ``context`` as its sender, ARM one that has it as
    its receiver, unless ``trusted``; else the operation is refused and changes nothing. If the
    policy leaves the choice of a queue to the sender, that of the last SEND becomes the record's
    queue. A trusted SEND or ARM makes ``context`` the receiver. A SEND to the record of a line with
    bit 0 of ``data`` tells of a level, and never makes it pending: the next ARM looks again.

    Fields of CONFIG are as wide as the parameters demand; other bits are not kept. FORGET knows by
    the number of a record whether it has a sender: only channels have.

    After reset the records are cleared, one a cycle; ``sweeping`` (a flip-flop) is high meanwhile
    and nothing is accepted.
    """

    def __init__(self, params: TaicParams) -> None:
        self.params = params
        self.states = memory.Memory(shape=state_layout(params), depth=params.records, init=[],
                                    attrs={"no_rw_check": 1})
        self.tasks = memory.Memory(shape=unsigned(TASK_BITS), depth=params.records, init=[],
                                   attrs={"no_rw_check": 1})
        super().__init__({
            "request": In(stream.Signature(record_op_layout(params))),
            "wake": Out(stream.Signature(queue_op_layout(params))),
            "error": Out(stream.Signature(error_layout(params))),
            "answer": Out(data.StructLayout({"valid": 1, "data": 64})),
            "refused": Out(1),
            "sweeping": Out(1, init=1),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        params, asked = self.params, self.request.p
        m.submodules.states = self.states
        m.submodules.tasks = self.tasks
        m.submodules.wakes = wakes = Skid(queue_op_layout(params))
        m.submodules.errors = errors = Skid(error_layout(params))
        state_write, state_read = self.states.write_port(), self.states.read_port()
        task_write, task_read = self.tasks.write_port(), self.tasks.read_port()

        # The operation whose record has been read.
        found, accepts = Signal(), Signal()
        op = Signal(RecordOp, reset_less=True)
        record = Signal(params.record_bits)
        context = Signal(params.context_bits, reset_less=True)
        page_queue = Signal(params.queue_bits, reset_less=True)
        choice = Signal(params.queue_bits, reset_less=True)
        trusted, low_bit = Signal(reset_less=True), Signal(reset_less=True)
        written = Signal(TASK_BITS, reset_less=True)  # stays until another ARM or CONFIGURE

        waits = Signal()
        m.d.comb += [
            waits.eq(wakes.i.valid & ~wakes.i.ready | errors.i.valid & ~errors.i.ready),
            self.request.ready.eq(~self.sweeping & (~found | wakes.i.ready & errors.i.ready)),
            accepts.eq(self.request.valid & self.request.ready),
        ]
        with m.If(accepts):
            m.d.sync += [
                op.eq(asked.op),
                record.eq(asked.record),
                context.eq(asked.context),
                page_queue.eq(asked.queue),
                choice.eq(asked.data[CHOICE_LSB:]),
                trusted.eq(asked.trusted),
                low_bit.eq(asked.data[0]),
            ]
            with m.If((asked.op == RecordOp.ARM) | (asked.op == RecordOp.CONFIGURE)):
                m.d.sync += written.eq(asked.data)
        with m.Elif(self.sweeping):
            m.d.sync += record.eq(record + 1)
        with m.If(self.sweeping & (record == params.records - 1)):
            m.d.sync += self.sweeping.eq(0)
        m.d.sync += found.eq(accepts | found & waits)

        # What the operation before has written while this record was read.
        state, changed = Signal(state_layout(params)), Signal(state_layout(params))
        last = Signal(state_layout(params), reset_less=True)
        last_valid, last_task = Signal(), Signal()
        last_record = Signal(params.record_bits, reset_less=True)
        forward, task_written = Signal(), Signal()
        with m.If(accepts):
            m.d.sync += [
                last.eq(changed),
                last_valid.eq(found),
                last_record.eq(record),
                last_task.eq(task_write.en),
            ]
        m.d.comb += [
            forward.eq(last_valid & (last_record == record)),
            state.eq(Mux(forward, last.as_value(), Value.cast(state_read.data))),
            task_written.eq((op == RecordOp.ARM) | forward & last_task),
        ]

        task = Signal(TASK_BITS)
        has_sender, level = Signal(), Signal()
        sends, receives = Signal(), Signal()  # the context has the right
        sender_is, receiver_is = Signal(), Signal()
        woken, keep = Signal(), Signal()
        reason = Signal(Error)
        m.d.comb += [
            task.eq(Mux(task_written, written, Mux(state.named, task_read.data, 0))),
            keep.eq(task[KEEP_BIT]),
            has_sender.eq(record < params.first_line_record),
            level.eq(low_bit & ~has_sender & (record < params.first_slot_record)),
            sender_is.eq(state.sender == context),
            receiver_is.eq(state.receiver == context),
            sends.eq(trusted | state.enabled & sender_is),
            receives.eq(trusted | state.enabled & receiver_is),
        ]

        m.d.comb += changed.eq(state)
        with m.Switch(op):
            with m.Case(RecordOp.SEND):
                with m.If(sends):
                    with m.If(state.armed & ~state.queued):
                        m.d.comb += woken.eq(1)
                    with m.Elif(~(state.armed & keep) & ~level):
                        m.d.comb += changed.pending.eq(1)
                    with m.If(state.policy == Policy.SENDER):
                        m.d.comb += changed.queue.eq(choice)
                    with m.If(trusted):
                        m.d.comb += changed.receiver.eq(context)
                with m.Else():
                    m.d.comb += reason.eq(Error.NO_SEND)
            with m.Case(RecordOp.ARM):
                with m.If(receives):
                    m.d.comb += [
                        woken.eq(written.any() & state.pending & ~state.queued),
                        changed.armed.eq(written.any()),
                        changed.named.eq(state.named | written.any()),
                        task_write.en.eq(found & written.any()),
                    ]
                    with m.If(trusted):
                        m.d.comb += [
                            changed.enabled.eq(1),
                            changed.receiver.eq(context),
                            changed.policy.eq(Policy.FIXED),
                            changed.queue.eq(page_queue),
                        ]
                with m.Else():
                    m.d.comb += reason.eq(Error.NO_RECEIVE)
            with m.Case(RecordOp.DEQUEUED):
                m.d.comb += [woken.eq(state.armed & state.pending), changed.queued.eq(0)]
            with m.Case(RecordOp.CONFIGURE):
                config = data.View(config_layout(), written[:config_layout().size])
                with m.If(~state.queued):
                    m.d.comb += [
                        changed.eq(0),
                        changed.enabled.eq(config.enabled),
                        changed.policy.eq(config.policy),
                        changed.sender.eq(config.sender),
                        changed.receiver.eq(config.receiver),
                        changed.queue.eq(config.queue),
                    ]
            with m.Case(RecordOp.FORGET):
                with m.If(receiver_is):
                    m.d.comb += changed.eq(0)
                with m.Elif(sender_is & has_sender):
                    m.d.comb += [
                        changed.enabled.eq(0), changed.armed.eq(0), changed.pending.eq(0)]
        with m.If(woken):
            m.d.comb += [changed.queued.eq(1), changed.pending.eq(0), changed.armed.eq(keep)]

        shown = Signal(config_layout())
        m.d.comb += [
            wakes.i.valid.eq(found & woken),
            wakes.i.p.context.eq(changed.receiver),
            wakes.i.p.queue.eq(changed.queue),
            wakes.i.p.policy.eq(changed.policy),
            wakes.i.p.task.eq(task),
            wakes.i.p.record.eq(record),
            errors.i.valid.eq(found & (reason != Error(0))),
            errors.i.p.context.eq(context),
            errors.i.p.queue.eq(page_queue),
            errors.i.p.bits.eq(reason),
            self.refused.eq(found & (op == RecordOp.CONFIGURE) & state.queued),
            self.answer.valid.eq(
                found & ((op == RecordOp.READ) | (op == RecordOp.READ_TASK))),
            self.answer.data.eq(Mux(op == RecordOp.READ, shown.as_value(), task)),

            # An operation that waits writes the same again and again.
            state_write.en.eq(found | self.sweeping),
            state_write.addr.eq(record),
            state_write.data.eq(Mux(self.sweeping, 0, changed.as_value())),
            task_write.addr.eq(record),
            task_write.data.eq(written),
            state_read.en.eq(accepts),
            state_read.addr.eq(asked.record),
            task_read.en.eq(accepts),
            task_read.addr.eq(asked.record),
        ]
        for name in ("enabled", "policy", "sender", "receiver", "queue", "armed", "pending",
                     "queued"):
            m.d.comb += shown[name].eq(state[name])
        connect(m, wakes.o, flipped(self.wake))
        connect(m, errors.o, flipped(self.error))
        m.d.comb += [self.wake.p.kind.eq(Kind.WAKE), self.wake.p.recorded.eq(1)]
        return m
