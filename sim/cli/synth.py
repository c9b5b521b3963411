"""``rel4 synth``: resources and timing on ECP5."""

import json as json_format
import re
import sys
from enum import Enum
from typing import Annotated

from rich.console import Console
from typer import Option

from sim.cli import app, refuse
from sim.cli.options import DEFAULT_HARTS, Config, NoTaic, ResultJson, soc_params
from sim.fpga.report import (
    arrivals_table,
    harts_table,
    memories_table,
    resources_table,
    synthesis_report,
    timing_table,
)
from sim.output import write_output
from sim.tools import ToolError


class Target(str, Enum):
    """The targets that can be synthesised."""

    HART = "hart"
    SOC = "soc"
    UINTC = "uintc"
    TAIC = "taic"
    TAIC_REFERENCE = "taic-reference"


@app.command()
def synth(
    target: Annotated[Target, Option(help="what to synthesise")] = Target.HART,
    config: Config = "default",
    harts: Annotated[str, Option(
        metavar="N[,N...]", help="number of harts; with several, one table of the SoC's units"
    )] = str(DEFAULT_HARTS),
    no_taic: NoTaic = False,
    per_module: Annotated[bool, Option(help="also synthesise each module for itself")] = True,
    depth: Annotated[int, Option(metavar="N", help="levels of modules in the table")] = 2,
    place: Annotated[
        int, Option(metavar="SEEDS", help="place and route with so many seeds")
    ] = 0,
    json: ResultJson = None,
) -> None:
    """LUTs, flip-flops, block RAMs and DSPs on ECP5; with --place also the clock

    Exit status 1 if there are latches, combinational loops or memories made of registers.
    """
    try:
        if not re.fullmatch(r"\d+(,\d+)*", harts):
            raise ValueError(f"harts must be a number, or several with commas, not {harts!r}")
        reports = [synthesis_report(
            target.value, soc_params(config, int(count), no_taic=no_taic), seeds=place,
            per_module=per_module) for count in harts.split(",")]
        if json:
            content = [report.as_json() for report in reports]
            text = json_format.dumps(content if len(content) > 1 else content[0], indent=1)
            write_output(f"{text}\n", json, sys.stdout)
    except (ToolError, ValueError, OSError) as error:
        refuse("synth", error)
    console = Console()
    if len(reports) > 1:
        console.print(harts_table(reports))
    else:
        console.print(resources_table(reports[0], depth))
        console.print(memories_table(reports[0]))
    for report in reports:
        if report.placements:
            console.print(timing_table(report))
            console.print(arrivals_table(max(report.placements, key=lambda p: p.fmax_mhz)))
    faults = [fault for report in reports for fault in report.faults]
    for fault in faults:
        print(f"rel4 synth: {fault}", file=sys.stderr)
    if faults:
        sys.exit(1)
    print("no latches, no combinational loops, no memory made of registers")
