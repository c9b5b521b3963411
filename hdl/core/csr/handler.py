"""Trap handler address, trap origin and cause of a privilege mode."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..isa import Csr, Priv
from ..params import PC_BITS
from .access import AccessSignature, read

VECTOR_ALIGNMENT = 6  # binary logarithm of the alignment of a vector table in bytes


def held_address(value: Value) -> Value:
    """The ``PC_BITS`` of an address that are stored; a non-canonical address stays so."""
    upper = value[PC_BITS - 1:]
    fits = ~upper.any() | upper.all()
    return Cat(value[:PC_BITS - 1], Mux(fits, value[PC_BITS - 1], ~value[PC_BITS - 2]))


class Handler(wiring.Component):
    """``xtvec``, ``xepc`` and ``xcause`` of the mode ``mode``.

    ``pc`` is the address of the handler for ``interrupt``/``cause``, combinationally. ``take``
    records these and ``pc_from`` at the end of the cycle. Vectored mode aligns the base to 64
    bytes. CSRs are written late. The three handlers get the same ``trap``, so that they share a
    multiplexer.
    """

    def __init__(self, mode: Priv) -> None:
        self.base = mode << 8
        super().__init__({
            "access": In(AccessSignature()),
            "trap": In(1),  # a trap is taken in any mode
            "take": In(1),  # it is taken in this mode
            "interrupt": In(1),
            "cause": In(6),
            "pc_from": In(PC_BITS),
            "pc": Out(PC_BITS),
            "epc": Out(PC_BITS),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        access = self.access
        vectored = Signal()
        base = Signal(PC_BITS - 2)
        epc = Signal(PC_BITS - 1, reset_less=True)
        interrupt = Signal()
        code = Signal(6)
        m.d.comb += [
            self.epc.eq(Cat(C(0, 1), epc)),
            self.pc.eq(Cat(C(0, 2), base)),
        ]
        with m.If(vectored & self.interrupt):
            m.d.comb += self.pc[2:VECTOR_ALIGNMENT].eq(self.cause)

        tvec = self.base | Csr.UTVEC
        epc_address = self.base | Csr.UEPC
        cause_address = self.base | Csr.UCAUSE
        read(m, access, {
            tvec: Cat(vectored, C(0, 1), base).as_signed(),
            epc_address: self.epc.as_signed(),
            cause_address: Cat(code, C(0, 57), interrupt),
        })
        value = access.late_value
        address = Signal(PC_BITS)
        m.d.comb += address.eq(held_address(value))
        with m.If(access.late_write & (access.late_addr == tvec)):
            m.d.sync += [vectored.eq(value[0]), base.eq(address[2:])]
            with m.If(value[0]):
                m.d.sync += base[:VECTOR_ALIGNMENT - 2].eq(0)
        with m.If(self.take | (access.late_write & (access.late_addr == epc_address))):
            m.d.sync += epc.eq(Mux(self.trap, self.pc_from, address)[1:])
        with m.If(self.take | (access.late_write & (access.late_addr == cause_address))):
            m.d.sync += [
                interrupt.eq(Mux(self.trap, self.interrupt, value[63])),
                code.eq(Mux(self.trap, self.cause, value)),
            ]
        return m
