"""The interrupt line of one hart."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out


class HartLine(wiring.Component):
    """Counts the receivers that interrupt one hart; ``line`` is high while there is any.

    ``before`` and ``after`` tell whether the entry that an operation of this cycle touches is one
    of them, before and after it. ``count`` and ``line`` are flip-flops that change together, at
    the end of that cycle. Both inputs low, or both high, change nothing.
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
        # ``before`` is known early; were it to be ``changes & before``, the carry would wait.
        with m.If(changes):
            m.d.sync += [
                self.count.eq(self.count + Cat(C(1, 1), self.before.replicate(len(self.count)))),
                self.line.eq(self.after | (self.count != 1)),
            ]
        return m
