"""The table and the plot of ``rel4 bench message``."""

from dataclasses import replace
from io import StringIO

import pytest
from rich.console import Console

from sim.bench.metric import Metric
from sim.bench.suites.message import EVENTS, MODES, ROUND_TRIP, comparison, plot

CONCURRENCY = [1, 8]


@pytest.fixture
def metrics():
    """Each value encodes its place: mode, concurrency, kind."""
    return [Metric(name, 100 * m + 10 * c + k, 1000 + 100 * m + 10 * c + k, 64, unit,
                   {"mode": mode, "concurrency": str(concurrency)})
            for m, mode in enumerate(MODES, 1) for c, concurrency in enumerate(CONCURRENCY, 1)
            for k, (name, unit) in enumerate([(ROUND_TRIP, "cycles"),
                                              *((event, "count") for event in EVENTS)])]


def test_table_has_a_row_for_each_concurrency(metrics):
    console = Console(width=200, file=StringIO())
    console.print(comparison(metrics))
    lines = [line.split("│")[1:-1] for line in console.file.getvalue().splitlines()]
    rows = [[cell.strip() for cell in row] for row in lines if row]
    assert rows == [
        ["1", "110 (1110)", "111.00/112.00", "210 (1210)", "211.00/212.00",
         "310 (1310)", "311.00/312.00"],
        ["8", "120 (1120)", "121.00/122.00", "220 (1220)", "221.00/222.00",
         "320 (1320)", "321.00/322.00"],
    ]


@pytest.mark.parametrize(("kind", "magic"), [("svg", b"<?xml"), ("png", b"\x89PNG")])
def test_plot_is_the_same_each_time(metrics, kind, magic):
    content = plot(metrics, kind)
    assert content.startswith(magic)
    assert content == plot(metrics, kind)
    assert content != plot([replace(m, value=m.value + m.worst) for m in metrics], kind)
