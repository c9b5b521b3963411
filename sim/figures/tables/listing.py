"""Tables of one measurement's values: each row has a label, then one value for each column."""

from collections.abc import Sequence
from typing import Any

from sim.figures.data import Figures
from sim.figures.markdown import Table, count
from sim.figures.pages import Describe


def listing(source: str, header: Sequence[str], rows: Sequence[tuple[str, str]]) -> Describe:
    """Makes one row for each label and key. The columns show the value at the key, in order.

    The header names the columns; the first column holds the labels. A value is a list with one
    element for each column, or a single element for a single column.
    """
    def describe(figures: Figures) -> Table:
        measured = figures[source]
        body = []
        for label, key in rows:
            value = measured.value(key)
            body.append([label, *map(cell, value if isinstance(value, list) else [value])])
        return Table(header, body, [measured])
    return describe


def cell(value: Any) -> str:
    """Formats a number, a text, ``{"from": 4, "to": 7}`` or nothing."""
    if value is None:
        return ""
    if isinstance(value, dict):
        return f"{count(value['from'])} to {count(value['to'])}"
    return value if isinstance(value, str) else count(value)
