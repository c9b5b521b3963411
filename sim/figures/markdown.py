"""Tables of figures as Markdown, with the source lines beneath them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sim.figures.data import Measurement, Point


@dataclass(frozen=True)
class Table:
    """One table of a page. Its figures come from the measurements ``sources``. ``note`` replaces
    their commands if another table of the page already shows them."""

    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    sources: Sequence[Measurement]
    note: str = ""

    def render(self) -> str:
        """Formats the table, an empty line, and one line for each source."""
        for row in self.rows:
            assert len(row) == len(self.header), f"{row} does not fit {self.header}"
        lines = [self.header, ["---"] * len(self.header), *self.rows]
        return "".join([*(f"| {' | '.join(line)} |\n" for line in lines),
                        "\n", provenance(self.sources, self.note)])


def provenance(sources: Sequence[Measurement], note: str = "") -> str:
    """Commit, command and parameters of each measurement: one line, or a list if they differ."""
    if note:
        revisions = dict.fromkeys(m.revision for m in sources)
        return f"{note} Commit {', '.join(revisions)}.\n"
    told = list(dict.fromkeys(_told(m) for m in sources))
    if len(told) == 1:
        return f"Measured with {told[0]}.\n"
    return "".join(["Measured with\n\n", *(f"- {text}\n" for text in told)])


def _told(measurement: Measurement) -> str:
    told = f"`{measurement.command}` at commit {measurement.revision}"
    parameters = ", ".join(f"{key} {value}" for key, value in measurement.parameters.items())
    return f"{told} ({parameters})" if parameters else told


def count(n: float) -> str:
    """Formats a number with spaces between thousands and all recorded decimals."""
    return f"{n:,}".replace(",", " ") if isinstance(n, int) else f"{n:g}"


def cycles(point: Point) -> str:
    """The median, with the worst case in brackets."""
    return f"{point.value:g} ({point.worst:g})"


def joined(values: Iterable[float]) -> str:
    return ", ".join(count(value) for value in values)
