"""The interrupt line of one hart."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out


class HartLine(wiring.Component):
    """Counts the receivers that interrupt one hart; ``line`` is high while the count is not 0.

    ``before`` and ``after`` say whether the entry of this cycle's operation interrupts the hart
    before and after the operation. ``count`` and ``line`` are flip-flops and change together, at
    the end of the cycle. They do not change if both inputs are equal.
    """

    def __init__(self, *, receivers: int) -> None:
        super().__init__({
            "before": In(1),
            "after": In(1),
            "count": Out(range(receivers + 1)),
            "line": Out(1),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        changes = Signal()
        m.d.comb += changes.eq(self.before ^ self.after)
        # ``before`` is known early. With ``changes & before`` the carry would come late.
        with m.If(changes):
            m.d.sync += [
                self.count.eq(self.count + Cat(C(1, 1), self.before.replicate(len(self.count)))),
                self.line.eq(self.after | (self.count != 1)),
            ]
        return m
