"""Proofs about the multiplexer of a hart's memory ports."""

from amaranth import *
from amaranth.hdl import Assert, Assume, Cover
from amaranth.lib import wiring
from amaranth.lib.wiring import connect, flipped

from hdl.bus.coherent import MemSource
from hdl.core.memory_mux import MemoryMux
from hdl.core.params import configuration
from tests.support.formal import prove


class MuxSpec(wiring.Component):
    """One initiator at a time gets through, in order of priority. Its request stays stable."""

    def __init__(self, dut: MemoryMux) -> None:
        self.dut = dut
        super().__init__(dut.signature)

    def elaborate(self, platform) -> Module:
        m = Module()
        m.submodules.dut = dut = self.dut
        connect(m, flipped(self), dut)
        m.d.comb += Assume(~ResetSignal())

        mem = dut.mem
        ports = {MemSource.DATA: dut.data, MemSource.WALKER: dut.walker, MemSource.FETCH: dut.fetch}
        for port in (*ports.values(), mem):
            request, waited = port.request, Signal()
            m.d.sync += waited.eq(request.valid & ~request.ready)
            # Operands have a meaning only in requests of ``data``.
            free = C(port is not dut.data)
            if port is mem:
                free = mem.request.p.source != MemSource.DATA
            stays = request.valid & self._kept(m, request.p.op, request.p.addr) & (
                free | self._kept(m, request.p.data, request.p.mask, request.p.amo))
            if port is mem:
                m.d.comb += Assert(~waited | (stays & self._kept(m, request.p.source)))
                mem_waited = waited
            else:
                m.d.comb += Assume(~waited | stays)

        transfers = {
            source: port.request.valid & port.request.ready for source, port in ports.items()
        }
        m.d.comb += Assert(
            sum(transfers.values()) == (mem.request.valid & mem.request.ready))
        for source, port in ports.items():
            with m.If(transfers[source]):
                m.d.comb += [
                    Assert(mem.request.p.source == source),
                    Assert(mem.request.p.op == port.request.p.op),
                    Assert(mem.request.p.addr == port.request.p.addr),
                ]
            m.d.comb += [
                Assert(port.response.valid == (
                    mem.response.valid & (mem.response.p.source == source))),
                Assert(~port.response.valid | (port.response.p == mem.response.p)),
            ]
        with m.If(transfers[MemSource.DATA]):
            m.d.comb += Assert(mem.request.p.data == dut.data.request.p.data)
        with m.If(~mem_waited):
            with m.If(dut.data.request.valid):
                m.d.comb += Assert(mem.request.p.source == MemSource.DATA)
            with m.Elif(dut.walker.request.valid):
                m.d.comb += Assert(mem.request.p.source == MemSource.WALKER)
        m.d.comb += [
            Assert(dut.data.write_done == mem.write_done),
            Assert(dut.data.invalidate.valid == mem.invalidate.valid),
            Assert(dut.data.invalidate.line == mem.invalidate.line),
        ]
        m.d.comb += [
            Cover(mem_waited & transfers[MemSource.FETCH] & dut.data.request.valid),
            Cover(transfers[MemSource.WALKER] & dut.fetch.request.valid),
        ]
        return m

    @staticmethod
    def _kept(m: Module, *values: Value) -> Value:
        """High if the values equal those of the previous cycle."""
        now = Cat(*values)
        before = Signal.like(now)
        m.d.sync += before.eq(now)
        return now == before


def test_memory_mux():
    prove(MuxSpec(MemoryMux(configuration("tiny"))), "memory_mux", depth=4, mode="prove")
