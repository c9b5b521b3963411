"""The supervisor timer (Sstc) and the environment configuration that enables it."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..isa import Csr, Priv
from .access import AccessSignature, read

FIOM = 0
STCE = 63


class Timer(wiring.Component):
    """``stimecmp``, ``menvcfg`` and ``senvcfg``.

    ``due`` is registered, one cycle behind ``time`` and ``stimecmp``. After reset ``stimecmp`` is
    all ones, so that no timer interrupt is pending before one was asked for. FIOM is stored and
    needs no effect, because a FENCE that orders device accesses also orders memory accesses.
    """

    access: In(AccessSignature())
    priv: In(2)
    time: In(64)
    time_enable: In(1)  # mcounteren.TM
    stce: Out(1)
    due: Out(1)

    def elaborate(self, platform) -> Module:
        m = Module()
        access = self.access
        m_fiom, s_fiom = Signal(), Signal()
        stimecmp = Signal(64, init=(1 << 64) - 1)
        m.d.sync += self.due.eq(self.time >= stimecmp)

        read(m, access, {
            Csr.MENVCFG: Cat(m_fiom, C(0, STCE - 1), self.stce),
            Csr.SENVCFG: s_fiom,
            Csr.STIMECMP: stimecmp,
        })
        enabled = (self.priv == Priv.M) | (self.stce & self.time_enable)
        with m.If((access.addr == Csr.STIMECMP) & ~enabled):
            m.d.comb += access.hit.eq(0)
        with m.If(access.write), m.Switch(access.addr):
            with m.Case(Csr.MENVCFG):
                m.d.sync += [
                    m_fiom.eq(access.value[FIOM]),
                    self.stce.eq(access.value[STCE]),
                ]
            with m.Case(Csr.SENVCFG):
                m.d.sync += s_fiom.eq(access.value[FIOM])
            with m.Case(Csr.STIMECMP), m.If(enabled):
                m.d.sync += stimecmp.eq(access.value)
        return m
