"""The queues of all contexts: one pipeline, an operation a cycle."""

from amaranth import *
from amaranth.lib import data, memory, wiring
from amaranth.lib.wiring import In, Out

from ..bits import choice, lowest_one, one_hot
from .codes import Error
from .issue_queue import IssueQueue
from .occupancy import Occupancy, fewest, load, loads_layout, occupancy_layout
from .params import PREEMPT_BIT, PRIORITY_BITS, PRIORITY_LSB, TaicParams
from .queue_select import QueueSelect
from .task_pool import TaskPool
from .types import (
    QueueOp,
    answer_layout,
    event_layout,
    lookup_layout,
    queue_op_layout,
    settings_layout,
)


def list_layout(params: TaicParams) -> data.StructLayout:
    """The tasks of one priority in a local queue: ``filled`` if any, first and last node."""
    return data.StructLayout({
        "filled": 1,
        "first": params.node_bits,
        "last": params.node_bits,
    })


def queue_layout(params: TaicParams) -> data.StructLayout:
    """A local queue, without its lists."""
    return data.StructLayout({"count": params.count_bits, "errors": Error})


class Engine(wiring.Component):
    """Lists of tasks in block RAM, one for each priority of each local queue.

    Operations take effect in the order of ``issue_queue``. The stages:

    - *select*: the row of the context determines the queue. ``event`` informs the prefetches.
    - *link*: the lists of the queue have been read. A node is allocated, or the node of the task
      is read. ``change`` informs the interrupts.
    - *finish*: the lists are written back. After the TAKE of a prefetch, the next node is read.
    - ``answer``, from flip-flops, three cycles after *select*.

    ``lookup`` serves the prefetches, from block RAM. It comes two cycles after the *select* of a
    PEEK, and three cycles after that of a prefetch's TAKE, with the next task.

    An operation waits in *select* while another of the same context is in *link*, and one cycle in
    *link* if the lists of its queue have just been written. This gives one operation a cycle on
    different contexts, one in two cycles on one context, and one in three on one queue. An
    operation that reads its own task also waits while a prefetch's TAKE is in *link*.

    ``allocated`` and ``settings`` are looked up for ``select_context``, combinationally.

    ``room``: a place is free for a task. A WAKE must have seen it; it is not refused. An ENQUEUE is
    refused without it. A MOVE takes the place of the task that a TAKE has just removed; ``moving``
    keeps that place from all others. Bit ``n`` of ``in_flight`` is set while an operation of port
    ``n`` is in the issue queue or in *link*. No operation begins while ``pause``.
    """

    def __init__(self, params: TaicParams) -> None:
        self.params = params
        self.pool = TaskPool(params)
        self.issue_queue = IssueQueue(params)
        super().__init__({
            "in_flight": Out(params.ports),
            "select_context": Out(params.context_bits),
            "select_queue": Out(params.queue_bits),
            "allocated": In(params.queues),
            "settings": In(settings_layout(params)),
            "redirect": In(params.harts),
            "redirect_queue": In(params.queue_bits).array(params.harts),
            "event": Out(event_layout(params)),
            "change": Out(event_layout(params)),
            "change_priorities": Out(1),
            "woken": Out(1),
            "emptied": Out(1),  # ``change`` takes the last task of its context
            "answer": Out(answer_layout(params)),
            "lookup": Out(lookup_layout(params)),
            "busy": Out(params.contexts),  # contexts with tasks
            "moving": In(1),
            "room": Out(1),
            "pause": In(1),
            "sweeping": Out(1, init=1),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        params = self.params
        m.submodules.pool = pool = self.pool
        m.submodules.issue_queue = issue_queue = self.issue_queue
        m.submodules.select = select = QueueSelect(params)
        m.submodules.occupancy = occupancy = Occupancy(params)
        m.submodules.lists = lists = memory.Memory(
            shape=data.ArrayLayout(list_layout(params), params.priorities),
            depth=1 << params.index_bits, init=[], attrs={"no_rw_check": 1})
        m.submodules.queues = queues = memory.Memory(
            shape=queue_layout(params), depth=1 << params.index_bits, init=[],
            attrs={"ram_style": "block", "no_rw_check": 1})
        write, read = lists.write_port(granularity=1), lists.read_port()
        write_queue, read_queue = queues.write_port(), queues.read_port()

        # Registers after reset.
        swept = Signal(params.index_bits)
        lists_swept = Signal()
        with m.If(~lists_swept):
            m.d.sync += swept.eq(swept + 1)
            with m.If(swept.all()):
                m.d.sync += lists_swept.eq(1)
        m.d.comb += self.sweeping.eq(~lists_swept | pool.sweeping)

        # Select.
        op = issue_queue.op
        link_valid, again = Signal(), Signal()
        link_op = Signal(queue_op_layout(params), reset_less=True)
        link_popped = Signal()
        pops, issues = issue_queue.is_pop, issue_queue.issue
        needs_task = ~pops & Cat(
            op.kind == kind for kind in (QueueOp.DEQUEUE, QueueOp.TAKE, QueueOp.PEEK)).any()
        m.d.comb += [
            issues.eq(issue_queue.valid & ~again & ~self.pause & ~(
                link_valid & ((link_op.context == op.context) | link_popped & needs_task))),
            self.select_context.eq(op.context),
            self.select_queue.eq(op.queue),
            occupancy.context.eq(op.context),
            select.op.eq(op),
            select.allocated.eq(self.allocated),
            select.settings.eq(self.settings),
            select.occupancy.eq(occupancy.row),
            select.room.eq(self.room),
            select.redirect.eq(self.redirect),
            *(sink.eq(queue) for sink, queue in zip(
                select.redirect_queue, self.redirect_queue, strict=True)),
        ]
        for n in range(params.ports):
            m.d.comb += self.in_flight[n].eq(
                issue_queue.holds_port[n] | link_valid & (link_op.source == n))
        dequeues = (op.kind == QueueOp.DEQUEUE) & ~select.errors.any()
        m.d.comb += [
            self.event.valid.eq(issues),
            self.event.context.eq(op.context),
            self.event.queue.eq(select.queue),
            self.event.asked.eq(op.queue),
            self.event.inserts.eq(select.inserts),
            self.event.ahead.eq(select.head | self.settings.priorities),
            self.event.removes.eq(select.removes),
            self.event.dequeues.eq(dequeues | pops),
            self.event.task.eq(op.task),
            self.event.recorded.eq(op.recorded),
            self.event.record.eq(op.record),
            self.event.source.eq(op.source),
        ]

        # Link.
        # These are 0 until the first operation, because the sweep writes them to the occupancy.
        link_queue = Signal(params.queue_bits)
        link_row = Signal(occupancy_layout(params))
        link_loads = Signal(loads_layout(params))
        link_allocated = Signal(params.queues)
        link_errors = Signal(Error, reset_less=True)
        link = {name: Signal(name=f"link_{name}")
                for name in ("inserts", "head", "removes", "looks", "priorities", "dequeues")}
        # A task in *link* takes a place in this cycle.
        m.d.comb += [
            pool.moving.eq(self.moving),
            self.room.eq(Mux(link_valid & link["inserts"], pool.room[1], pool.room[0])),
        ]
        finish_writes, finish_popped = Signal(), Signal()
        finish_index = Signal(params.index_bits, reset_less=True)
        m.d.sync += link_valid.eq(issues | again)
        with m.If(issues):
            m.d.sync += [
                link_op.eq(op),
                link_popped.eq(pops),
                link_queue.eq(select.queue),
                link_row.eq(occupancy.row),
                link_loads.eq(occupancy.loads),
                link_allocated.eq(self.allocated),
                link_errors.eq(select.errors),
                *(signal.eq(getattr(select, name)) for name, signal in link.items()
                  if name not in ("priorities", "dequeues")),
                link["priorities"].eq(self.settings.priorities),
                link["dequeues"].eq(dequeues | pops),
            ]
        # Lists that were read in the cycle of their write are stale, and are read again.
        stale, fresh = Signal(), Signal()  # ``fresh``: the lists were read a cycle ago
        written, link_index = Signal.like(finish_index), Cat(link_queue, link_op.context)
        was_written = Signal()
        m.d.sync += [
            fresh.eq(issues),
            was_written.eq(finish_writes),
            written.eq(finish_index),
        ]
        m.d.comb += [
            stale.eq(fresh & was_written & (written == link_index)),
            again.eq(link_valid & stale),
            read.addr.eq(Mux(again, link_index, Cat(select.queue, op.context))),
            read_queue.addr.eq(read.addr),
        ]
        linked = Signal()
        m.d.comb += linked.eq(link_valid & ~again)
        filled = Signal(params.priorities)
        m.d.comb += filled.eq(Cat(read.data[n].filled for n in range(params.priorities)))
        level = Signal(params.priorities)  # one-hot
        with m.If(link["removes"] | link["looks"]):
            m.d.comb += level.eq(lowest_one(filled))
        with m.Else():
            top = PRIORITY_LSB + PRIORITY_BITS
            m.d.comb += level.eq(one_hot(Mux(
                link["priorities"], link_op.task[top - params.level_bits:top], 0), 1))
        first, last = Signal(params.node_bits), Signal(params.node_bits)
        empty = Signal()
        put = Signal()
        m.d.comb += [
            first.eq(choice((here, read.data[n].first) for n, here in enumerate(level))),
            last.eq(choice((here, read.data[n].last) for n, here in enumerate(level))),
            empty.eq(~(filled & level).any()),
            put.eq(linked & link["inserts"]),
            pool.alloc.eq(put),
            pool.release.eq(linked & link["removes"]),
            pool.write.eq(put),
            pool.write_node.eq(pool.alloc_node),
            pool.write_data.task.eq(link_op.task),
            pool.write_data.recorded.eq(link_op.recorded),
            pool.write_data.record.eq(link_op.record),
            pool.link.eq(put & ~empty),
            pool.link_node.eq(Mux(link["head"], pool.alloc_node, last)),
            pool.link_next.eq(Mux(link["head"], first, pool.alloc_node)),
            pool.read_node.eq(Mux(finish_popped, pool.next, first)),
            pool.next_of.eq(first),
        ]

        # Occupancy. The least loaded queue is this one or the least of the others.
        changes = link["inserts"] | link["removes"]
        step = Mux(changes, Cat(C(1, 1), link["removes"].replicate(params.count_bits - 1)), 0)
        row = Signal(occupancy_layout(params))
        count, total = Signal(params.count_bits), Signal(params.count_bits)
        own, some = Signal(params.queues), Signal()
        others = fewest([link_loads[n] for n in range(params.queues)], link_allocated & ~own)
        itself = Cat(link_queue, occupancy.new_load, ~(link_allocated & own).any())
        mark = Signal()
        with m.If(issues):
            m.d.sync += mark.eq(op.kind == QueueOp.MARK)
        m.d.comb += [
            own.eq(one_hot(link_queue, 1)),
            count.eq(read_queue.data.count + step),
            total.eq(link_row.total + step),
            row.total.eq(total),
            row.high_water.eq(link_row.high_water),
            some.eq(count.any()),
            row.filled.eq(link_row.filled & ~own | Mux(some & lists_swept, own, 0)),
            row.least.eq(Mux(itself < others, itself, others)),
        ]
        with m.If((total > link_row.high_water) | mark):
            m.d.comb += row.high_water.eq(total)
        m.d.comb += [
            occupancy.write.eq(linked | ~lists_swept),
            occupancy.write_context.eq(
                Mux(lists_swept, link_op.context, swept[:params.context_bits])),
            occupancy.new_row.eq(row),
            occupancy.queues.eq(own | (~lists_swept).replicate(params.queues)),
            occupancy.new_load.eq(Mux(lists_swept, load(read_queue.data.count, step), 0)),
            self.change.valid.eq(linked),
            self.change.context.eq(link_op.context),
            self.change.queue.eq(link_queue),
            self.change.asked.eq(link_op.queue),
            self.change.inserts.eq(link["inserts"]),
            self.change.ahead.eq(link["head"]),
            self.change.removes.eq(link["removes"]),
            self.change.dequeues.eq(link["dequeues"]),
            self.change.task.eq(link_op.task),
            self.change.recorded.eq(link_op.recorded),
            self.change.record.eq(link_op.record),
            self.change.source.eq(link_op.source),
            self.change_priorities.eq(link["priorities"]),
            self.woken.eq(linked & link["inserts"] & (link_op.kind == QueueOp.WAKE)
                          & link_op.task[PREEMPT_BIT]),
            self.emptied.eq(linked & link["dequeues"] & link["removes"] & ~total.any()),
        ]
        for n, here in enumerate(one_hot(link_op.context, linked & changes)):
            with m.If(here):
                m.d.sync += self.busy[n].eq(total.any())

        # Finish.
        finish = Signal(list_layout(params))  # except what ``pool`` gives
        finish_lists = Signal(params.priorities)  # one-hot: the list that changes
        finish_valid, finish_peeks = Signal(), Signal()
        finish_removes, finish_looks, finish_some = Signal(), Signal(), Signal()
        finish_kind = Signal(QueueOp, reset_less=True)
        finish_source = Signal.like(self.answer.source, reset_less=True)
        finish_queue = Signal(queue_layout(params))
        finish_errors = Signal(Error)  # new error bits
        finish_data = Signal(48, reset_less=True)
        m.d.sync += [
            finish_valid.eq(linked),
            finish_popped.eq(linked & link_popped),
            finish_peeks.eq(linked & (link_op.kind == QueueOp.PEEK)),
            finish_writes.eq(0),
            finish_lists.eq(0),
        ]
        with m.If(linked):
            m.d.sync += [
                finish_writes.eq(changes | link_errors.any()
                                 | (link_op.kind == QueueOp.READ_ERROR)),
                finish_lists.eq(Mux(changes, level, 0)),
                finish.first.eq(Mux(put & (link["head"] | empty), pool.alloc_node, first)),
                finish.last.eq(Mux(put & (~link["head"] | empty), pool.alloc_node, last)),
                finish.filled.eq(put),
                finish_index.eq(link_index),
                finish_removes.eq(link["removes"]),
                finish_looks.eq(link["looks"]),
                finish_some.eq(some),
                finish_kind.eq(link_op.kind),
                finish_source.eq(link_op.source),
                finish_errors.eq(link_errors),
                finish_queue.count.eq(count),
                finish_queue.errors.eq(read_queue.data.errors),
                finish_data.eq(Cat(
                    _wide(read_queue.data.count), _wide(link_row.total),
                    _wide(link_row.high_water))),
            ]
        changed = Signal(list_layout(params))
        goes_on = Signal()
        m.d.comb += [
            goes_on.eq(finish.first != finish.last),
            changed.filled.eq(finish.filled | finish_removes & goes_on),
            changed.first.eq(Mux(finish_removes, pool.next, finish.first)),
            changed.last.eq(finish.last),
            write.en.eq(finish_lists | (~lists_swept).replicate(params.priorities)),
            write.addr.eq(Mux(lists_swept, finish_index, swept)),
            *(write.data[n].eq(changed) for n in range(params.priorities)),
            write_queue.en.eq(finish_writes | ~lists_swept),
            write_queue.addr.eq(write.addr),
            write_queue.data.count.eq(finish_queue.count),
            write_queue.data.errors.eq(Mux(finish_kind == QueueOp.READ_ERROR, 0,
                                           finish_queue.errors | finish_errors)),
            pool.free.eq(finish_valid & finish_removes),
            pool.free_node.eq(finish.first),
        ]

        # Lookups for the prefetches. No PEEK is in *finish* one cycle after a prefetch's TAKE.
        lookup, found = self.lookup, pool.read_data
        next_valid, next_found, next_none = Signal(), Signal(), Signal()
        next_source = Signal.like(finish_source, reset_less=True)
        m.d.sync += [
            next_valid.eq(finish_popped),
            next_found.eq(goes_on),
            next_none.eq(~finish_some),
            next_source.eq(finish_source),
        ]
        m.d.comb += [
            lookup.valid.eq(finish_peeks | next_valid),
            lookup.source.eq(Mux(next_valid, next_source, finish_source)),
            lookup.found.eq(Mux(next_valid, next_found, finish_looks)),
            lookup.none.eq(Mux(next_valid, next_none, ~finish_some)),
            lookup.task.eq(found.task),
            lookup.recorded.eq(found.recorded),
            lookup.record.eq(found.record),
        ]

        # Answer.
        answer = self.answer
        m.d.sync += answer.valid.eq(finish_valid)
        with m.If(finish_valid):
            m.d.sync += [
                answer.kind.eq(finish_kind),
                answer.source.eq(finish_source),
                answer.found.eq(finish_looks),
                answer.recorded.eq(finish_looks & found.recorded),
                answer.record.eq(found.record),
                answer.data.eq(Mux(finish_looks, found.task, 0)),
            ]
            with m.If(finish_kind == QueueOp.LENGTH):
                m.d.sync += answer.data.eq(finish_data)
            with m.If(finish_kind == QueueOp.READ_ERROR):
                m.d.sync += answer.data.eq(finish_queue.errors)
        return m


def _wide(count: Value) -> Value:
    return Cat(count, C(0, 16 - len(count)))
