"""TAIC: the task-aware interrupt controller."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.fifo import SyncFIFO
from amaranth.lib.wiring import In, Out, connect

from ..bits import choice
from ..bus.mmio import MmioSignature
from .channels import Channels
from .compat import Compat
from .control import Control
from .directory import Directory
from .dispatch import Dispatch
from .engine import Engine
from .interrupts import Interrupts
from .lines import Lines
from .merge import Merge
from .params import ADDR_BITS, TaicParams
from .port import Port
from .skid import Skid
from .turns import Turns
from .types import Kind, RecordOp, error_layout, queue_op_layout, record_op_layout

LEFT_DEPTH = 16  # records of dequeued tasks that can wait, but for those that the fronts keep


class Taic(wiring.Component):
    """Ready queues, channels of notification and wake-ups by lines for several contexts.

    Each of the ``ports`` is a bus of its own (``bus``), of 16 MiB; the register maps are those of
    ``control_registers``, ``queue_registers`` and ``channel_registers``, placed as ``params``
    says. ``line`` are synchronous levels of devices; ``usip`` and ``ssip`` interrupt the harts and
    are flip-flops.

    Timing: a port accepts a write in one cycle of two if what it asks for is free. A DEQUEUE is
    answered in the cycle of its acceptance from the port's front, else after five cycles or more.
    A task is in its queue, for all DEQUEUEs accepted later, three cycles after an enqueue was
    accepted, four after a notification or after a line rose, if nobody else uses the engine.

    The device is ready once its tables are cleared, about ``tasks`` cycles after reset.
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
        m.submodules.channels = channels = Channels(params)
        m.submodules.lines = lines = Lines(params)
        m.submodules.directory = directory = Directory(params)
        m.submodules.compat = compat = Compat(params)
        m.submodules.interrupts = interrupts = Interrupts(params)
        m.submodules.control = control = Control(params)
        contexts, intake = control.contexts, engine.intake

        swept = Signal()
        m.d.sync += swept.eq(~(engine.sweeping | channels.sweeping | lines.sweeping
                               | directory.sweeping | compat.sweeping | contexts.sweeping))

        # Records of tasks that have left their queue. Nobody else reaches a record before them: a
        # notification that comes after the task was given away must not be taken for one before.
        m.submodules.leaving = leaving = Merge(
            unsigned(params.record_bits), inputs=params.ports + 1)
        m.submodules.left = left = SyncFIFO(width=params.record_bits, depth=LEFT_DEPTH)
        answer = engine.answer
        room = Signal()
        m.d.comb += [
            left.w_en.eq(answer.valid & answer.recorded & (answer.kind == Kind.DEQUEUE)),
            left.w_data.eq(answer.record),
        ]
        m.d.sync += room.eq(left.level < LEFT_DEPTH - 3 * params.ports)

        # Ports, and what they ask for.
        m.submodules.dispatch = dispatch = Dispatch(params)
        m.submodules.engine_inputs = engine_inputs = Merge(queue_op, inputs=3)
        m.submodules.record_inputs = record_inputs = Merge(record_op, inputs=4)
        m.submodules.peeks = peeks = Merge(queue_op, inputs=params.ports)
        allocation = directory.allocation
        for n, port in enumerate(self.ports):
            m.submodules[f"port{n}"] = port
            front = port.front
            connect(m, wiring.flipped(self.bus[n]), port.bus)
            connect(m, port.access, dispatch.access[n])
            connect(m, front.peek, peeks.i[n])
            connect(m, front.left, leaving.i[n])
            mine = [interrupts.redirected[h] & (i.as_value() == Cat(1, front.context, front.queue))
                    for h, i in enumerate(interrupts.installed)]
            m.d.comb += [
                port.answer.eq(answer),
                port.done.eq(control.done & (control.done_port == n)),
                port.done_data.eq(control.data),
                port.done_error.eq(control.error),
                port.behind.eq(engine.under_way[n]),
                port.room.eq(room),
                port.ready.eq(swept),
                front.event.eq(engine.event),
                front.lookup.eq(engine.lookup),
                front.popped.eq(intake.popped[n]),
                front.waits.eq(intake.waits),
                front.waiting[0].eq(intake.waiting[0]),
                front.waiting[1].eq(intake.waiting[1]),
                front.crowded.eq(intake.crowded),
                front.busy.eq(engine.busy),
                front.redirected.eq(Cat(mine).any()),
                front.forget.eq(allocation.en),
                front.forget_context.eq(allocation.context),
                intake.pop[n].eq(front.pop),
                intake.pop_context[n].eq(front.context),
                intake.pop_queue[n].eq(front.queue),
                interrupts.runs[n].eq(port.runs),
            ]
        m.d.comb += [
            control.access.valid.eq(dispatch.control),
            control.access.p.eq(dispatch.asked),
            control.port.eq(dispatch.port),
        ]

        # The engine: accesses, then the others that have waited for a cycle; fronts when nobody
        # else. So nobody is ready because somebody else is not there in the same cycle.
        others_engine, others_records = Signal(), Signal()  # it is their turn
        m.d.comb += dispatch.free.eq(Cat(
            intake.request.ready & ~others_engine,
            channels.request.ready & ~leaving.o.valid & ~others_records,
            control.access.ready,
        ))
        m.d.sync += [
            others_engine.eq(engine_inputs.o.valid & ~engine_inputs.o.ready),
            others_records.eq(record_inputs.o.valid & ~record_inputs.o.ready),
        ]
        # Of an access, either the lines or the control registers refuse something.
        m.submodules.refusal = refusal = Skid(error_layout(params))
        m.d.comb += [
            refusal.i.valid.eq(lines.error.valid | control.page_error.valid),
            refusal.i.p.eq(control.page_error.p),
            lines.error.ready.eq(refusal.i.ready),
            control.page_error.ready.eq(refusal.i.ready),
        ]
        with m.If(lines.error.valid):
            m.d.comb += refusal.i.p.eq(lines.error.p)
        m.submodules.refusals = refusals = Merge(error_layout(params), inputs=2)
        m.submodules.errors = errors = Turns(error_layout(params))
        connect(m, compat.error, refusals.i[0])
        connect(m, refusal.o, refusals.i[1])
        connect(m, refusals.o, errors.early)
        connect(m, channels.error, errors.late)
        error, move, ask = engine_inputs.i
        refused = Signal(error_layout(params), reset_less=True)
        with m.If(error.ready):
            m.d.sync += error.valid.eq(0)
        with m.If(errors.o.valid & errors.o.ready):
            m.d.sync += error.valid.eq(1)
        with m.If(errors.o.ready):
            m.d.sync += refused.eq(errors.o.p)
        may_move, peeks_now = Signal(), Signal()
        m.d.comb += [
            intake.wake.valid.eq(channels.wake.valid),
            intake.wake.p.eq(channels.wake.p),
            intake.wake.p.source.eq(params.ports),
            channels.wake.ready.eq(intake.wake.ready),
            errors.o.ready.eq(~error.valid),
            error.p.kind.eq(Kind.ERROR),
            error.p.context.eq(refused.context),
            error.p.queue.eq(refused.queue),
            error.p.task.eq(refused.bits),
            error.p.source.eq(params.ports),
            may_move.eq(engine.room | (directory.queue_op.p.kind == Kind.TAKE)),
            move.valid.eq(directory.queue_op.valid & may_move),
            move.p.eq(directory.queue_op.p),
            move.p.source.eq(params.ports),
            directory.queue_op.ready.eq(move.ready & may_move),
        ]
        connect(m, control.queue_op, ask)
        m.d.comb += [
            peeks_now.eq(peeks.o.valid & ~intake.waits[0]),
            intake.request.valid.eq(dispatch.queue_op | engine_inputs.o.valid | peeks_now),
            engine_inputs.o.ready.eq(intake.request.ready & ~dispatch.queue_op),
            peeks.o.ready.eq(
                engine_inputs.o.ready & ~engine_inputs.o.valid & ~intake.waits[0]),
            contexts.context.eq(engine.chosen_context),
            engine.allocated.eq(contexts.allocated),
            engine.settings.eq(contexts.settings),
            control.answer.eq(answer),
            control.free_places.eq(engine.places.count),
            control.allocation.eq(allocation),
            control.begin.eq(directory.begin),
            control.end.eq(directory.end),
        ]

        with m.If(dispatch.queue_op):
            m.d.comb += intake.request.p.eq(dispatch.queue)
        with m.Else():
            m.d.comb += intake.request.p.eq(choice((
                (1, engine_inputs.o.p), (~engine_inputs.o.valid, peeks.o.p))))

        # The records: accesses, lines, notifications, directory, control, tasks that have left.
        for source, sink in zip(
                (lines.record_op, compat.record_op, directory.record_op, control.record_op),
                record_inputs.i, strict=True):
            connect(m, source, sink)
        last = leaving.i[-1]
        m.d.comb += [
            last.valid.eq(left.r_rdy),
            last.p.eq(left.r_data),
            left.r_en.eq(last.ready),
            leaving.o.ready.eq(channels.request.ready),
        ]
        m.d.comb += [
            channels.request.valid.eq(
                leaving.o.valid | dispatch.record_op | record_inputs.o.valid),
            channels.request.p.eq(Mux(dispatch.record_op, dispatch.record, record_inputs.o.p)),
            record_inputs.o.ready.eq(
                channels.request.ready & ~leaving.o.valid & ~dispatch.record_op),
        ]
        # Tasks and CONFIGs of lines and registers are in the same access; bit 0 is also a level.
        with m.If(~dispatch.record_op):
            m.d.comb += channels.request.p.data[1:].eq(Mux(
                record_inputs.chosen[1], compat.record_op.p.data, control.record_op.p.data)[1:])
        with m.If(leaving.o.valid):
            m.d.comb += [
                channels.request.p.op.eq(RecordOp.DEQUEUED),
                channels.request.p.record.eq(leaving.o.p),
                channels.request.p.trusted.eq(1),
            ]
        for_compat, answers = Signal(), channels.answer
        record_answer = Signal(64, reset_less=True)
        m.d.sync += [
            for_compat.eq(record_inputs.taken[1]),  # in the cycle before the answer
            compat.read_answer.valid.eq(answers.valid & for_compat),
            control.record_answer.valid.eq(answers.valid & ~for_compat),
            record_answer.eq(answers.data),
            control.record_refused.eq(channels.refused),
        ]
        m.d.comb += [
            compat.read_answer.data.eq(record_answer),
            control.record_answer.data.eq(record_answer),
        ]

        # Directory, notifications, lines.
        connect(m, control.directory, directory.request)
        connect(m, control.compat, compat.request)
        connect(m, compat.owner, directory.owner)
        connect(m, directory.forget, compat.forget)
        connect(m, control.simulate, lines.simulate)
        connect(m, control.arm, lines.arm)
        m.d.comb += [
            control.directory_answer.eq(directory.answer),
            control.directory_refused.eq(directory.refused),
            directory.queue_answer.valid.eq(
                answer.valid & (answer.source == params.ports) & (answer.kind == Kind.TAKE)),
            directory.queue_answer.found.eq(answer.found),
            directory.queue_answer.task.eq(answer.data),
            directory.queue_answer.recorded.eq(answer.recorded),
            directory.queue_answer.record.eq(answer.record),
            lines.line.eq(self.line),
            lines.grant_write.eq(control.grant_write),
            lines.grant_read.eq(control.grant_read),
            lines.grant_line.eq(control.grant_line),
            control.grant.eq(lines.grant),
        ]

        # Interrupts.
        m.d.comb += [
            interrupts.change.eq(engine.change),
            interrupts.woken.eq(engine.woken),
            interrupts.priorities.eq(engine.change_priorities),
            interrupts.install.eq(control.install),
            control.install_ready.eq(interrupts.install_ready),
            interrupts.install_hart.eq(control.install_hart),
            interrupts.install_as.eq(control.install_as),
            interrupts.running_of.eq(control.running_of),
            control.running.eq(interrupts.running),
            interrupts.runs[params.ports].eq(control.runs),
            interrupts.allocation.eq(allocation),
            interrupts.end.eq(directory.end),
            interrupts.clear.eq(control.clear),
            control.undelivered.eq(interrupts.undelivered),
            contexts.kernel_context.eq(interrupts.installs_context),
            interrupts.kernel.eq(contexts.kernel),
            interrupts.redirect_context.eq(engine.chosen_context),
            interrupts.redirect_asked.eq(engine.chosen_queue),
            engine.redirect.eq(interrupts.redirect),
            *(sink.eq(queue) for sink, queue in zip(
                engine.redirect_queue, interrupts.redirect_queue, strict=True)),
            self.usip.eq(interrupts.usip),
            self.ssip.eq(interrupts.ssip),
        ]
        for sink, installed in zip(control.installed, interrupts.installed, strict=True):
            m.d.comb += sink.eq(installed)
        for sink, fallback in zip(interrupts.fallback, contexts.fallback, strict=True):
            m.d.comb += sink.eq(fallback)
        return m

