"""TAIC: the task-aware interrupt controller."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.fifo import SyncFIFO
from amaranth.lib.wiring import In, Out, connect

from ..bits import choice
from ..bus.mmio import MmioSignature
from ..stream import AlternatingArbiter, SkidBuffer, StreamArbiter
from .access_arbiter import AccessArbiter
from .compat import Compat
from .context_allocator import ContextAllocator
from .control import Control
from .engine import Engine
from .interrupts import Interrupts
from .lines import Lines
from .params import ADDR_BITS, TaicParams
from .port import Port
from .records import Records
from .retry import Retry
from .types import QueueOp, RecordOp, error_layout, queue_op_layout, record_op_layout


def dequeued_depth(ports: int) -> int:
    """Returns how many records of dequeued tasks can wait, besides those in the prefetches.

    A port may begin a DEQUEUE while there is place for three of each port: those in flight.
    """
    return max(16, 4 * ports)


class Taic(wiring.Component):
    """Ready queues, notification channels and wake-ups by interrupt lines, for several contexts.

    Each port has a ``bus`` of its own, with a window of 16 MiB. ``control_registers``,
    ``queue_registers`` and ``channel_registers`` describe its registers, and ``hdl.taic.params``
    their places. ``line`` takes synchronous levels of devices. ``usip`` and ``ssip`` interrupt the
    harts; they are flip-flops.

    Timing, if nothing else uses the engine:

    - A port accepts a write in every other cycle.
    - A DEQUEUE is answered in the cycle of its acceptance from the port's prefetch, otherwise
      after at least five cycles.
    - A task can be dequeued three cycles after its enqueue was accepted, and four cycles after a
      notification was accepted or a line rose.

    The device is ready when its tables are cleared, about ``tasks`` cycles after reset.
    """

    def __init__(self, params: TaicParams) -> None:
        self.params = params
        self.engine = Engine(params)
        self.ports = [Port(params, port=n) for n in range(params.ports)]
        super().__init__({
            "bus": In(MmioSignature(ADDR_BITS)).array(params.ports),
            "line": In(params.lines),
            "usip": Out(params.harts),
            "ssip": Out(params.harts),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        params = self.params
        queue_op, record_op = queue_op_layout(params), record_op_layout(params)
        m.submodules.engine = engine = self.engine
        m.submodules.records = records = Records(params)
        m.submodules.retry = retry = Retry(params)
        m.submodules.lines = lines = Lines(params)
        m.submodules.allocator = allocator = ContextAllocator(params)
        m.submodules.compat = compat = Compat(params)
        m.submodules.interrupts = interrupts = Interrupts(params)
        m.submodules.control = control = Control(params)
        context_table, issue_queue = control.context_table, engine.issue_queue

        swept = Signal()
        m.d.sync += swept.eq(~(engine.sweeping | records.sweeping | lines.sweeping
                               | allocator.sweeping | compat.sweeping | context_table.sweeping))

        # Records of dequeued tasks. They reach the records before any other operation, so that a
        # notification sent after the dequeue is not mistaken for one sent before it.
        m.submodules.departures = departures = StreamArbiter(
            unsigned(params.record_bits), inputs=params.ports + 1)
        m.submodules.dequeued = dequeued = SyncFIFO(
            width=params.record_bits, depth=dequeued_depth(params.ports))
        answer = engine.answer
        room = Signal()
        m.d.comb += [
            dequeued.w_en.eq(answer.valid & answer.recorded & (answer.kind == QueueOp.DEQUEUE)),
            dequeued.w_data.eq(answer.record),
        ]
        m.d.sync += room.eq(dequeued.level < dequeued.depth - 3 * params.ports)

        # Ports and their accesses.
        m.submodules.access_arbiter = accesses = AccessArbiter(params)
        m.submodules.engine_inputs = engine_inputs = StreamArbiter(queue_op, inputs=3)
        m.submodules.record_inputs = record_inputs = StreamArbiter(record_op, inputs=5)
        m.submodules.peeks = peeks = StreamArbiter(queue_op, inputs=params.ports)
        allocation = allocator.allocation
        for n, port in enumerate(self.ports):
            m.submodules[f"port{n}"] = port
            prefetch = port.prefetch
            connect(m, wiring.flipped(self.bus[n]), port.bus)
            connect(m, port.access, accesses.access[n])
            connect(m, prefetch.peek, peeks.i[n])
            connect(m, prefetch.dequeued, departures.i[n])
            tracked = Cat(1, prefetch.context, prefetch.queue)
            mine = [interrupts.redirected[h] & (i.as_value() == tracked)
                    for h, i in enumerate(interrupts.installed)]
            m.d.comb += [
                port.answer.eq(answer),
                port.done.eq(control.done & (control.done_port == n)),
                port.done_data.eq(control.data),
                port.done_error.eq(control.error),
                port.behind.eq(engine.in_flight[n]),
                port.room.eq(room),
                port.ready.eq(swept),
                prefetch.event.eq(engine.event),
                prefetch.lookup.eq(engine.lookup),
                prefetch.popped.eq(issue_queue.popped[n]),
                prefetch.waiting.eq(issue_queue.waiting),
                prefetch.waiting_context[0].eq(issue_queue.waiting_context[0]),
                prefetch.waiting_context[1].eq(issue_queue.waiting_context[1]),
                prefetch.hold_off.eq(issue_queue.hold_off),
                prefetch.busy.eq(engine.busy),
                prefetch.redirected.eq(Cat(mine).any()),
                prefetch.invalidate.eq(allocation.en),
                prefetch.invalidate_context.eq(allocation.context),
                issue_queue.pop[n].eq(prefetch.pop),
                issue_queue.pop_context[n].eq(prefetch.context),
                issue_queue.pop_queue[n].eq(prefetch.queue),
                interrupts.runs[n].eq(port.runs),
            ]
        m.d.comb += [
            control.access.valid.eq(accesses.control),
            control.access.p.eq(accesses.asked),
            control.port.eq(accesses.port),
        ]

        # Inputs of the engine: accesses have priority, then the other requests, then the peeks of
        # the prefetches. An other request that has waited for a cycle goes first. So no ``ready``
        # depends on a ``valid`` of the same cycle.
        others_engine, others_records = Signal(), Signal()  # another request has waited
        m.d.comb += accesses.free.eq(Cat(
            issue_queue.request.ready & ~others_engine,
            records.request.ready & ~departures.o.valid & ~others_records,
            control.access.ready,
        ))
        m.d.sync += [
            others_engine.eq(engine_inputs.o.valid & ~engine_inputs.o.ready),
            others_records.eq(record_inputs.o.valid & ~record_inputs.o.ready),
        ]
        # An access is refused by the lines or by the control registers, never by both.
        m.submodules.refusal = refusal = SkidBuffer(error_layout(params))
        m.d.comb += [
            refusal.i.valid.eq(lines.error.valid | control.page_error.valid),
            refusal.i.p.eq(control.page_error.p),
            lines.error.ready.eq(refusal.i.ready),
            control.page_error.ready.eq(refusal.i.ready),
        ]
        with m.If(lines.error.valid):
            m.d.comb += refusal.i.p.eq(lines.error.p)
        m.submodules.refusals = refusals = StreamArbiter(error_layout(params), inputs=2)
        m.submodules.errors = errors = AlternatingArbiter(error_layout(params))
        connect(m, compat.error, refusals.i[0])
        connect(m, refusal.o, refusals.i[1])
        connect(m, refusals.o, errors.early)
        connect(m, records.error, errors.late)
        error, move, ask = engine_inputs.i
        refused = Signal(error_layout(params), reset_less=True)
        with m.If(error.ready):
            m.d.sync += error.valid.eq(0)
        with m.If(errors.o.valid & errors.o.ready):
            m.d.sync += error.valid.eq(1)
        with m.If(errors.o.ready):
            m.d.sync += refused.eq(errors.o.p)
        peeks_now = Signal()
        m.d.comb += [
            records.owned.eq(allocator.owner.valid),
            records.room.eq(engine.room),
            records.plenty.eq(engine.pool.plenty),
            records.waiting.eq(issue_queue.waiting[1]),
            records.behind.eq(retry.behind),
            retry.done.eq(records.done),
            # Of what a context gives back at its end, its own channels get nothing.
            retry.room.eq(engine.room & ~allocator.ending),
            retry.plenty.eq(engine.pool.plenty),
            engine.moving.eq(allocator.moving),
            engine.pause.eq(interrupts.pause),
            issue_queue.owned.eq(allocator.owner.valid),
            issue_queue.wake.valid.eq(records.wake.valid),
            issue_queue.wake.p.eq(records.wake.p),
            issue_queue.wake.p.source.eq(params.ports),
            records.wake.ready.eq(issue_queue.wake.ready),
            errors.o.ready.eq(~error.valid),
            error.p.kind.eq(QueueOp.ERROR),
            error.p.context.eq(refused.context),
            error.p.queue.eq(refused.queue),
            error.p.task.eq(refused.bits),
            error.p.source.eq(params.ports),
            move.valid.eq(allocator.queue_op.valid),
            move.p.eq(allocator.queue_op.p),
            move.p.source.eq(params.ports),
            allocator.queue_op.ready.eq(move.ready),
        ]
        connect(m, control.queue_op, ask)
        m.d.comb += [
            peeks_now.eq(peeks.o.valid & ~issue_queue.waiting[0]),
            issue_queue.request.valid.eq(accesses.queue_op | engine_inputs.o.valid | peeks_now),
            engine_inputs.o.ready.eq(issue_queue.request.ready & ~accesses.queue_op),
            peeks.o.ready.eq(
                engine_inputs.o.ready & ~engine_inputs.o.valid & ~issue_queue.waiting[0]),
            context_table.context.eq(engine.select_context),
            engine.allocated.eq(context_table.allocated),
            engine.settings.eq(context_table.settings),
            control.answer.eq(answer),
            control.free_places.eq(engine.pool.count),
            control.allocation.eq(allocation),
            control.begin.eq(allocator.begin),
            control.end.eq(allocator.end),
        ]

        with m.If(accesses.queue_op):
            m.d.comb += issue_queue.request.p.eq(accesses.queue)
        with m.Else():
            m.d.comb += issue_queue.request.p.eq(choice((
                (1, engine_inputs.o.p), (~engine_inputs.o.valid, peeks.o.p))))

        # Inputs of the records: dequeued tasks, accesses, lines, slots, allocator, control, retry.
        for source, sink in zip(
                (lines.record_op, compat.record_op, allocator.record_op, control.record_op,
                 retry.record_op),
                record_inputs.i, strict=True):
            connect(m, source, sink)
        last = departures.i[-1]
        m.d.comb += [
            last.valid.eq(dequeued.r_rdy),
            last.p.eq(dequeued.r_data),
            dequeued.r_en.eq(last.ready),
            departures.o.ready.eq(records.request.ready),
        ]
        m.d.comb += [
            records.request.valid.eq(
                departures.o.valid | accesses.record_op | record_inputs.o.valid),
            records.request.p.eq(Mux(accesses.record_op, accesses.record, record_inputs.o.p)),
            record_inputs.o.ready.eq(
                records.request.ready & ~departures.o.valid & ~accesses.record_op),
        ]
        # Lines and control registers take their data from the same access. Bit 0 differs: lines
        # use it to report a level.
        with m.If(~accesses.record_op):
            m.d.comb += records.request.p.data[1:].eq(Mux(
                record_inputs.grant[1], compat.record_op.p.data, control.record_op.p.data)[1:])
        with m.If(departures.o.valid):
            m.d.comb += [
                records.request.p.op.eq(RecordOp.DEQUEUED),
                records.request.p.record.eq(departures.o.p),
                records.request.p.trusted.eq(1),
            ]
        for_compat, answers = Signal(), records.answer
        record_answer = Signal(64, reset_less=True)
        m.d.sync += [
            for_compat.eq(record_inputs.accepted[1]),  # in the cycle before the answer
            compat.read_answer.valid.eq(answers.valid & for_compat),
            control.record_answer.valid.eq(answers.valid & ~for_compat),
            record_answer.eq(answers.data),
            control.record_refused.eq(records.refused),
        ]
        m.d.comb += [
            compat.read_answer.data.eq(record_answer),
            control.record_answer.data.eq(record_answer),
        ]

        # Context allocator, compatible registrations, lines.
        connect(m, control.allocator, allocator.request)
        connect(m, control.compat, compat.request)
        connect(m, compat.owner, allocator.owner)
        connect(m, allocator.forget, compat.forget)
        connect(m, control.simulate, lines.simulate)
        connect(m, control.arm, lines.arm)
        m.d.comb += [
            control.allocator_answer.eq(allocator.answer),
            control.allocator_refused.eq(allocator.refused),
            allocator.queue_answer.valid.eq(
                answer.valid & (answer.source == params.ports) & (answer.kind == QueueOp.TAKE)),
            allocator.queue_answer.found.eq(answer.found),
            allocator.queue_answer.task.eq(answer.data),
            allocator.queue_answer.recorded.eq(answer.recorded),
            allocator.queue_answer.record.eq(answer.record),
            lines.line.eq(self.line),
            lines.grant_write.eq(control.grant_write),
            lines.grant_read.eq(control.grant_read),
            lines.grant_line.eq(control.grant_line),
            control.grant.eq(lines.grant),
            control.grant_ready.eq(lines.grant_ready),
            lines.owned.eq(allocator.owner.valid),
            lines.forget.valid.eq(allocator.forget.valid & allocator.forget.ready),
            lines.forget.context.eq(allocator.forget.p),
        ]

        # Interrupts.
        m.d.comb += [
            interrupts.change.eq(engine.change),
            interrupts.woken.eq(engine.woken),
            interrupts.emptied.eq(engine.emptied),
            interrupts.priorities.eq(engine.change_priorities),
            interrupts.install.eq(control.install),
            control.install_ready.eq(interrupts.install_ready),
            interrupts.install_hart.eq(control.install_hart),
            interrupts.install_as.eq(control.install_as),
            interrupts.running_of.eq(control.running_of),
            control.running.eq(interrupts.running),
            interrupts.runs[params.ports].eq(control.runs),
            interrupts.allocation.eq(allocation),
            interrupts.end.eq(allocator.end),
            interrupts.clear.eq(control.clear),
            control.undelivered.eq(interrupts.undelivered),
            context_table.kernel_context.eq(Mux(
                interrupts.install_ready, control.install_as.context, interrupts.installs_context)),
            interrupts.kernel.eq(context_table.kernel),
            interrupts.allocated.eq(context_table.installable),
            interrupts.redirect_context.eq(engine.select_context),
            interrupts.redirect_asked.eq(engine.select_queue),
            engine.redirect.eq(interrupts.redirect),
            *(sink.eq(queue) for sink, queue in zip(
                engine.redirect_queue, interrupts.redirect_queue, strict=True)),
            self.usip.eq(interrupts.usip),
            self.ssip.eq(interrupts.ssip),
        ]
        for sink, installed in zip(control.installed, interrupts.installed, strict=True):
            m.d.comb += sink.eq(installed)
        for sink, fallback in zip(interrupts.fallback, context_table.fallback, strict=True):
            m.d.comb += sink.eq(fallback)
        return m

