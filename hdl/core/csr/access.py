"""The interface of a part of the CSR file to CSR instructions."""

from collections.abc import Mapping

from amaranth import *
from amaranth.hdl import ValueLike
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from .types import CsrOp


class AccessSignature(wiring.Signature):
    """Seen from the CSR file. Every part gets all accesses.

    A part answers combinationally, with zeros unless ``addr`` is one of its own. ``hit`` says that
    the CSR exists and that its own rules permit the access. ``write`` depends only on the general
    rules of privilege, because it must not wait for ``hit``.
    """

    def __init__(self) -> None:
        super().__init__({
            "addr": Out(12),
            "op": Out(CsrOp),
            "wdata": Out(64),  # operand
            "value": Out(64),  # the new value after a write: op applied to the value read
            "write": Out(1),  # the write happens at the end of this cycle
            # The same one cycle later, for state that is not needed before the next instruction is
            # in M. This shortens the path, half of which is reading and modifying the old value.
            "late_addr": Out(12),
            "late_value": Out(64),
            "late_write": Out(1),
            "rdata": In(64),
            "hit": In(1),
        })


def modify(op: Value, old: Value, operand: Value) -> Value:
    """The value after ``op`` on ``old``; undefined for a READ."""
    return Mux(op == CsrOp.SET, old | operand, Mux(op == CsrOp.CLEAR, old & ~operand, operand))


def read(m: Module, access: wiring.PureInterface, values: Mapping[int, ValueLike]) -> None:
    """Answers reads of the CSRs in ``values`` (address: value)."""
    with m.Switch(access.addr):
        for address, value in values.items():
            with m.Case(address):
                m.d.comb += [access.rdata.eq(value), access.hit.eq(1)]
