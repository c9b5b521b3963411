"""LR/SC reservations, one for each port."""

from functools import reduce
from operator import or_

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from hdl.cache.l2_params import L2Params


class Reservations(wiring.Component):
    """Stores the line that each port has reserved, by its set and way.

    The strobes refer to the line in ``set`` and ``way`` and act at the end of the cycle. At most
    one of ``reserve``, ``write`` and ``evict`` is high. ``release`` may come with ``write`` (a
    successful SC) or alone (a refused one). ``held`` and ``pinned`` are combinational; ``losers``
    changes with ``release``.
    """

    def __init__(self, params: L2Params) -> None:
        self.params = params
        super().__init__({
            "port": In(params.ports),  # one-hot: the port of the access
            "set": In(params.set_bits),
            "way": In(params.way_bits),
            "reserve": In(1),  # the port reserves the line
            "write": In(1),  # the port writes the line: ends the reservations of other ports
            "release": In(1),  # ends the port's own reservation, of any line
            "evict": In(1),  # the line is evicted: ends all reservations of it
            "held": Out(1),  # the port has reserved the line
            "pinned": Out(params.ways),  # ways of the set that hold a reserved line
            "losers": Out(params.ports),  # the ports that lost their last SC
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        params = self.params
        same_line, pins = [], []
        for port in range(params.ports):
            valid = Signal(name=f"valid_{port}")
            at_set = Signal(params.set_bits, name=f"set_{port}", reset_less=True)
            at_way = Signal(params.way_bits, name=f"way_{port}", reset_less=True)
            same_set = Signal(name=f"same_set_{port}")
            same = Signal(name=f"same_{port}")
            mine = self.port[port]
            m.d.comb += [
                same_set.eq(valid & (at_set == self.set)),
                same.eq(same_set & (at_way == self.way)),
            ]
            with m.If(self.reserve & mine):
                m.d.sync += [valid.eq(1), at_set.eq(self.set), at_way.eq(self.way)]
            with m.Elif((self.release & mine) | (same & (self.evict | (self.write & ~mine)))):
                m.d.sync += valid.eq(0)
            with m.If(self.release & mine):
                m.d.sync += self.losers[port].eq(~self.write)
            same_line.append(same & mine)
            pins.append(Cat(same_set & (at_way == way) for way in range(params.ways)))
        m.d.comb += self.held.eq(Cat(same_line).any())
        m.d.comb += self.pinned.eq(reduce(or_, pins))
        return m
