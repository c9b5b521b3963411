"""How a part of the CSR file sees a CSR instruction."""

from collections.abc import Mapping

from amaranth import *
from amaranth.hdl import ValueLike
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..csr_types import CsrOp


class AccessSignature(wiring.Signature):
    """Seen from the CSR file; every part gets all of it.

    A part answers combinationally, with zeros unless ``addr`` is one of its own. ``hit`` says that
    the CSR exists and that nothing beyond the general rules of privilege forbids the access; in
    ``write`` only those rules are observed, for it must not wait for ``hit``.
    """

    def __init__(self) -> None:
        super().__init__({
            "addr": Out(12),
            "op": Out(CsrOp),
            "wdata": Out(64),  # operand
            "value": Out(64),  # what a write leaves there: op applied to the value read
            "write": Out(1),  # the write happens at the end of this cycle
            # The same one cycle late, for state that nothing needs before the next instruction is
            # in M: half of what makes a write slow is reading and modifying what was there.
            "late_addr": Out(12),
            "late_value": Out(64),
            "late_write": Out(1),
            "rdata": In(64),
            "hit": In(1),
        })


def modify(op: Value, old: Value, operand: Value) -> Value:
    """What ``op`` makes of ``old`` (for a READ: nothing useful)."""
    return Mux(op == CsrOp.SET, old | operand, Mux(op == CsrOp.CLEAR, old & ~operand, operand))


def read(m: Module, access: wiring.PureInterface, values: Mapping[int, ValueLike]) -> None:
    """Answers reads of the CSRs in ``values`` (address: what is read)."""
    with m.Switch(access.addr):
        for address, value in values.items():
            with m.Case(address):
                m.d.comb += [access.rdata.eq(value), access.hit.eq(1)]
