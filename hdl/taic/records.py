"""Records: who may notify whom, and which task a notification wakes."""

from amaranth import *
from amaranth.lib import data, memory, stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from ..stream import SkidBuffer
from .params import CHANNEL_BITS, TASK_BITS, TaicParams
from .record_update import RecordUpdate, has_task, is_armed, state_layout, step_layout
from .retry import due_layout
from .types import (
    QueueOp,
    RecordOp,
    config_layout,
    error_layout,
    queue_op_layout,
    record_op_layout,
)
from .wake_buffer import WakeBuffer


class Records(wiring.Component):
    """The records of channels, lines and slots. Performs one ``RecordUpdate`` a cycle.

    The record of an operation accepted in cycle ``n`` is read in cycle ``n + 1``. The result is
    combinational from the memory in that cycle. It is one of:

    - ``wake``;
    - ``error``, for the page that made the request;
    - ``answer``, to a READ or READ_TASK;
    - ``refused``, for a CONFIGURE of a record that is queued.

    The next operation sees the changed record. One wake and one error are stored if they are not
    accepted at once. Until they are accepted, an operation is accepted only in every other cycle,
    and an operation that makes a second wake or error waits. ``request.ready`` depends on
    flip-flops alone.

    A wake needs ``room`` in the queues; without it the record is due, and ``done`` tells of it (see
    ``Retry``, whose ``behind`` comes back). So nothing here waits for a place. Unless places are
    ``plenty``, an operation that would wake a task also waits until the wake before it has left:
    ``wake`` is ready again, and none waits for its turn in the issue queue (``waiting``).

    ``owned`` has a bit for each context with an owner. An operation is judged by those of the cycle
    of its acceptance. A stored wake is dropped when its context has lost its owner.

    After reset the records are cleared, one a cycle. ``sweeping`` (a flip-flop) is high meanwhile
    and nothing is accepted.
    """

    def __init__(self, params: TaicParams) -> None:
        self.params = params
        self.update = RecordUpdate(params)
        self.wakes = WakeBuffer(params)
        self.errors = SkidBuffer(error_layout(params))
        self.ends = Signal()  # the operation that has been read is done in this cycle
        # A record that is read in the cycle of its write is forwarded from registers.
        self.states, self.tasks = (
            memory.Memory(shape=shape, depth=params.records, init=[], attrs={"no_rw_check": 1})
            for shape in (state_layout(params), unsigned(TASK_BITS)))
        super().__init__({
            "request": In(stream.Signature(record_op_layout(params))),
            "wake": Out(stream.Signature(queue_op_layout(params))),
            "error": Out(stream.Signature(error_layout(params))),
            "answer": Out(data.StructLayout({"valid": 1, "data": 64})),
            "refused": Out(1),
            "room": In(1),
            "plenty": In(1),
            "waiting": In(1),
            "behind": In(1),
            "done": Out(due_layout(params)),
            "owned": In(params.contexts),
            "sweeping": Out(1, init=1),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        params, asked = self.params, self.request.p
        m.submodules.update = update = self.update
        m.submodules.wakes, m.submodules.errors = wakes, errors = self.wakes, self.errors
        m.submodules.states, m.submodules.tasks = states, tasks = self.states, self.tasks
        state_write, state_read = states.write_port(), states.read_port()
        task_write, task_read = tasks.write_port(), tasks.read_port()

        # The operation on the record that has been read.
        step, valid = Signal(step_layout(params)), Signal()
        written = Signal(TASK_BITS, reset_less=True)  # data of the last ARM or CONFIGURE
        owned = Signal(params.contexts)  # when the operation was accepted
        accepts, waits, may_wake = Signal(), Signal(), Signal()
        m.d.comb += [
            self.ends.eq(valid & ~waits),
            may_wake.eq(wakes.i.ready & (self.plenty | ~self.waiting)),
            waits.eq(update.asks & ~may_wake | update.error.any() & ~errors.i.ready),
            self.request.ready.eq(~self.sweeping & (~valid | may_wake & errors.i.ready)),
            accepts.eq(self.request.valid & self.request.ready),
        ]
        m.d.sync += valid.eq(accepts | valid & waits)
        with m.If(accepts):
            m.d.sync += [
                *(step[name].eq(asked[name])
                  for name in ("op", "record", "context", "queue", "trusted")),
                step.choice.eq(asked.data[CHANNEL_BITS:]),
                step.level.eq(asked.data[0]),
                owned.eq(self.owned),
            ]
            with m.If((asked.op == RecordOp.ARM) | (asked.op == RecordOp.CONFIGURE)):
                m.d.sync += written.eq(asked.data)
        with m.Elif(self.sweeping):
            m.d.sync += step.record.eq(step.record + 1)
        with m.If(self.sweeping & (step.record == params.records - 1)):
            m.d.sync += self.sweeping.eq(0)

        # The record as the previous operation wrote it, while this one was being read.
        last = Signal(state_layout(params), reset_less=True)
        last_record = Signal(params.record_bits, reset_less=True)
        last_valid, last_writes_task, forward = Signal(), Signal(), Signal()
        with m.If(accepts):
            m.d.sync += [
                last.eq(update.next_state),
                last_record.eq(step.record),
                last_valid.eq(valid),
                last_writes_task.eq(update.writes_task),
            ]
        m.d.comb += [
            forward.eq(last_valid & (last_record == step.record)),
            update.valid.eq(valid),
            update.step.eq(step),
            update.data.eq(written),
            update.state.eq(Mux(forward, Value.cast(last), Value.cast(state_read.data))),
        ]
        with m.If((step.op == RecordOp.ARM) | forward & last_writes_task):
            m.d.comb += update.task.eq(written)
        with m.Elif(has_task(update.state)):
            m.d.comb += update.task.eq(task_read.data)

        config = Signal(config_layout())
        m.d.comb += [
            *(config[name].eq(update.state[name])
              for name in ("enabled", "policy", "sender", "receiver", "queue", "pending",
                           "queued")),
            config.armed.eq(is_armed(update.state)),
            update.owned.eq(owned),
            update.room.eq(self.room),
            update.behind.eq(self.behind),
            wakes.owned.eq(self.owned),
            self.answer.valid.eq(
                valid & ((step.op == RecordOp.READ) | (step.op == RecordOp.READ_TASK))),
            self.answer.data.eq(Mux(step.op == RecordOp.READ, config.as_value(), update.task)),
            self.refused.eq(update.refused),
            wakes.i.valid.eq(update.wakes & may_wake),
            wakes.i.p.context.eq(update.next_state.receiver),
            wakes.i.p.queue.eq(update.next_state.queue),
            wakes.i.p.policy.eq(update.next_state.policy),
            wakes.i.p.task.eq(update.task),
            wakes.i.p.record.eq(step.record),
            errors.i.valid.eq(update.error.any()),
            errors.i.p.context.eq(step.context),
            errors.i.p.queue.eq(step.queue),
            errors.i.p.bits.eq(update.error),
        ]
        m.d.sync += [
            self.done.was.eq(update.was_due & self.ends),
            self.done.becomes.eq(update.becomes_due & self.ends),
            self.done.tried.eq(self.ends & (step.op == RecordOp.RETRY)),
            self.done.served.eq(self.ends & (step.op == RecordOp.RETRY) & update.wakes),
            self.done.record.eq(step.record),
        ]
        connect(m, wakes.o, flipped(self.wake))
        connect(m, errors.o, flipped(self.error))
        m.d.comb += [self.wake.p.kind.eq(QueueOp.WAKE), self.wake.p.recorded.eq(1)]

        m.d.comb += [
            state_read.en.eq(accepts),
            state_read.addr.eq(asked.record),
            task_read.en.eq(accepts),
            task_read.addr.eq(asked.record),
            state_write.en.eq(self.ends | self.sweeping),
            state_write.addr.eq(step.record),
            state_write.data.eq(Mux(self.sweeping, 0, Value.cast(update.next_state))),
            task_write.en.eq(self.ends & update.writes_task),
            task_write.addr.eq(step.record),
            task_write.data.eq(written),
        ]
        return m
