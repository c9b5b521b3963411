"""The next state of a record."""

from amaranth import *
from amaranth.lib import data, enum, wiring
from amaranth.lib.wiring import In, Out

from .codes import Error, Policy
from .params import KEEP_BIT, TASK_BITS, TaicParams
from .types import RecordOp, config_layout


class Arming(enum.Enum, shape=2):
    """The task of a record, and whether it waits for a notification: bit 1."""

    NONE = 0  # no task was armed yet
    SPENT = 1  # the task memory holds the last one
    ARMED = 2
    ANEW = 3  # armed while an earlier task of the record is in a queue


def has_task(state: data.View) -> Value:
    """The task memory holds the record's task."""
    return state.arming.as_value().any()


def is_armed(state: data.View) -> Value:
    return state.arming.as_value()[1]


def is_due(state: data.View) -> Value:
    """The task would be in a queue if there had been a place for it."""
    return is_armed(state) & state.pending & ~state.queued


def state_layout(params: TaicParams) -> data.StructLayout:
    """A record without its task, which is in a memory of its own. All 0 while unused."""
    return data.StructLayout({
        "enabled": 1,
        "policy": Policy,
        "sender": params.context_bits,
        "receiver": params.context_bits,
        "queue": params.queue_bits,
        "arming": Arming,
        "pending": 1,
        "queued": 1,
    })


def step_layout(params: TaicParams) -> data.StructLayout:
    """An operation, as ``record_op_layout``, without the data of an ARM or a CONFIGURE."""
    return data.StructLayout({
        "op": RecordOp,
        "record": params.record_bits,
        "context": params.context_bits,
        "queue": params.queue_bits,
        "trusted": 1,
        "choice": params.queue_bits,  # SEND: the queue that the sender chose
        "level": 1,  # SEND: it reports the level of a line
    })


