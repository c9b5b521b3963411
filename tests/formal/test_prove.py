"""A proof without content fails, and so does a false proof."""

import pytest
from amaranth import *
from amaranth.hdl import Assert, Cover
from amaranth.lib import wiring
from amaranth.lib.wiring import Out

from tests.support import formal
from tests.support.formal import BrokenProof, prove


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
    (4, 2, "check of .* failed"),  # the assertion fails
    (12, 10, "cover of .* failed"),  # the goal is out of reach
])
def test_false_proofs_fail(limit, goal, reason):
    with pytest.raises(AssertionError, match=reason):
        prove(CounterSpec(limit, goal), f"counter_{limit}_{goal}", depth=8)


@pytest.mark.parametrize("limit,goal,reason", [
    (None, 2, "check of .* has no verdict"),  # nothing is asserted
    (12, None, "cover of .* has no verdict"),  # nothing is covered
])
def test_empty_proofs_are_broken(limit, goal, reason):
    with pytest.raises(BrokenProof, match=reason):
        prove(CounterSpec(limit, goal), f"counter_{limit}_{goal}", depth=8)


@pytest.mark.parametrize("part, instead", [
    ("read_rtlil spec.il", "read_rtlil missing.il"),  # Yosys fails
    ("smtbmc {engine}", "smtbmc no-such-solver"),  # the solver is missing
])
def test_an_error_of_a_tool_is_not_a_found_fault(monkeypatch, part, instead):
    assert part in formal.JOB
    monkeypatch.setattr(formal, "JOB", formal.JOB.replace(part, instead))
    with pytest.raises(BrokenProof, match=r"has no verdict \(ERROR\)"):
        prove(CounterSpec(4, 2), "counter_error", depth=8)


def test_true_proof_passes():
    prove(CounterSpec(12, 4), "counter", depth=8)
