"""CSRs without further effect."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In

from ..isa import Csr, Priv
from .access import AccessSignature

UTVAL_INDEX = 4  # of the row with utval; the rows of the other modes follow by their numbers


class Storage(wiring.Component):
    """``xscratch`` and ``xtval`` of all modes, in distributed RAM.

    CSRs are written late. A trap writes ``tval`` of the mode that takes it. No CSR instruction is
    in that cycle or the one before.
    """

    access: In(AccessSignature())
    trap: In(1)
    trap_priv: In(2)
    trap_tval: In(64)

    def elaborate(self, platform) -> Module:
        m = Module()
        m.submodules.memory = memory = Memory(shape=64, depth=8, init=[])
        read_port = memory.read_port(domain="comb")
        write_port = memory.write_port()
        access = self.access

        m.d.comb += read_port.addr.eq(self._address(access.addr))
        own = [mode << 8 | csr for mode in Priv for csr in (Csr.USCRATCH, Csr.UTVAL)]
        with m.Switch(access.addr), m.Case(*own):
            m.d.comb += [
                access.hit.eq(1),
                access.rdata.eq(read_port.data),
            ]
        with m.Switch(access.late_addr), m.Case(*own):
            m.d.comb += write_port.en.eq(access.late_write)
        m.d.comb += [
            write_port.addr.eq(self._address(access.late_addr)),
            write_port.data.eq(access.late_value),
        ]
        with m.If(self.trap):
            m.d.comb += [
                write_port.en.eq(1),
                write_port.addr.eq(Cat(self.trap_priv, C(UTVAL_INDEX >> 2, 1))),
                write_port.data.eq(self.trap_tval),
            ]
        return m

    @staticmethod
    def _address(csr: Value) -> Value:
        """The index of ``xscratch`` or ``xtval``; their addresses end in 0b00 and 0b11."""
        return Cat(csr[8:10], csr[1])
