"""The address of the operation in Execute."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from .types import LsuRequest, Place, wild


class Address(wiring.Component):
    """Adds base and offset, and says how the access lies in its dword. Combinational."""

    x: In(LsuRequest)
    place: Out(Place)

    def elaborate(self, platform) -> Module:
        m = Module()
        place, addr = self.place, Signal(64)
        m.d.comb += [
            addr.eq(self.x.base + self.x.offset),
            place.addr.eq(addr),
            place.wild.eq(wild(addr)),
        ]
        with m.Switch(self.x.size):
            with m.Case(1):
                m.d.comb += [place.unaligned.eq(addr[0]), place.crosses.eq(addr[:3] == 7)]
            with m.Case(2):
                m.d.comb += [place.unaligned.eq(addr[:2].any()), place.crosses.eq(addr[:3] > 4)]
            with m.Case(3):
                m.d.comb += [place.unaligned.eq(addr[:3].any()), place.crosses.eq(addr[:3] != 0)]
        return m
