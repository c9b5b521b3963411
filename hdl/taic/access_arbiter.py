"""Access arbiter: routes the accesses of the ports to the parts that perform them."""

from collections.abc import Iterable
from functools import reduce
from operator import or_

from amaranth import *
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from ..bits import choice
from ..bus.arbiter import RoundRobin
from .codes import Error
from .params import CHANNEL_BITS, PAGE_BITS, SHORT_TASK_BITS, TaicParams
from .port import Target, access_layout
from .registers import queue_registers
from .types import QueueOp, RecordOp, queue_op_layout, record_op_layout

KINDS = {"enqueue": QueueOp.ENQUEUE, "dequeue": QueueOp.DEQUEUE, "error": QueueOp.READ_ERROR,
         "length": QueueOp.LENGTH}


class AccessArbiter(wiring.Component):
    """Grants one access a cycle, to the engine, the records or the control registers.

    A port requests only while the target of its access is ``free``, so that no port waits for the
    target of another. ``free`` must not depend on ``queue_op``, ``record_op`` or ``control``. An
    access that a page does not permit becomes an ERROR operation of the engine. Combinational.
    """

    def __init__(self, params: TaicParams) -> None:
        self.params = params
        super().__init__({
            "access": In(stream.Signature(access_layout(params))).array(params.ports),
            "free": In(len(Target)),  # bit n: target n can accept an access
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
        number_bits = params.channels.bit_length() - 1
        m.submodules.arbiter = arbiter = RoundRobin(params.ports)
        grant = arbiter.grant

        # The target of each access.
        engine, records, control = (Signal(params.ports, name=name)
                                    for name in ("engine", "records", "control"))
        permitted = Signal(params.ports)  # by the page, of accesses to the engine
        for n, port in enumerate(self.access):
            p = port.p
            number = Mux(self._arms(p), p.data[SHORT_TASK_BITS + number_bits:],
                         p.data[number_bits:CHANNEL_BITS])
            m.d.comb += [
                permitted[n].eq((p.target == Target.ENGINE) & p.whole
                                & (p.write == self._is(p, "enqueue", KINDS))),
                records[n].eq((p.target == Target.RECORDS) & p.whole & p.write & ~number.any()),
                control[n].eq((p.target == Target.CONTROL) & (p.whole | ~p.paged)),
                engine[n].eq(~records[n] & ~control[n]),
                arbiter.requests[n].eq(port.valid & (
                    engine[n] & self.free[Target.ENGINE.value]
                    | records[n] & self.free[Target.RECORDS.value]
                    | control[n] & self.free[Target.CONTROL.value])),
                port.ready.eq(grant[n]),
            ]
        m.d.comb += [
            arbiter.served.eq(1),
            self.queue_op.eq((grant & engine).any()),
            self.record_op.eq((grant & records).any()),
            self.control.eq((grant & control).any()),
            self.port.eq(choice((one, n) for n, one in enumerate(grant))),
            asked.eq(choice((grant[n], port.p) for n, port in enumerate(self.access))),
        ]

        arms = self._arms(asked)
        m.d.comb += [
            self.record.op.eq(Mux(arms, RecordOp.ARM, RecordOp.SEND)),
            self.record.record.eq(Mux(
                arms, asked.data[SHORT_TASK_BITS:][:number_bits], asked.data[:number_bits])),
            self.record.context.eq(asked.context),
            self.record.queue.eq(asked.queue),
            self.record.data.eq(asked.data[:SHORT_TASK_BITS].as_signed()),
            self.queue.kind.eq(QueueOp.ERROR),
            self.queue.context.eq(asked.context),
            self.queue.queue.eq(asked.queue),
            self.queue.task.eq(asked.data),
            self.queue.source.eq(self.port),
        ]
        with m.If((grant & permitted).any()):
            m.d.comb += self.queue.kind.eq(
                choice((self._is(asked, name, KINDS), kind) for name, kind in KINDS.items()))
        with m.Else():
            numbered = (asked.target == Target.RECORDS) & asked.whole & asked.write
            error = Mux(numbered, Mux(arms, Error.NO_RECEIVE, Error.NO_SEND), Error.NOT_PERMITTED)
            m.d.comb += self.queue.task[:len(error)].eq(error)
            with m.If(asked.write):  # no port waits for the answer
                m.d.comb += self.queue.source.eq(params.ports)
        return m

    def _arms(self, access) -> Value:
        return self._is(access, "arm", ("arm", "send"))

    def _is(self, access, name: str, names: Iterable[str]) -> Value:
        """The access is to register ``name``. Its offset must be that of one of ``names``."""
        offsets = {entry.name: entry.offset for entry in queue_registers(self.params)}
        differ = reduce(or_, (offsets[name] ^ offsets[other] for other in names))
        return (access.addr[:PAGE_BITS] & differ) == (offsets[name] & differ)
