"""Queue select: which local queue an operation works on, and whether it is permitted."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..bits import choice, lowest
from .codes import Error, Policy
from .occupancy import occupancy_layout
from .params import PREEMPT_BIT, TaicParams
from .types import QueueOp, queue_op_layout, settings_layout


class QueueSelect(wiring.Component):
    """Decides what ``op`` does, from the state of its context. Combinational.

    - ``queue``: the queue that the operation reads or changes. It is the addressed queue if the
      operation is refused or uses no list.
    - ``inserts``: it inserts a task, at the ``head`` of the list or at its tail. ``removes``: it
      removes one.
    - ``looks``: it reads the first task of the queue.
    - ``errors``: the reasons of a refusal. If the context has no owner, that is the only one.

    ``redirect`` is one-hot: a DEQUEUE tries that hart's ``redirect_queue`` first.
    """

    def __init__(self, params: TaicParams) -> None:
        self.params = params
        super().__init__({
            "op": In(queue_op_layout(params)),
            "allocated": In(params.queues),
            "settings": In(settings_layout(params)),
            "occupancy": In(occupancy_layout(params)),
            "room": In(1),
            "redirect": In(params.harts),
            "redirect_queue": In(params.queue_bits).array(params.harts),
            "queue": Out(params.queue_bits),
            "inserts": Out(1),
            "head": Out(1),
            "removes": Out(1),
            "looks": Out(1),
            "errors": Out(Error),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        op, queues, row = self.op, self.params.queues, self.occupancy
        owned, here = Signal(), Signal()
        filled = Signal(queues)
        m.d.comb += [
            owned.eq(self.allocated.any()),
            here.eq(self.allocated.bit_select(op.queue, 1)),
            filled.eq(row.filled),
            self.queue.eq(op.queue),
        ]

        # The next queue with tasks, round robin from the own one. Undefined if all are empty.
        after, next_filled = Signal(queues), Signal(self.params.queue_bits)
        m.d.comb += [
            after.eq(Cat(filled[n] & (op.queue <= n) for n in range(queues))),
            next_filled.eq(Mux(after.any(), lowest(after), lowest(filled))),
        ]

        redirects = Signal()  # the queue of the redirection has tasks
        redirected_to = choice(zip(self.redirect, self.redirect_queue, strict=True))
        m.d.comb += redirects.eq(Cat(
            here & filled.bit_select(to, 1)
            for here, to in zip(self.redirect, self.redirect_queue, strict=True)).any())

        woken_into = Signal(self.params.queue_bits)
        m.d.comb += woken_into.eq(Mux(here, op.queue, lowest(self.allocated)))
        with m.If((op.policy == Policy.LEAST_LOADED)
                  & self.allocated.bit_select(row.least, 1)):
            m.d.comb += woken_into.eq(row.least)

        with m.Switch(op.kind):
            with m.Case(QueueOp.ENQUEUE):
                with m.If(~owned):
                    m.d.comb += self.errors.eq(Error.NO_OWNER)
                with m.Elif(~here):
                    m.d.comb += self.errors.eq(Error.NO_QUEUE)
                with m.Elif(op.task == 0):
                    m.d.comb += self.errors.eq(Error.NOT_PERMITTED)
                with m.Elif((row.total >= self.settings.limit) | ~self.room):
                    m.d.comb += self.errors.eq(Error.FULL)
                with m.Else():
                    m.d.comb += self.inserts.eq(1)
            with m.Case(QueueOp.WAKE, QueueOp.MOVE):
                m.d.comb += [
                    self.inserts.eq(owned),
                    self.queue.eq(woken_into),
                    self.head.eq((op.kind == QueueOp.WAKE) & op.task[PREEMPT_BIT]
                                 & ~self.settings.priorities),
                ]
            with m.Case(QueueOp.DEQUEUE):
                with m.If(~owned):
                    m.d.comb += self.errors.eq(Error.NO_OWNER)
                with m.Elif(~here):
                    m.d.comb += self.errors.eq(Error.NO_QUEUE)
                with m.Else():
                    m.d.comb += [
                        self.removes.eq(filled.any()),
                        self.queue.eq(Mux(redirects, redirected_to, next_filled)),
                    ]
            with m.Case(QueueOp.TAKE):
                m.d.comb += self.removes.eq(filled.bit_select(op.queue, 1))
            with m.Case(QueueOp.PEEK):
                m.d.comb += self.looks.eq(filled.bit_select(op.queue, 1))
            with m.Case(QueueOp.ERROR):
                m.d.comb += self.errors.eq(Mux(owned, op.task, Error.NO_OWNER))
        with m.If(self.removes):
            m.d.comb += self.looks.eq(1)
        return m