class RecordUpdate(wiring.Component):
    """Performs operation ``step`` on a record: ``next_state`` follows ``state``. Combinational.

    The outputs other than ``next_state`` are low unless ``valid``. A record can be armed (a task
    waits for a notification), pending (a notification waits for a task) and queued (its task is in
    a queue).

    - SEND wakes the task if the record is armed and not queued. If the queued task is the armed
      one, because it has the keep bit, SEND changes nothing: the task has yet to run. In all other
      cases the record becomes or stays pending. So a task that is armed beside an earlier one in a
      queue is woken by a notification that comes in between.
    - ARM with a task arms the record, and wakes at once if it is pending and not queued. ARM with
      task 0 disarms it.
    - DEQUEUED clears queued, and wakes if the record is armed and pending.

    A wake needs ``room``, and does not overtake records that wait for it (``behind``). Otherwise
    the record stays armed, becomes or stays pending, and is not queued: it is *due*. RETRY, a later
    SEND or ARM wakes it. ``becomes_due`` and ``was_due`` tell of each change.

    A wake sets queued and clears pending. It clears armed unless the task has the keep bit. So a
    record has at most one task in a queue, and a notification stays pending until it wakes a task.

    Rights: unless ``trusted``, the record must be enabled, and ``context`` must be its sender for
    a SEND and its receiver for an ARM. That context and the receiver must have an owner. Otherwise
    ``error`` names the missing right or receiver and nothing changes. So no record waits for a task
    that the engine would refuse. A trusted SEND or ARM comes for contexts with an owner only. A
    context loses its owner before the FORGETs, and gets another one after them.

    With policy SENDER, each SEND sets the record's queue. A trusted SEND or ARM makes ``context``
    the receiver; a trusted ARM also enables the record and fixes its queue. A SEND that reports the
    level of a line never sets pending, because the next ARM looks at the line.

    CONFIGURE clears armed and pending and removes the task. It is ``refused`` while the record is
    queued. Only the field bits that the parameters need are stored.

    FORGET clears the record if ``context`` is its receiver, and disables and disarms it if
    ``context`` is its sender. Only channels have a sender; their record numbers tell.
    """

    def __init__(self, params: TaicParams) -> None:
        self.params = params
        super().__init__({
            "valid": In(1),
            "step": In(step_layout(params)),
            "data": In(TASK_BITS),  # of an ARM or CONFIGURE
            "state": In(state_layout(params)),
            "task": In(TASK_BITS),  # the record's task, or the new one of an ARM
            "owned": In(params.contexts),  # contexts with an owner
            "room": In(1),  # a place is free
            "behind": In(1),  # other records are due
            "next_state": Out(state_layout(params)),
            "writes_task": Out(1),  # ``data`` becomes the record's task
            "wakes": Out(1),
            "asks": Out(1),  # it wakes, or would with room
            "becomes_due": Out(1),
            "was_due": Out(1),
            "error": Out(Error),
            "refused": Out(1),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        params, step, state, next_state = self.params, self.step, self.state, self.next_state
        has_sender, level = Signal(), Signal()
        sender, receiver = Signal(), Signal()
        sends, receives = Signal(), Signal()
        woken, keep, arms, armed = Signal(), Signal(), Signal(), Signal()
        asker_owned, receiver_owned = Signal(), Signal()
        m.d.comb += [
            has_sender.eq(step.record < params.first_line_record),
            level.eq(step.level & ~has_sender & (step.record < params.first_slot_record)),
            sender.eq(state.sender == step.context),
            receiver.eq(state.receiver == step.context),
            asker_owned.eq(self.owned.bit_select(step.context, 1)),
            receiver_owned.eq(self.owned.bit_select(state.receiver, 1)),
            sends.eq(step.trusted | state.enabled & sender & asker_owned),
            receives.eq(step.trusted | state.enabled & receiver & asker_owned),
            armed.eq(is_armed(state)),
            keep.eq(self.task[KEEP_BIT]),
            arms.eq(self.data.any()),
            next_state.eq(state),
        ]
        disarmed = Mux(has_task(state), Arming.SPENT, Arming.NONE)
        with m.Switch(step.op):
            with m.Case(RecordOp.SEND):
                with m.If(~sends):
                    m.d.comb += self.error.eq(Mux(self.valid, Error.NO_SEND, 0))
                with m.Elif(~step.trusted & ~receiver_owned):
                    m.d.comb += self.error.eq(Mux(self.valid, Error.NO_RECEIVE, 0))
                with m.Else():
                    with m.If(armed & ~state.queued):
                        m.d.comb += woken.eq(1)
                    with m.Elif(~((state.arming == Arming.ARMED) & keep) & ~level):
                        m.d.comb += next_state.pending.eq(1)
                    with m.If(state.policy == Policy.SENDER):
                        m.d.comb += next_state.queue.eq(step.choice)
                    with m.If(step.trusted):
                        m.d.comb += next_state.receiver.eq(step.context)
            with m.Case(RecordOp.ARM):
                with m.If(~receives):
                    m.d.comb += self.error.eq(Mux(self.valid, Error.NO_RECEIVE, 0))
                with m.Else():
                    m.d.comb += [
                        woken.eq(arms & state.pending & ~state.queued),
                        next_state.arming.eq(Mux(
                            arms, Mux(state.queued, Arming.ANEW, Arming.ARMED), disarmed)),
                        self.writes_task.eq(self.valid & arms),
                    ]
                    with m.If(step.trusted):
                        m.d.comb += [
                            next_state.enabled.eq(1),
                            next_state.receiver.eq(step.context),
                            next_state.policy.eq(Policy.FIXED),
                            next_state.queue.eq(step.queue),
                        ]
            with m.Case(RecordOp.DEQUEUED):
                m.d.comb += [woken.eq(armed & state.pending), next_state.queued.eq(0)]
                with m.If(armed):
                    m.d.comb += next_state.arming.eq(Arming.ARMED)
            with m.Case(RecordOp.CONFIGURE):
                config = data.View(config_layout(), self.data[:config_layout().size])
                with m.If(state.queued):
                    m.d.comb += self.refused.eq(self.valid)
                with m.Else():
                    m.d.comb += [
                        next_state.eq(0),
                        next_state.enabled.eq(config.enabled),
                        next_state.policy.eq(config.policy),
                        next_state.sender.eq(config.sender),
                        next_state.receiver.eq(config.receiver),
                        next_state.queue.eq(config.queue),
                    ]
            with m.Case(RecordOp.RETRY):
                # A context that ends wakes nothing more; its FORGET is to come.
                m.d.comb += woken.eq(is_due(state) & receiver_owned)
            with m.Case(RecordOp.FORGET):
                with m.If(receiver):
                    m.d.comb += next_state.eq(0)
                with m.Elif(sender & has_sender):
                    m.d.comb += [
                        next_state.enabled.eq(0),
                        next_state.arming.eq(disarmed),
                        next_state.pending.eq(0),
                    ]
        goes = self.room & (~self.behind | (step.op == RecordOp.RETRY))
        with m.If(woken & goes):
            m.d.comb += [
                next_state.queued.eq(1),
                next_state.pending.eq(0),
                next_state.arming.eq(Mux(keep, Arming.ARMED, Arming.SPENT)),
            ]
        with m.Elif(woken):
            m.d.comb += next_state.pending.eq(1)
        m.d.comb += [
            self.asks.eq(self.valid & woken),
            self.wakes.eq(self.valid & woken & goes),
            self.was_due.eq(self.valid & is_due(state)),
            self.becomes_due.eq(self.valid & is_due(next_state)),
        ]
        return m
