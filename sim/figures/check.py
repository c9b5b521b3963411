"""Updates the pages to show the figures, and finds stale pages."""

import sys
from pathlib import Path

from sim.bench.metric import Metric
from sim.bench.suites.message import plot
from sim.figures.data import FIGURES, FigureError, Figures
from sim.figures.pages import pages, refreshed
from sim.figures.stray import stray_figures
from sim.figures.tables import TABLES
from sim.output import write_output

PLOT = Path("docs/images/message.svg")


def refresh(root: Path) -> list[Path]:
    """Rewrites the plot and the pages. Returns the files that changed.

    Nothing is written if one of them cannot be made.
    """
    made = _made(root)
    changed = [path for path, content in made.items() if _content(path) != content]
    for path in changed:
        write_output(made[path], path, sys.stdout)
    return changed


def faults(root: Path) -> list[str]:
    """Returns one line for each fault."""
    found = []
    try:
        found += [f"{path.relative_to(root)} does not show what docs/figures has: rel4 figures"
                  for path, content in _made(root).items() if _content(path) != content]
        for page in pages(root):
            found += [f"{page.relative_to(root)}:{line}: {text!r} is a figure without a source"
                      for line, text in stray_figures(page.read_text())]
    except FigureError as error:
        found.append(str(error))
    return found


def _made(root: Path) -> dict[Path, bytes]:
    figures = Figures.load(root / FIGURES)
    made = {}
    for page in pages(root):
        try:
            made[page] = refreshed(page.read_text(), figures, TABLES).encode()
        except FigureError as error:
            raise FigureError(f"{page.relative_to(root)}: {error}") from None
    metrics = [Metric(**m) for m in figures["message"].metrics]
    return {root / PLOT: plot(metrics, "svg")} | made


def _content(path: Path) -> bytes | None:
    return path.read_bytes() if path.exists() else None
