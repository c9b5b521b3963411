"""Regions of Markdown pages that show figures.

A table stands between ``<!-- figures: NAME -->`` and ``<!-- /figures -->``, each on a line of its
own. A single figure stands between ``<!-- fig: MEASUREMENT.KEY -->`` and ``<!-- / -->``. A line
must not begin with a figure: Markdown would read it as a paragraph of HTML.
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

from sim.figures.data import FigureError, Figures
from sim.figures.markdown import Table, count

Describe = Callable[[Figures], Table]

BEGIN = re.compile(r"^<!-- figures: (?P<name>\S+) -->$")
END = "<!-- /figures -->"
CODE = re.compile(r"`[^`\n]+`")
INLINE = re.compile(r"<!-- fig: (?P<key>\S+) -->(?P<shown>.*?)<!-- / -->")


def pages(root: Path) -> list[Path]:
    """README.md and all pages under docs."""
    return [root / "README.md", *sorted((root / "docs").rglob("*.md"))]


def refreshed(text: str, figures: Figures, tables: dict[str, Describe]) -> str:
    """Returns the page with every region generated again. Raises ``FigureError`` if one fails."""
    parts = []
    for name, content in regions(text):
        if name is None:
            parts.append(_with_figures(content, figures))
        elif name not in tables:
            raise FigureError(f"no table {name!r}; there are {', '.join(sorted(tables))}")
        else:
            parts.append(f"<!-- figures: {name} -->\n{tables[name](figures).render()}{END}\n")
    return "".join(parts)


def _with_figures(text: str, figures: Figures) -> str:
    """Returns the text with its single figures generated again. Code spans do not change."""
    if first := re.search(r"^[ ]*<!-- fig: .*", text, re.MULTILINE):
        raise FigureError(f"a line begins with a figure: {first[0].strip()}")

    def shown(match: re.Match[str]) -> str:
        if match["key"] is None:
            return match[0]
        return f"<!-- fig: {match['key']} -->{show(figures.inline(match['key']))}<!-- / -->"

    return re.sub(f"{CODE.pattern}|{INLINE.pattern}", shown, text)


def regions(text: str) -> Iterator[tuple[str | None, str]]:
    """Cuts a page into regions, ``(NAME, content)`` without markers, and text, ``(None, text)``.

    Raises ``FigureError`` if a region lacks its end or its beginning.
    """
    name, content = None, ""
    for line in text.splitlines(keepends=True):
        begin = BEGIN.match(line.rstrip("\n"))
        if begin and name is None:
            yield None, content
            name, content = begin["name"], ""
        elif line.rstrip("\n") == END and name is not None:
            yield name, content
            name, content = None, ""
        elif begin or line.rstrip("\n") == END:
            raise FigureError(f"{line.strip()} where none can stand")
        else:
            content += line
    if name is not None:
        raise FigureError(f"the region of {name} does not end")
    yield None, content


def show(value: object) -> str:
    return count(value) if isinstance(value, int | float) else str(value)
