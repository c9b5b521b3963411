"""The records of wake-ups: who may notify whom, and which task a notification makes ready."""

from amaranth import *
from amaranth.lib import data, memory, stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from .params import TASK_BITS, TaicParams
from .rule import Rule, state_layout, step_layout
from .skid import Skid
from .types import (
    Kind,
    RecordOp,
    config_layout,
    error_layout,
    queue_op_layout,
    record_op_layout,
)

CHOICE_LSB = 16  # of the sender's choice of queue in the data of a SEND


class Channels(wiring.Component):
    """One operation a cycle on any of the records of channels, lines and slots; see ``Rule``.

    An operation accepted in cycle ``n`` finds its record in cycle ``n + 1``. What comes of it is
    there in that cycle, combinationally from the memory: a ``wake``, or an ``error`` for the page
    that asked, or ``answer`` to a READ or READ_TASK, or ``refused`` for a CONFIGURE of a record
    whose task is queued. The next operation sees what it has done. One wake and one error that are
    not accepted at once are kept, and until they are an operation is accepted in every other cycle
    only; one that makes a second wake or error waits. ``request.ready`` comes from flip-flops.

    After reset the records are cleared, one a cycle; ``sweeping`` (a flip-flop) is high meanwhile
    and nothing is accepted.
    """

    def __init__(self, params: TaicParams) -> None:
        self.params = params
        self.rule = Rule(params)
        self.wakes, self.errors = Skid(queue_op_layout(params)), Skid(error_layout(params))
        # What is read while it is written comes from registers.
        self.states, self.tasks = (
            memory.Memory(shape=shape, depth=params.records, init=[], attrs={"no_rw_check": 1})
            for shape in (state_layout(params), unsigned(TASK_BITS)))
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
        m.submodules.rule = rule = self.rule
        m.submodules.wakes, m.submodules.errors = wakes, errors = self.wakes, self.errors
        m.submodules.states, m.submodules.tasks = states, tasks = self.states, self.tasks
        state_write, state_read = states.write_port(), states.read_port()
        task_write, task_read = tasks.write_port(), tasks.read_port()

        # The operation whose record has been read.
        step, valid = Signal(step_layout(params)), Signal()
        written = Signal(TASK_BITS, reset_less=True)  # stays until another ARM or CONFIGURE
        accepts, waits = Signal(), Signal()
        m.d.comb += [
            waits.eq(rule.wakes & ~wakes.i.ready | rule.error.any() & ~errors.i.ready),
            self.request.ready.eq(~self.sweeping & (~valid | wakes.i.ready & errors.i.ready)),
            accepts.eq(self.request.valid & self.request.ready),
        ]
        m.d.sync += valid.eq(accepts | valid & waits)
        with m.If(accepts):
            m.d.sync += [
                *(step[name].eq(asked[name])
                  for name in ("op", "record", "context", "queue", "trusted")),
                step.choice.eq(asked.data[CHOICE_LSB:]),
                step.level.eq(asked.data[0]),
            ]
            with m.If((asked.op == RecordOp.ARM) | (asked.op == RecordOp.CONFIGURE)):
                m.d.sync += written.eq(asked.data)
        with m.Elif(self.sweeping):
            m.d.sync += step.record.eq(step.record + 1)
        with m.If(self.sweeping & (step.record == params.records - 1)):
            m.d.sync += self.sweeping.eq(0)

        # What the operation before has written while the record was read.
        last = Signal(state_layout(params), reset_less=True)
        last_record = Signal(params.record_bits, reset_less=True)
        last_valid, last_names, forward = Signal(), Signal(), Signal()
        with m.If(accepts):
            m.d.sync += [
                last.eq(rule.changed),
                last_record.eq(step.record),
                last_valid.eq(valid),
                last_names.eq(rule.names),
            ]
        m.d.comb += [
            forward.eq(last_valid & (last_record == step.record)),
            rule.valid.eq(valid),
            rule.step.eq(step),
            rule.data.eq(written),
            rule.state.eq(Mux(forward, Value.cast(last), Value.cast(state_read.data))),
        ]
        with m.If((step.op == RecordOp.ARM) | forward & last_names):
            m.d.comb += rule.task.eq(written)
        with m.Elif(rule.state.named):
            m.d.comb += rule.task.eq(task_read.data)

        config = Signal(config_layout())
        m.d.comb += [
            *(config[name].eq(rule.state[name])
              for name in ("enabled", "policy", "sender", "receiver", "queue", "armed", "pending",
                           "queued")),
            self.answer.valid.eq(
                valid & ((step.op == RecordOp.READ) | (step.op == RecordOp.READ_TASK))),
            self.answer.data.eq(Mux(step.op == RecordOp.READ, config.as_value(), rule.task)),
            self.refused.eq(rule.refused),
            wakes.i.valid.eq(rule.wakes),
            wakes.i.p.context.eq(rule.changed.receiver),
            wakes.i.p.queue.eq(rule.changed.queue),
            wakes.i.p.policy.eq(rule.changed.policy),
            wakes.i.p.task.eq(rule.task),
            wakes.i.p.record.eq(step.record),
            errors.i.valid.eq(rule.error.any()),
            errors.i.p.context.eq(step.context),
            errors.i.p.queue.eq(step.queue),
            errors.i.p.bits.eq(rule.error),
        ]
        connect(m, wakes.o, flipped(self.wake))
        connect(m, errors.o, flipped(self.error))
        m.d.comb += [self.wake.p.kind.eq(Kind.WAKE), self.wake.p.recorded.eq(1)]

        m.d.comb += [
            state_read.en.eq(accepts),
            state_read.addr.eq(asked.record),
            task_read.en.eq(accepts),
            task_read.addr.eq(asked.record),
            # An operation that waits writes the same again and again.
            state_write.en.eq(valid | self.sweeping),
            state_write.addr.eq(step.record),
            state_write.data.eq(Mux(self.sweeping, 0, Value.cast(rule.changed))),
            task_write.en.eq(rule.names),
            task_write.addr.eq(step.record),
            task_write.data.eq(written),
        ]
        return m
