"""Harts that count together lose no count, and each gets its turn."""

import pytest

from sim.model.run_options import Latency
from sim.ordering import contention
from sim.ordering.contention import Contest, Share
from sim.ordering.machine import Machine
from soc.config import configuration


@pytest.mark.parametrize(("harts", "latency"), [(2, "random:1"), (4, "10")])
def test_no_count_is_lost_and_nobody_starves(harts, latency):
    machine = Machine(configuration("default", harts=harts), Latency.parse(latency))
    contests = list(contention.run(machine, cycles=8000, seed=1))
    assert {contest.way for contest in contests} == {
        "amo", "lrsc", "lrsc-against-amo", "test-and-set", "ticket", "mcs"}
    for contest in contests:
        assert contest.faults == [], contest
        # First come, first served: no hart is more than a turn ahead, except at the end.
        if contest.way in ("ticket", "mcs") and contest.pause == 0:
            counted = [share.counted for share in contest.shares]
            assert max(counted) - min(counted) <= 2, contest


def test_faults_are_told():
    def faults(counter, *shares):
        return Contest("amo", 0, 2, 1000, counter, tuple(Share(*s) for s in shares)).faults

    assert faults(20, (10, 50, 20), (10, 60, 20)) == []
    assert faults(19, (10, 50, 20), (10, 60, 20)) == ["1 lost"]
    assert faults(20, (18, 50, 20), (2, 60, 20)) == ["hart 1 counted 2, 10 is the mean"]
    assert faults(20, (10, 50, 20), (10, 900, 20)) == ["hart 1 waited for 900 cycles"]
