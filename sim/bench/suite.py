"""The description of a suite of ``rel4 bench``."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from rich.table import Table

from sim.bench.metric import Metric
from sim.bench.target import Target


@dataclass(frozen=True)
class Suite:
    """A set of metrics that are measured together."""

    name: str
    title: str
    run: Callable[[Target], list[Metric]]
    table: Callable[[list[Metric]], Table] | None = None  # instead of one line for each metric
    plot: Callable[[list[Metric], str], bytes] | None = None  # as svg or png


def with_params(metrics: list[Metric], params: dict[str, str]) -> list[Metric]:
    """Returns the metrics, each with further parameters."""
    return [replace(metric, params=metric.params | params) for metric in metrics]
