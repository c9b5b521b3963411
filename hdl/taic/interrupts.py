"""Preemption: selects the hart to interrupt when a task becomes ready."""

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from ..bits import lowest_one, one_hot
from .context_table import allocation_layout, change_layout
from .params import LOWEST_PRIORITY, PRIORITY_BITS, PRIORITY_LSB, TaicParams
from .types import event_layout


def installed_layout(params: TaicParams) -> data.StructLayout:
    """The local queue that is installed on a hart."""
    return data.StructLayout({
        "valid": 1,
        "context": params.context_bits,
        "queue": params.queue_bits,
    })


def runs_layout(params: TaicParams) -> data.StructLayout:
    """The worker of a queue has got a task of this priority, or the lowest if it got none."""
    return data.StructLayout({
        "valid": 1,
        "context": params.context_bits,
        "queue": params.queue_bits,
        "priority": PRIORITY_BITS,
    })


def priority(task: Value) -> Value:
    return task[PRIORITY_LSB:PRIORITY_LSB + PRIORITY_BITS]


class Interrupts(wiring.Component):
    """For each hart: its installed queue, and whether a preempting task waits for it.

    **Raise and lower.** ``change`` with ``woken`` is a preempting task, from the engine's second
    stage. It raises the hart on which its queue is installed, or else the lowest hart with another
    queue of the context. If the context has priorities, the task must also be more urgent than the
    one that runs there. If no queue of the context is installed, its bit of ``undelivered`` is
    set, unless the task is of the lowest priority. A DEQUEUE through the page of an installed queue
    lowers its hart. ``emptied``, a DEQUEUE of the last task, clears the bit of its context.

    **Lines.** A raised hart has ``usip`` high, or ``ssip`` if the context is a kernel's
    (``kernel``). ``ssip`` is also high while a context is ``undelivered`` and has the hart as its
    ``fallback``. The lines are flip-flops, and follow a change after two cycles.

    **Installation.** ``install`` with ``install_ready`` (a flip-flop) sets ``installed`` of
    ``install_hart``, in the next cycle without a change; ``install_ready`` is low until then. If
    changes come first, ``pause`` (a flip-flop) asks that no more follow. A queue that is not
    allocated any more is not installed. If the new context is undelivered, the hart is raised.
    ``kernel`` and ``allocated`` are looked up for ``installs_context``, combinationally. ``clear``
    clears bits of ``undelivered``, while ``install_ready``. An ``allocation`` that frees an
    installed queue also removes it from its hart. ``end`` clears the bit of the context.

    A raised hart that loses its context, by an installation or by an ``allocation``, hands the
    interrupt on to the lowest other hart with that context. Without one the context becomes
    undelivered.

    **Running priority.** ``runs`` (one for each port, one for the register RUNNING) reports the
    priority of the task that now runs from a queue. It is stored for the hart with that queue.
    ``running`` is the priority for ``running_of``, combinationally; the lowest if that is not
    installed.

    **Redirection.** While hart ``h`` is raised for a task in another queue than its installed one,
    a DEQUEUE of the installed queue is redirected to ``redirect_queue[h]``. ``redirect`` is
    one-hot and answers for ``redirect_context`` and ``redirect_asked``.
    """

    def __init__(self, params: TaicParams) -> None:
        self.params = params
        harts = params.harts
        super().__init__({
            "change": In(event_layout(params)),
            "woken": In(1),
            "emptied": In(1),
            "priorities": In(1),
            "install": In(1),
            "install_ready": Out(1, init=1),
            "pause": Out(1),
            "install_hart": In(range(harts)),
            "install_as": In(installed_layout(params)),
            "installed": Out(installed_layout(params)).array(harts),
            "runs": In(runs_layout(params)).array(params.ports + 1),
            "running_of": In(installed_layout(params)),
            "running": Out(PRIORITY_BITS),
            "allocation": In(allocation_layout(params)),
            "end": In(change_layout(params)),
            "clear": In(params.contexts),
            "undelivered": Out(params.contexts),
            "kernel": In(1),
            "allocated": In(params.queues),
            "installs_context": Out(params.context_bits),
            "fallback": In(range(harts)).array(params.contexts),
            "redirect_context": In(params.context_bits),
            "redirect_asked": In(params.queue_bits),
            "redirect": Out(harts),
            "redirect_queue": Out(params.queue_bits).array(harts),
            "redirected": Out(harts),  # bit h: dequeues of hart h's installed queue are redirected
            "usip": Out(harts),
            "ssip": Out(harts),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        params, change, allocation = self.params, self.change, self.allocation
        harts = params.harts
        raised = Signal(harts)
        running = [Signal(PRIORITY_BITS, init=LOWEST_PRIORITY, name=f"running{h}")
                   for h in range(harts)]
        source = self.redirect_queue
        same_context, same_queue = Signal(harts), Signal(harts)
        target = Signal(harts)
        for h, installed in enumerate(self.installed):
            m.d.comb += [
                same_context[h].eq(installed.valid & (installed.context == change.context)),
                same_queue[h].eq(same_context[h] & (installed.queue == Mux(
                    change.dequeues, change.asked, change.queue))),
            ]
        m.d.comb += [
            target.eq(Mux(same_queue.any(), same_queue, same_context)),
        ]
        lowest = target & -target
        raises, freed, stays = Signal(harts), Signal(harts), Signal(harts)
        kernel = Signal(harts)  # the installed context is a kernel's
        for h, installed in enumerate(self.installed):
            urgent = ~self.priorities | (priority(change.task) < running[h])
            here = Signal(name=f"allocated_here{h}")
            m.d.comb += [
                here.eq(allocation.en & (installed.context == allocation.context)),
                raises[h].eq(self.woken & lowest[h] & urgent),
                freed[h].eq(here & installed.valid
                            & ~allocation.mask.bit_select(installed.queue, 1)),
                stays[h].eq(here & installed.valid & ~freed[h]),
            ]
            with m.If(change.valid & change.dequeues & same_queue[h]):
                m.d.sync += raised[h].eq(0)
            with m.If(raises[h]):
                m.d.sync += [raised[h].eq(1), source[h].eq(change.queue)]
            with m.If(freed[h]):
                m.d.sync += [installed.valid.eq(0), raised[h].eq(0)]
            with m.If(here):
                m.d.sync += kernel[h].eq(allocation.kernel)
            place = Cat(installed.context, installed.queue)
            for runs in self.runs:
                with m.If(runs.valid & installed.valid
                          & (Cat(runs.context, runs.queue) == place)):
                    m.d.sync += running[h].eq(runs.priority)

        new, hart = Signal(installed_layout(params), reset_less=True), Signal(range(harts))
        installs, keeps, due = Signal(), Signal(harts), Signal()
        old_context, owed = Signal(params.context_bits), Signal()
        there = Signal()  # a queue is installed, else none
        m.d.comb += [
            installs.eq(~self.install_ready & ~change.valid & ~allocation.en & ~self.end.valid),
            self.installs_context.eq(new.context),
            there.eq(new.valid & self.allocated.bit_select(new.queue, 1)),
            due.eq(there & self.undelivered.bit_select(new.context, 1)),
        ]
        with m.If(self.install_ready):
            m.d.sync += [
                new.eq(self.install_as),
                hart.eq(self.install_hart),
                self.install_ready.eq(~self.install),
            ]
        with m.If(installs):
            m.d.sync += self.install_ready.eq(1)
        m.d.sync += self.pause.eq(~self.install_ready & ~installs)
        for h, old in enumerate(self.installed):
            m.d.comb += keeps[h].eq(old.valid & there & (old.context == new.context))
            with m.If(hart == h):
                m.d.comb += [
                    old_context.eq(old.context),
                    owed.eq(installs & raised[h] & old.valid & ~keeps[h]),
                ]
                with m.If(installs):
                    m.d.sync += [
                        self.installed[h].eq(new),
                        self.installed[h].valid.eq(there),
                        kernel[h].eq(self.kernel),
                        running[h].eq(LOWEST_PRIORITY),
                        raised[h].eq(raised[h] & keeps[h] | due),
                    ]
                    with m.If(~keeps[h]):
                        m.d.sync += source[h].eq(new.queue)

        # A context becomes undelivered in three ways: by a change, if no hart takes the task; by
        # an installation or by an allocation, if its hart is lost and there is no other. An
        # allocation may come together with a change.
        none = self.woken & ~same_context.any() & ~(self.priorities & priority(change.task).all())
        lost = (freed & (raised | raises)).any()
        others = Signal(harts)  # other harts with the context of the installation's hart
        one, other = Signal(params.context_bits), Signal(params.context_bits)
        m.d.comb += [
            one.eq(Mux(change.valid, change.context, old_context)),
            other.eq(Mux(allocation.en, allocation.context, self.end.context)),
            others.eq(Cat(i.valid & (i.context == old_context) & (hart != h)
                          for h, i in enumerate(self.installed))),
        ]
        with m.If(installs):
            m.d.comb += other.eq(new.context)
        heirs = Mux(lost, lowest_one(stays), 0) | Mux(owed, lowest_one(others), 0)
        for h, installed in enumerate(self.installed):
            with m.If(heirs[h]):
                m.d.sync += raised[h].eq(1)
                with m.If(~raised[h] & ~raises[h]):
                    m.d.sync += source[h].eq(installed.queue)
        m.d.sync += self.undelivered.eq(
            (self.undelivered & ~self.clear & ~one_hot(one, self.emptied)
             | one_hot(one, none | owed & ~others.any()) | one_hot(other, lost & ~stays.any()))
            & ~one_hot(other, self.end.valid | installs & due))

        m.d.comb += self.running.eq(LOWEST_PRIORITY)
        for h, installed in enumerate(self.installed):
            with m.If(installed.as_value() == self.running_of.as_value()):
                m.d.comb += self.running.eq(running[h])
            falls = Cat(self.undelivered[c] & (self.fallback[c] == h)
                        for c in range(params.contexts))
            m.d.sync += [
                self.usip[h].eq(raised[h] & ~kernel[h]),
                self.ssip[h].eq(raised[h] & kernel[h] | falls.any()),
            ]
            m.d.comb += self.redirected[h].eq(raised[h] & (source[h] != installed.queue))
            with m.If(self.redirected[h] & (installed.context == self.redirect_context)
                      & (installed.queue == self.redirect_asked)):
                m.d.comb += self.redirect.eq(1 << h)
        return m
