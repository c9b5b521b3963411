"""Merges the memory ports of a hart's units into one."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..bus.coherent import MemoryPortSignature, MemSource
from .params import HartParams


class MemoryMux(wiring.Component):
    """One memory port for load/store unit, table walker and instruction fetch.

    Combinational in both directions. ``data`` has priority over ``walker``, and ``walker`` over
    ``fetch``. A request that was offered to ``mem`` stays offered until it is accepted. ``source``
    is set here and routes the responses. Only ``data`` may write: write operands always come from
    it, and ``write_done`` and ``invalidate`` go to it alone.
    """

    def __init__(self, params: HartParams) -> None:
        port = MemoryPortSignature(params.paddr_bits, params.line_bytes)
        super().__init__({
            "data": In(port),
            "walker": In(port),
            "fetch": In(port),
            "mem": Out(port),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        mem = self.mem
        initiators = {
            MemSource.DATA: self.data,
            MemSource.WALKER: self.walker,
            MemSource.FETCH: self.fetch,
        }

        offered = Signal()  # the request of ``owner`` was offered in the cycle before
        owner = Signal(MemSource)
        granted = Signal(MemSource)
        with m.If(offered):
            m.d.comb += granted.eq(owner)
        with m.Elif(self.data.request.valid):
            m.d.comb += granted.eq(MemSource.DATA)
        with m.Elif(self.walker.request.valid):
            m.d.comb += granted.eq(MemSource.WALKER)
        with m.Else():
            m.d.comb += granted.eq(MemSource.FETCH)
        m.d.sync += [
            owner.eq(granted),
            offered.eq(mem.request.valid & ~mem.request.ready),
        ]

        for source, initiator in initiators.items():
            with m.If(granted == source):
                m.d.comb += [
                    mem.request.valid.eq(initiator.request.valid),
                    mem.request.p.op.eq(initiator.request.p.op),
                    mem.request.p.source.eq(source),
                    mem.request.p.addr.eq(initiator.request.p.addr),
                    initiator.request.ready.eq(mem.request.ready),
                ]
            m.d.comb += [
                initiator.response.valid.eq(mem.response.valid & (mem.response.p.source == source)),
                initiator.response.p.eq(mem.response.p),
            ]
        m.d.comb += [
            mem.request.p.amo.eq(self.data.request.p.amo),
            mem.request.p.data.eq(self.data.request.p.data),
            mem.request.p.mask.eq(self.data.request.p.mask),
            self.data.write_done.eq(mem.write_done),
            self.data.invalidate.valid.eq(mem.invalidate.valid),
            self.data.invalidate.line.eq(mem.invalidate.line),
        ]
        return m
