"""A private path from one hart to one device, beside the crossbar."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from .mmio import MmioSignature
from .mmio_xbar import Window


class MmioSplit(wiring.Component):
    """Routes accesses within ``window`` to ``direct``, and all others to ``others``.

    Requests and responses pass combinationally, and either target may answer a read in the cycle of
    its acceptance. ``direct`` sees addresses relative to the window. While a read is outstanding,
    neither target sees a request. So accesses to both take effect in the order of acceptance.
    """

    def __init__(self, *, window: Window, addr_bits: int) -> None:
        self.window = window
        super().__init__({
            "initiator": In(MmioSignature(addr_bits)),
            "direct": Out(MmioSignature(window.addr_bits)),
            "others": Out(MmioSignature(addr_bits)),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        request, response = self.initiator.request, self.initiator.response
        inside, outstanding = Signal(), Signal()
        # The outstanding read goes to ``direct``: in this cycle; if accepted in an earlier one.
        of_direct, asked_direct = Signal(), Signal()
        m.d.comb += [
            inside.eq(request.p.addr[self.window.addr_bits:]
                      == self.window.base >> self.window.addr_bits),
            of_direct.eq(Mux(outstanding, asked_direct, inside)),
            request.ready.eq(~outstanding & Mux(
                inside, self.direct.request.ready, self.others.request.ready)),
            response.valid.eq(self.direct.response.valid | self.others.response.valid),
            response.p.eq(Mux(of_direct, self.direct.response.p, self.others.response.p)),
        ]
        for side, wanted in ((self.direct, inside), (self.others, ~inside)):
            m.d.comb += side.request.valid.eq(request.valid & ~outstanding & wanted)
            m.d.comb += [side.request.p[name].eq(request.p[name])
                         for name, _ in side.request.p.shape()]
        read = request.valid & request.ready & ~request.p.write
        m.d.sync += outstanding.eq((outstanding | read) & ~response.valid)
        with m.If(~outstanding):
            m.d.sync += asked_direct.eq(inside)
        return m
