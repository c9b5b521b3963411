"""The delegation of exceptions to S-mode."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..isa import Cause, Csr
from .access import AccessSignature, read

DELEGABLE = sum(1 << cause for cause in Cause if cause != Cause.ECALL_M)


class Delegation(wiring.Component):
    """``medeleg``. An ECALL from M-mode cannot be delegated."""

    access: In(AccessSignature())
    to_s: Out(16)

    def elaborate(self, platform) -> Module:
        m = Module()
        read(m, self.access, {Csr.MEDELEG: self.to_s})
        with m.If(self.access.write & (self.access.addr == Csr.MEDELEG)):
            m.d.sync += self.to_s.eq(self.access.value & DELEGABLE)
        return m
