"""From the ports to the parts that perform accesses."""

from collections.abc import Iterable
from functools import reduce
from operator import or_

from amaranth import *
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from ..bus.arbiter import RoundRobin
from .bits import choice
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
        goes = arbiter.requests.any()
        offset = asked.addr[:PAGE_BITS]
        m.d.comb += [
            asked.eq(choice((arbiter.grant[n], port.p) for n, port in enumerate(self.access))),
            self.port.eq(choice((grant, n) for n, grant in enumerate(arbiter.grant))),
            *(port.ready.eq(arbiter.grant[n]) for n, port in enumerate(self.access)),
        ]

        # Only few registers remain to be told apart.
        kinds = {"enqueue": Kind.ENQUEUE, "dequeue": Kind.DEQUEUE, "error": Kind.READ_ERROR,
                 "length": Kind.LENGTH}
        here = {name: self._is(offset, name, kinds) for name in kinds}
        arms, named, selected = Signal(), asked.data[SHORT_TASK_BITS:], asked.data[:16]
        to_control, permitted, numbered, exists = Signal(), Signal(), Signal(), Signal()
        number_bits = params.channels.bit_length() - 1
        m.d.comb += [
            arms.eq(self._is(offset, "arm", ("arm", "send"))),
            exists.eq(~Mux(arms, named[number_bits:].any(), selected[number_bits:].any())),
            to_control.eq((asked.goal == Goal.CONTROL) & (asked.whole | ~asked.paged)),
            permitted.eq((asked.goal == Goal.ENGINE) & asked.whole
                         & (asked.write == here["enqueue"])),
            numbered.eq((asked.goal == Goal.RECORDS) & asked.whole & asked.write),
            self.control.eq(goes & to_control),
            self.record_op.eq(goes & numbered & exists),
            self.queue_op.eq(goes & ~to_control & ~(numbered & exists)),
            self.record.op.eq(Mux(arms, RecordOp.ARM, RecordOp.SEND)),
            self.record.record.eq(Mux(arms, named[:number_bits], selected[:number_bits])),
            self.record.context.eq(asked.context),
            self.record.queue.eq(asked.queue),
            self.record.data.eq(asked.data[:SHORT_TASK_BITS].as_signed()),
            self.queue.kind.eq(Kind.ERROR),
            self.queue.context.eq(asked.context),
            self.queue.queue.eq(asked.queue),
            self.queue.task.eq(asked.data),
            self.queue.source.eq(self.port),
        ]
        with m.If(permitted):
            m.d.comb += self.queue.kind.eq(choice((here[name], kinds[name]) for name in kinds))
        with m.Else():
            error = Mux(numbered, Mux(arms, Error.NO_RECEIVE, Error.NO_SEND), Error.NOT_PERMITTED)
            m.d.comb += self.queue.task[:len(error)].eq(error)
            with m.If(asked.write):  # no port waits for it
                m.d.comb += self.queue.source.eq(params.ports)
        return m

    def _is(self, offset: Value, name: str, names: Iterable[str]) -> Value:
        """The register at ``offset``, which is one of ``names``, is ``name``."""
        offsets = {entry.name: entry.offset for entry in queue_registers(self.params)}
        differ = reduce(or_, (offsets[name] ^ offsets[other] for other in names))
        return (offset & differ) == (offsets[name] & differ)
