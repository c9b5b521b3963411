"""``rel4 account``: tells what the cycles of a part of a run were spent on."""

from itertools import pairwise
from pathlib import Path
from typing import Annotated

from rich.console import Console
from rich.table import Table
from typer import Argument, Option

from sim.cli import app, refuse
from sim.cli.options import DEFAULT_HARTS, Harts
from sim.tools import ToolError
from sim.trace.cycles import CAUSES, RETIRED, events, follow

WIDTH = 120  # least width of the table


@app.command()
def account(
    wave: Annotated[Path, Argument(metavar="WAVE.fst", help="of rel4 sim --trace; or a VCD")],
    harts: Harts = DEFAULT_HARTS,
    start: Annotated[int, Option("--from", metavar="N", help="first cycle")] = 0,
    stop: Annotated[int | None, Option("--to", metavar="N", help="cycle after the last")] = None,
    cut: Annotated[
        list[int] | None, Option(metavar="N", help="let a row begin in this cycle, too")
    ] = None,
) -> None:
    """account for each hart's cycles in a waveform

    Prints a row for each hart from one event to the next. Events are traps, changes of user
    interrupt lines, stores that a device accepted, nonzero answers of devices, and tasks that TAIC
    has ready. An instruction retires when it leaves Memory. Cycles in which none retires are
    counted by cause. ``L2`` and ``MMIO`` count accepted requests.
    """
    try:
        followed, cycles = follow(wave, harts)
    except (OSError, ToolError) as error:
        refuse("account", error)
    first = max(start, cycles.start)
    end = cycles.stop if stop is None else min(stop, cycles.stop)
    if first >= end:
        refuse("account", f"{wave}: has the cycles {cycles.start} to {cycles.stop - 1}, none of "
                          "them from --from to --to")
    console = Console(width=max(WIDTH, Console().width))
    seen = [event for event in events(followed) if first <= event.cycle < end]
    for event in seen:
        console.print(f"{event.cycle} hart {event.hart}: {event.text}", highlight=False)
    table = Table("from", "cycles", "hart", RETIRED, *CAUSES, "L2", "MMIO", padding=(0, 1, 0, 0))
    for column in table.columns:
        column.justify, column.no_wrap = "right", True
    here = [cycle for cycle in cut or [] if first <= cycle < end]
    cuts = sorted({first, end, *here, *(event.cycle for event in seen)})
    for begin, next_cut in pairwise(cuts):
        for hart in followed:
            spent = hart.account(begin, next_cut)
            table.add_row(*map(str, (
                begin, next_cut - begin, hart.number,
                *(spent.cycles[kind] for kind in (RETIRED, *CAUSES)), spent.bus, spent.device)))
    console.print(table)
