"""Metrics, and the format in which programs print them."""

import statistics
from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Metric:
    """A measured point: median and worst of its samples. Names are stable across versions."""

    name: str
    value: float
    worst: float
    samples: int
    unit: str  # cycles, mhz, mips or count
    params: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, name: str, samples: list[float], unit: str = "cycles", **params: str) -> "Metric":
        return cls(name, statistics.median(samples), max(samples), len(samples), unit, params)


def parse_metrics(lines: Iterable[str]) -> list[Metric]:
    """Returns the metrics among the lines that a program printed.

    ``sw/support/metric/lines.txt`` describes the lines. Raises ``ValueError`` for an incomplete
    metric.
    """
    metrics = []
    for line in lines:
        words = line.split()
        if not words or words[0] != "metric":
            continue
        try:
            name, unit, median, worst, samples, *params = words[1:]
            metrics.append(Metric(name, float(median), float(worst), int(samples), unit,
                                  dict(p.split("=", 1) for p in params)))
        except ValueError:
            raise ValueError(f"not a metric: {line.strip()!r}") from None
    return metrics
