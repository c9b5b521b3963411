"""Round-robin arbiter."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out


class RoundRobin(wiring.Component):
    """Grants one of ``count`` requesters. Combinational.

    The search starts after the requester that was served last, so each requester waits for at most
    ``count - 1`` others. A grant that is not ``served`` is kept in the next cycle, regardless of
    other requests, so the logic behind the arbiter sees a stable request.
    """

    def __init__(self, count: int) -> None:
        if count < 1:
            raise ValueError(f"an arbiter needs at least 1 requester, not {count!r}")
        self.count = count
        super().__init__({
            "requests": In(count),
            "served": In(1),  # the granted request is done at the end of this cycle
            "grant": Out(count),  # one-hot; 0 without requests
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        if self.count == 1:
            m.d.comb += self.grant.eq(self.requests)
            return m
        last = Signal(self.count, init=1 << (self.count - 1))  # one-hot
        held = Signal()  # the grant of ``last`` is not served yet

        after = Signal(self.count)  # requests of higher index than ``last``
        m.d.comb += after.eq(self.requests & ~(last | (last - 1)))
        chosen = Mux(after.any(), after, self.requests)
        with m.If(held):
            m.d.comb += self.grant.eq(last & self.requests)
        with m.Else():
            m.d.comb += self.grant.eq(chosen & -chosen)
        with m.If(self.requests.any()):
            m.d.sync += [last.eq(self.grant), held.eq(~self.served)]
        return m
