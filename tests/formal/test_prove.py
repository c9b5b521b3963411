"""A proof without content fails, and so does a false proof."""

import pytest
from amaranth import *
from amaranth.hdl import Assert, Cover
from amaranth.lib import wiring
from amaranth.lib.wiring import Out

from tests.support.formal import prove


class CounterSpec(wiring.Component):
    """Claims that a counter never reaches ``limit``. The claim fails after ``limit`` cycles."""

    count: Out(4)

    def __init__(self, limit: int | None, goal: int | None) -> None:
        self.limit, self.goal = limit, goal
        super().__init__()

    def elaborate(self, platform) -> Module:
        m = Module()
        m.d.sync += self.count.eq(self.count + 1)
        if self.limit is not None:
            m.d.comb += Assert(self.count < self.limit)
        if self.goal is not None:
            m.d.comb += Cover(self.count == self.goal)
        return m


@pytest.mark.parametrize("limit,goal,reason", [
    (4, 2, "check of"),  # the assertion fails
    (None, 2, "check of"),  # nothing is asserted
    (12, 10, "cover of"),  # the goal is out of reach
    (12, None, "cover of"),  # nothing is covered
])
def test_empty_or_false_proofs_fail(limit, goal, reason):
    with pytest.raises(AssertionError, match=reason):
        prove(CounterSpec(limit, goal), f"counter_{limit}_{goal}", depth=8)


def test_true_proof_passes():
    prove(CounterSpec(12, 4), "counter", depth=8)
