"""Whether a translation allows a memory access."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..isa import Priv
from ..mmu.translation import Context, Mode, tlb_entry_layout
from ..params import HartParams
from .types import LsuOp


class Rights(wiring.Component):
    """Checks an access against its TLB entry.

    ``context`` is registered here, so it must not have changed since the cycle before. The rest is
    combinational. ``page_fault`` has priority over ``access_fault``. ``unaligned`` says that the
    access is not naturally aligned. Devices support neither unaligned accesses nor atomics.
    """

    def __init__(self, params: HartParams) -> None:
        self.params = params
        super().__init__({
            "context": In(Context),
            "op": In(LsuOp),
            "unaligned": In(1),
            "entry": In(tlb_entry_layout(params)),
            "page_fault": Out(1),
            "access_fault": Out(1),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        context, entry = self.context, self.entry
        user_pages, supervisor_pages, executable = Signal(), Signal(), Signal()
        bare = context.mode != Mode.SV39
        m.d.sync += [
            user_pages.eq(bare | (context.priv == Priv.U) | context.sum),
            supervisor_pages.eq(bare | (context.priv != Priv.U)),
            executable.eq(context.mxr),
        ]
        writes, atomic = Signal(), Signal()
        m.d.comb += [
            writes.eq((self.op != LsuOp.LOAD) & (self.op != LsuOp.LR)),
            atomic.eq((self.op != LsuOp.LOAD) & (self.op != LsuOp.STORE)),
            self.page_fault.eq(
                ~Mux(entry.u, user_pages, supervisor_pages)
                | ~Mux(writes, entry.w, entry.r | (executable & entry.x))),
            self.access_fault.eq(
                ~Mux(writes, entry.acc_w, entry.acc_r) | (entry.io & (atomic | self.unaligned))),
        ]
        return m
