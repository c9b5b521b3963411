"""Tests the lines in which programs print metrics."""

import pytest

from sim.bench.metric import Metric, parse_metrics
from sim.tools import PROJECT

DOCUMENTED = PROJECT / "sw" / "support" / "metric" / "lines.txt"  # the Rust side writes the same


def test_reads_the_documented_lines():
    assert parse_metrics(DOCUMENTED.read_text().splitlines()) == [
        Metric("core.mul", 2, 9, 5, "cycles"),
        Metric("core.tlb_miss", 7, 7, 1, "cycles", {"level": "walk"}),
        Metric("taic.ops", 1.25, 1.25, 50, "count", {"harts": "2"}),
    ]


@pytest.mark.parametrize("line", ["metric", "metric core.mul cycles 2 9", "metric a cycles x 9 5",
                                  "metric core.mul cycles 2 9 5 level"])
def test_refuses_what_is_not_complete(line):
    with pytest.raises(ValueError, match="not a metric"):
        parse_metrics([line])
