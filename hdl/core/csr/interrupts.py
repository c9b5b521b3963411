"""Interrupt enables, pending bits, their delegation, and the selection of an interrupt."""

from functools import reduce
from operator import or_

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..isa import Csr, Irq, Priv
from .access import AccessSignature, modify, read
from .types import IrqLines


def mask(*causes: Irq) -> int:
    return reduce(or_, (1 << cause for cause in causes), 0)


USER = mask(Irq.USI, Irq.UTI, Irq.UEI)
SUPERVISOR = mask(Irq.SSI, Irq.STI, Irq.SEI)
MACHINE = mask(Irq.MSI, Irq.MTI, Irq.MEI)
ORDER = (
    Irq.MEI, Irq.MSI, Irq.MTI, Irq.SEI, Irq.SSI, Irq.STI, Irq.UEI, Irq.USI, Irq.UTI,
)


class Interrupts(wiring.Component):
    """``mie``, ``mip``, ``mideleg``, ``sideleg`` and their views.

    A pending bit is its line OR its latch. Software writes, and CSRRS and CSRRC modify, the latch
    alone, so that a line is never copied into it. ``sie`` and ``sip`` show the interrupts that
    ``mideleg`` delegates; ``uie`` and ``uip`` those that ``mideleg`` and ``sideleg`` delegate.

    ``delegating`` says that S-mode has delegated something to U-mode: ``sideleg`` is not 0.

    The outputs ``irq*`` and ``wake``, and ``seen``, which shows the lines behind them, are
    registered, one cycle behind state and lines. Interrupts for M-mode have priority over those for
    S-mode, and these over user interrupts.
    """

    access: In(AccessSignature())
    lines: In(IrqLines)
    stce: In(1)  # STIP is ``timer``; otherwise a latch
    timer: In(1)
    priv: In(2)
    mie: In(1)  # enables of mstatus
    sie: In(1)
    uie: In(1)
    delegating: Out(1)
    irq: Out(1)
    irq_cause: Out(6)
    irq_priv: Out(2)  # privilege that takes it
    wake: Out(1)
    seen: Out(12)  # lines, with ``timer`` as the line of STI

    def elaborate(self, platform) -> Module:
        m = Module()
        access = self.access
        enable = Signal(12)
        latch = Signal(12)
        mideleg = Signal(12)
        sideleg = Signal(12)
        to_u = mideleg & sideleg
        m.d.comb += self.delegating.eq(sideleg.any())

        pending = Signal(12)
        line = Signal(12)
        m.d.comb += [
            line[Irq.MSI].eq(self.lines.msip),
            line[Irq.MTI].eq(self.lines.mtip),
            line[Irq.MEI].eq(self.lines.meip),
            line[Irq.SEI].eq(self.lines.seip),
            line[Irq.SSI].eq(self.lines.ssip),
            line[Irq.USI].eq(self.lines.usip),
            line[Irq.UEI].eq(self.lines.ueip),
            pending.eq(line | latch),
        ]
        with m.If(self.stce):
            m.d.comb += pending[Irq.STI].eq(self.timer)

        read(m, access, {
            Csr.MIE: enable,
            Csr.SIE: enable & mideleg,
            Csr.UIE: enable & to_u,
            Csr.MIP: pending,
            Csr.SIP: pending & mideleg,
            Csr.UIP: pending & to_u,
            Csr.MIDELEG: mideleg,
            Csr.SIDELEG: sideleg,
        })
        enable_mask = Signal(12)
        latch_mask = Signal(12)
        with m.If(access.write), m.Switch(access.addr):
            with m.Case(Csr.MIE):
                m.d.comb += enable_mask.eq(MACHINE | SUPERVISOR | USER)
            with m.Case(Csr.SIE):
                m.d.comb += enable_mask.eq(mideleg)
            with m.Case(Csr.UIE):
                m.d.comb += enable_mask.eq(to_u)
            with m.Case(Csr.MIP):
                m.d.comb += latch_mask.eq(
                    mask(Irq.SSI, Irq.SEI) | USER | Mux(self.stce, 0, mask(Irq.STI))
                )
            with m.Case(Csr.SIP):
                m.d.comb += latch_mask.eq(mideleg & (mask(Irq.SSI) | USER))
            with m.Case(Csr.UIP):
                m.d.comb += latch_mask.eq(to_u & mask(Irq.USI))
            with m.Case(Csr.MIDELEG):
                m.d.sync += mideleg.eq(access.value & (SUPERVISOR | USER))
            with m.Case(Csr.SIDELEG):
                m.d.sync += sideleg.eq(access.value & USER)
        latched = modify(access.op, latch, access.wdata[:12])
        m.d.sync += [
            enable.eq((enable & ~enable_mask) | (access.value & enable_mask)),
            latch.eq((latch & ~latch_mask) | (latched & latch_mask)),
        ]

        ready = Signal(12)
        for_m = Signal(12)
        for_s = Signal(12)
        for_u = Signal(12)
        m.d.comb += ready.eq(pending & enable)
        with m.If((self.priv != Priv.M) | self.mie):
            m.d.comb += for_m.eq(ready & ~mideleg)
        with m.If((self.priv == Priv.U) | ((self.priv == Priv.S) & self.sie)):
            m.d.comb += for_s.eq(ready & mideleg & ~sideleg)
        with m.If((self.priv == Priv.U) & self.uie):
            m.d.comb += for_u.eq(ready & to_u)

        chosen, chosen_priv = Signal(12), Signal(2)
        cause = Signal(6)
        with m.If(for_m.any()):
            m.d.comb += [chosen.eq(for_m), chosen_priv.eq(Priv.M)]
        with m.Elif(for_s.any()):
            m.d.comb += [chosen.eq(for_s), chosen_priv.eq(Priv.S)]
        with m.Else():
            m.d.comb += [chosen.eq(for_u), chosen_priv.eq(Priv.U)]
        for irq in reversed(ORDER):
            with m.If(chosen[irq]):
                m.d.comb += cause.eq(irq)
        m.d.sync += [
            self.irq.eq(chosen.any()),
            self.irq_cause.eq(cause),
            self.irq_priv.eq(chosen_priv),
            self.wake.eq(ready.any()),
            self.seen.eq(line | ((self.stce & self.timer) << Irq.STI)),
        ]
        return m
