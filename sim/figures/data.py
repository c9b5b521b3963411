"""The figures in ``docs/figures``. Each group is one JSON file with values and their origin.

A file holds one measurement, or several by name under ``measurements`` if they come from different
commands or revisions. A measurement has

- ``command``: what a reader types to repeat it;
- ``revision``: the measured commit, with the suffix ``-dirty`` if the tree had changes;
- ``parameters``: configuration, harts, memory latency and everything else that decides the values;
- ``metrics`` as ``rel4 bench --json`` writes them, or ``values``, figures by name, nested at will.
"""

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

FIGURES = Path("docs/figures")
REVISION = re.compile(r"[0-9a-f]{7,40}(-dirty)?")


class FigureError(Exception):
    """A figure or page is faulty. The message is one line for the user."""


@dataclass(frozen=True)
class Point:
    """One metric: the median and the worst of its samples."""

    value: float
    worst: float


@dataclass(frozen=True)
class Measurement:
    """Figures that one command measured at one revision."""

    name: str  # as in pages: GROUP or GROUP.NAME
    command: str
    revision: str
    parameters: dict[str, Any] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)
    metrics: tuple[dict[str, Any], ...] = ()

    def value(self, key: str) -> Any:
        """Returns the figure at ``key``, a path of names separated by dots."""
        found: Any = self.values
        for name in key.split("."):
            if not isinstance(found, dict) or name not in found:
                raise FigureError(f"{self.name} has no figure {key!r}")
            found = found[name]
        return found

    def metric(self, name: str, **params: str | None) -> Point:
        """Returns the one metric with this name and these parameters. A parameter of None must be
        absent."""
        found = [m for m in self.metrics if m["name"] == name
                 and all(m["params"].get(key) == value for key, value in params.items())]
        if len(found) != 1:
            told = " ".join([name, *(f"{key}={value}" for key, value in params.items())])
            raise FigureError(f"{self.name} has {len(found) or 'no'} metrics {told}")
        return Point(found[0]["value"], found[0]["worst"])

    def params_of(self, name: str, key: str) -> list[str]:
        """Returns the values of the parameter ``key`` in metrics of this name, in their order."""
        return list(dict.fromkeys(m["params"][key] for m in self.metrics if m["name"] == name))


class Figures:
    """All measurements, by name."""

    def __init__(self, measurements: list[Measurement]):
        self._by_name = {m.name: m for m in measurements}

    @classmethod
    def load(cls, folder: Path) -> "Figures":
        """Reads ``folder/*.json``. Raises ``FigureError`` for an incomplete file."""
        return cls([m for path in sorted(folder.glob("*.json")) for m in read(path)])

    def __getitem__(self, name: str) -> Measurement:
        if name not in self._by_name:
            raise FigureError(f"docs/figures has no {name!r}")
        return self._by_name[name]

    def inline(self, key: str) -> Any:
        """Returns the figure named ``MEASUREMENT.KEY``. The longest matching measurement name wins.

        For a metric, returns the median. KEY is then the metric's name without the group's prefix,
        and parameters as in ``round_trip?mode=taic&concurrency=1``.
        """
        names = [name for name in self._by_name if key.startswith(f"{name}.")]
        if not names:
            raise FigureError(f"no figure {key!r}")
        measurement = self[max(names, key=len)]
        rest = key.removeprefix(f"{measurement.name}.")
        if not measurement.metrics:
            return measurement.value(rest)
        name, *params = re.split("[?&]", rest)
        if not any(m["name"] == name for m in measurement.metrics):
            name = f"{measurement.name}.{name}"
        return measurement.metric(name, **dict(p.partition("=")[::2] for p in params)).value


def read(path: Path) -> list[Measurement]:
    """Reads the measurements of one file."""
    try:
        content = json.loads(path.read_text())
    except ValueError as error:
        raise FigureError(f"{path}: not JSON: {error}") from None
    group = path.stem
    if "measurements" not in content:
        return [_measurement(path, group, content)]
    return [_measurement(path, f"{group}.{name}", one)
            for name, one in content["measurements"].items()]


def _measurement(path: Path, name: str, content: dict[str, Any]) -> Measurement:
    for key in ("command", "revision"):
        if not isinstance(content.get(key), str) or not content[key].strip():
            raise FigureError(f"{path}: {name} has no {key}")
    if not REVISION.fullmatch(content["revision"]):
        raise FigureError(f"{path}: {name} has revision {content['revision']!r}, not a commit")
    if not content.get("metrics") and not content.get("values"):
        raise FigureError(f"{path}: {name} has neither metrics nor values")
    return Measurement(name, content["command"], content["revision"],
                       content.get("parameters", {}), content.get("values", {}),
                       tuple(content.get("metrics", ())))
