"""What an operation does to a record of wake-ups."""

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from .params import KEEP_BIT, TASK_BITS, TaicParams
from .types import Error, Policy, RecordOp, config_layout


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


def step_layout(params: TaicParams) -> data.StructLayout:
    """An operation, as ``record_op_layout``, but for the data of an ARM or a CONFIGURE."""
    return data.StructLayout({
        "op": RecordOp,
        "record": params.record_bits,
        "context": params.context_bits,
        "queue": params.queue_bits,
        "trusted": 1,
        "choice": params.queue_bits,  # of a SEND, by the sender
        "level": 1,  # of a SEND
    })


class Rule(wiring.Component):
    """Combinational: ``changed`` is ``state`` after ``step``, if that is ``valid``.

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
    its receiver, unless ``trusted``; else ``error`` says what is missing, and nothing changes. If
    the policy leaves the choice of a queue to the sender, that of the last SEND becomes the
    record's queue. A trusted SEND or ARM makes ``context`` the receiver; a trusted ARM also enables
    the record and fixes its queue. A SEND to the record of a line with bit 0 of its data tells of a
    level, and never makes it pending: the next ARM looks again.

    CONFIGURE disarms the record and takes its task and what is pending away; it is ``refused`` if
    the record is queued. Fields are as wide as the parameters demand; other bits are not kept.
    FORGET clears a record of which ``context`` is the receiver, and disables and disarms one of
    which it is the sender. Only channels have a sender, which shows in the number of the record.
    """

    def __init__(self, params: TaicParams) -> None:
        self.params = params
        super().__init__({
            "valid": In(1),
            "step": In(step_layout(params)),
            "data": In(TASK_BITS),  # of an ARM or CONFIGURE
            "state": In(state_layout(params)),
            "task": In(TASK_BITS),  # of the record; of an ARM, the new one
            "changed": Out(state_layout(params)),
            "names": Out(1),  # ``data`` becomes the record's task
            "wakes": Out(1),
            "error": Out(Error),
            "refused": Out(1),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        params, step, state, changed = self.params, self.step, self.state, self.changed
        has_sender, level = Signal(), Signal()
        sender, receiver = Signal(), Signal()
        sends, receives = Signal(), Signal()
        woken, keep, arms = Signal(), Signal(), Signal()
        m.d.comb += [
            has_sender.eq(step.record < params.first_line_record),
            level.eq(step.level & ~has_sender & (step.record < params.first_slot_record)),
            sender.eq(state.sender == step.context),
            receiver.eq(state.receiver == step.context),
            sends.eq(step.trusted | state.enabled & sender),
            receives.eq(step.trusted | state.enabled & receiver),
            keep.eq(self.task[KEEP_BIT]),
            arms.eq(self.data.any()),
            changed.eq(state),
        ]
        with m.Switch(step.op):
            with m.Case(RecordOp.SEND):
                with m.If(~sends):
                    m.d.comb += self.error.eq(Mux(self.valid, Error.NO_SEND, 0))
                with m.Else():
                    with m.If(state.armed & ~state.queued):
                        m.d.comb += woken.eq(1)
                    with m.Elif(~(state.armed & keep) & ~level):
                        m.d.comb += changed.pending.eq(1)
                    with m.If(state.policy == Policy.SENDER):
                        m.d.comb += changed.queue.eq(step.choice)
                    with m.If(step.trusted):
                        m.d.comb += changed.receiver.eq(step.context)
            with m.Case(RecordOp.ARM):
                with m.If(~receives):
                    m.d.comb += self.error.eq(Mux(self.valid, Error.NO_RECEIVE, 0))
                with m.Else():
                    m.d.comb += [
                        woken.eq(arms & state.pending & ~state.queued),
                        changed.armed.eq(arms),
                        changed.named.eq(state.named | arms),
                        self.names.eq(self.valid & arms),
                    ]
                    with m.If(step.trusted):
                        m.d.comb += [
                            changed.enabled.eq(1),
                            changed.receiver.eq(step.context),
                            changed.policy.eq(Policy.FIXED),
                            changed.queue.eq(step.queue),
                        ]
            with m.Case(RecordOp.DEQUEUED):
                m.d.comb += [woken.eq(state.armed & state.pending), changed.queued.eq(0)]
            with m.Case(RecordOp.CONFIGURE):
                config = data.View(config_layout(), self.data[:config_layout().size])
                with m.If(state.queued):
                    m.d.comb += self.refused.eq(self.valid)
                with m.Else():
                    m.d.comb += [
                        changed.eq(0),
                        changed.enabled.eq(config.enabled),
                        changed.policy.eq(config.policy),
                        changed.sender.eq(config.sender),
                        changed.receiver.eq(config.receiver),
                        changed.queue.eq(config.queue),
                    ]
            with m.Case(RecordOp.FORGET):
                with m.If(receiver):
                    m.d.comb += changed.eq(0)
                with m.Elif(sender & has_sender):
                    m.d.comb += [
                        changed.enabled.eq(0), changed.armed.eq(0), changed.pending.eq(0)]
        with m.If(woken):
            m.d.comb += [changed.queued.eq(1), changed.pending.eq(0), changed.armed.eq(keep)]
        m.d.comb += self.wakes.eq(self.valid & woken)
        return m
