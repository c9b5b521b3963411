"""Victim selection: the way that a new line replaces."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from hdl.cache.l2_params import L2Params


class VictimChooser(wiring.Component):
    """Selects an empty way if there is one, else a pseudo-random way without a reserved line.

    A way with a reserved line is selected only if there is no other, so the misses of one hart
    cannot end the LR/SC loop of another. ``way`` is combinational; ``step`` draws the next random
    number.
    """

    def __init__(self, params: L2Params) -> None:
        self.params = params
        super().__init__({
            "valid": In(params.ways),
            "pinned": In(params.ways),
            "step": In(1),
            "way": Out(params.way_bits),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        ways = self.params.ways
        random = Signal(7, init=1)  # LFSR with period 127
        with m.If(self.step):
            m.d.sync += random.eq(Cat(random[6] ^ random[5], random[:6]))

        empty = ~self.valid
        candidates = Signal(ways)
        m.d.comb += candidates.eq(Mux(empty.any(), empty, ~self.pinned))
        start = random[:self.params.way_bits]
        m.d.comb += self.way.eq(start)
        with m.Switch(start):
            for first in range(ways):
                with m.Case(first):
                    for distance in reversed(range(ways)):
                        way = (first + distance) % ways
                        with m.If(candidates[way]):
                            m.d.comb += self.way.eq(way)
        return m
