"""From the ports to the parts that perform accesses."""

from amaranth import *
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from ..bus.arbiter import RoundRobin
from .params import PAGE_BITS, SHORT_TASK_BITS, TaicParams
from .port import Goal, access_layout
from .registers import queue_registers
from .types import Error, Kind, RecordOp, queue_op_layout, record_op_layout


class Dispatch(wiring.Component):
    """Gives one access a cycle to the engine, the records or the control registers.

    A port takes part in the arbitration once the goal of its access can accept it (``free``, which
    must not depend on the three outputs): so none waits for what another waits for. What a page
    does not permit becomes an ERROR of the engine. Combinational.
    """

    def __init__(self, params: TaicParams) -> None:
        self.params = params
        super().__init__({
            "access": In(stream.Signature(access_layout(params))).array(params.ports),
            "free": In(len(Goal)),  # by goal
            "queue_op": Out(1),
            "queue": Out(queue_op_layout(params)),
            "record_op": Out(1),
            "record": Out(record_op_layout(params)),
            "control": Out(1),
            "asked": Out(access_layout(params)),
            "port": Out(range(params.ports)),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        params, asked = self.params, self.asked
        m.submodules.arbiter = arbiter = RoundRobin(params.ports)
        offsets = {entry.name: entry.offset for entry in queue_registers(params)}

        # A record's access can be refused, so it needs both.
        engine, records, control = self.free
        able = [
            Mux(port.p.goal == Goal.CONTROL, control,
                engine & (records | (port.p.goal != Goal.RECORDS)))
            for port in self.access]
        m.d.comb += [
            arbiter.requests.eq(Cat(
                port.valid & may for port, may in zip(self.access, able, strict=True))),
            arbiter.served.eq(1),
        ]
        value = Value.cast(self.access[0].p)
        for n in range(1, params.ports):
            value = Mux(arbiter.grant[n], self.access[n].p, value)
            with m.If(arbiter.grant[n]):
                m.d.comb += self.port.eq(n)
        goes = arbiter.requests.any()
        offset = asked.addr[:PAGE_BITS]
        arms = offset == offsets["arm"]
        number = Mux(arms, asked.data[SHORT_TASK_BITS:], asked.data[:16])
        m.d.comb += [
            asked.eq(value),
            *(port.ready.eq(arbiter.grant[n]) for n, port in enumerate(self.access)),
            self.queue.kind.eq(Kind.ERROR),
            self.queue.context.eq(asked.context),
            self.queue.queue.eq(asked.queue),
            self.queue.task.eq(asked.data),
            self.queue.source.eq(self.port),
            self.record.op.eq(Mux(arms, RecordOp.ARM, RecordOp.SEND)),
            self.record.record.eq(number),
            self.record.context.eq(asked.context),
            self.record.queue.eq(asked.queue),
            self.record.data.eq(asked.data),
        ]
        with m.If(arms):
            m.d.comb += self.record.data[SHORT_TASK_BITS:].eq(
                asked.data[SHORT_TASK_BITS - 1].replicate(64 - SHORT_TASK_BITS))

        def refuse(error: Error) -> None:
            m.d.comb += [self.queue_op.eq(goes), self.queue.task.eq(error)]
            with m.If(asked.write):  # no port waits for it
                m.d.comb += self.queue.source.eq(params.ports)

        kinds = {
            (offsets["enqueue"], 1): Kind.ENQUEUE, (offsets["dequeue"], 0): Kind.DEQUEUE,
            (offsets["error"], 0): Kind.READ_ERROR, (offsets["length"], 0): Kind.LENGTH,
        }
        allowed = Cat((offset == at) & (asked.write == write) for at, write in kinds).any()
        with m.If(asked.paged & ~asked.whole):
            refuse(Error.NOT_PERMITTED)
        with m.Elif(asked.goal == Goal.CONTROL):
            m.d.comb += self.control.eq(goes)
        with m.Elif(asked.goal == Goal.RECORDS):
            with m.If(~asked.write):
                refuse(Error.NOT_PERMITTED)
            with m.Elif(number >= params.channels):
                refuse(Error.NO_SEND)
                with m.If(arms):
                    m.d.comb += self.queue.task.eq(Error.NO_RECEIVE)
            with m.Else():
                m.d.comb += self.record_op.eq(goes)
        with m.Elif(allowed):
            m.d.comb += self.queue_op.eq(goes)
            for (at, write), kind in kinds.items():
                with m.If((offset == at) & (asked.write == write)):
                    m.d.comb += self.queue.kind.eq(kind)
        with m.Else():
            refuse(Error.NOT_PERMITTED)
        return m
