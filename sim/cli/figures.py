"""``rel4 figures``: measures the figures of the pages and updates the pages."""

import sys
from typing import Annotated

from typer import Argument, Exit, Option

from sim.cli import app, refuse
from sim.figures.check import faults, refresh
from sim.figures.data import FigureError
from sim.figures.measure import GROUPS, measure
from sim.tools import ToolError, checkout


@app.command()
def figures(
    groups: Annotated[
        list[str] | None, Argument(metavar="[GROUP ...]", help="what to measure first")
    ] = None,
    check: Annotated[bool, Option(
        "--check", help="only say what does not agree; exit status 1 if anything")] = False,
    list_groups: Annotated[bool, Option("--list", help="only say what groups there are")] = False,
) -> None:
    """write docs/figures and the pages that show them

    A group is a file of docs/figures. Measuring a group replaces its file. Then the tables, figures
    and plots of all pages are written again. Other files name the commands that measured their
    figures.
    """
    if list_groups:
        for name, group in GROUPS.items():
            commands = ", ".join(run.command for run in group.runs.values())
            print(f"{name:12} about {group.minutes} minutes: {commands}")
        return
    for name in groups or []:
        if name not in GROUPS:
            refuse("figures", f"no group {name!r}; there are {', '.join(GROUPS)}")
    if check and groups:
        refuse("figures", "--check measures nothing; leave the groups out")
    try:
        root = checkout("what writes pages")
    except ToolError as error:
        refuse("figures", error)
    if check:
        found = faults(root)
        for fault in found:
            print(f"rel4 figures: {fault}", file=sys.stderr)
        raise Exit(1 if found else 0)
    try:
        for name in groups or []:
            measure(name, root, lambda text: print(f"rel4 figures: {text}", file=sys.stderr))
        for path in refresh(root):
            print(path.relative_to(root))
    except (FigureError, OSError) as error:
        refuse("figures", error)
