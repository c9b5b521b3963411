"""``rel4 bench``: measure on the RTL or on a board."""

import json as json_format
import sys
from dataclasses import asdict
from io import StringIO
from pathlib import Path
from typing import Annotated

from rich.console import Console
from rich.table import Table
from typer import Argument, Option

from sim.bench.metric import Metric
from sim.bench.suites import SUITES
from sim.bench.target import BenchError, CannotRun, OnBoard, Simulated, Target
from sim.board.loader import Loader, Patience
from sim.board.runner import BAUD
from sim.board.serial_line import LineError, SerialLine
from sim.cli import app, refuse
from sim.cli.load import PATIENCE, Baud, Wait
from sim.cli.options import NoTaic, soc_params
from sim.model.elf import BadImage
from sim.model.run_options import BadArgument, Latency, RunOptions
from sim.output import write_output
from sim.tools import ToolError


@app.command()
def bench(
    suites: Annotated[
        list[str] | None, Argument(metavar="[SUITE ...]", help="what to measure, else everything")
    ] = None,
    target: Annotated[
        str, Option(metavar="sim|board:PORT", help="the RTL, or a board at a serial port")
    ] = "sim",
    config: Annotated[str | None, Option(
        metavar="NAME", help="of the RTL: tiny, default or full  [default: default]")] = None,
    no_taic: NoTaic = False,
    latency: Annotated[str | None, Option(
        metavar="N|random[:SEED]",
        help="cycles from a DRAM request to its data, in the simulator  [default: 10]")] = None,
    coremark: Annotated[Path | None, Option(
        metavar="DIR", help="checkout of CoreMark, for the suite emu")] = None,
    baud: Baud = BAUD,
    patience: Wait = PATIENCE,
    json: Annotated[Path | None, Option(metavar="F", help="write the metrics as JSON")] = None,
    report: Annotated[
        Path | None, Option(metavar="DIR", help="write tables, plots and JSON into a folder")
    ] = None,
    list_suites: Annotated[bool, Option("--list", help="only say what suites there are")] = False,
) -> None:
    """measure cycles on the RTL or on a board, as a table and JSON

    A suite that needs more than the board has is skipped with a line that says why. It is an error
    if the suite was named.
    """
    if list_suites:
        for suite in SUITES.values():
            print(f"{suite.name:10} {suite.title}")
        return
    chosen = suites or list(SUITES)
    for name in chosen:
        if name not in SUITES:
            refuse("bench", f"no suite {name!r}; there are {', '.join(SUITES)}")
    try:
        if target == "sim":
            options = RunOptions(latency=Latency.parse(latency or "10"))
            machine = Simulated(soc_params(config or "default", no_taic=no_taic), options,
                                coremark)
        else:
            given = {"config": config, "no-taic": no_taic, "latency": latency,
                     "coremark": coremark}
            machine = _board(target, baud, Patience(patience),
                             [option for option, value in given.items() if value])
        measured = _measure(machine, chosen, leave_out=not suites)
    except (BadArgument, BadImage, LineError, ToolError, ValueError) as error:
        refuse("bench", error)
    except BenchError as error:
        _say(error)
        raise SystemExit(1) from None
    tables = [(SUITES[name].table or metrics_table)(metrics) for name, metrics in measured.items()]
    measuring = machine.config()
    for table in tables:
        if compiler := measuring.get("compiler"):
            table.caption = f"programs built with {compiler}"
        Console().print(table)
    text = metrics_json(list(measured), measuring,
                        [m for metrics in measured.values() for m in metrics])
    try:
        if json:
            write_output(text, json, sys.stdout)
        if report:
            write_output(text, report / "metrics.json", sys.stdout)
            console = Console(record=True, width=120, file=StringIO())
            for table in tables:
                console.print(table)
            write_output(console.export_text(), report / "metrics.txt", sys.stdout)
            for name, metrics in measured.items():
                write_plots(name, metrics, measuring, report)
            _say(f"tables, plots and JSON are in {report}")
    except OSError as error:
        refuse("bench", error)


def _board(target: str, baud: int, patience: Patience, given: list[str]) -> OnBoard:
    """Returns the board at the port that ``target`` names. Boards do not accept the options
    ``given``."""
    kind, _, port = target.partition(":")
    if kind != "board" or not port:
        raise ValueError(f"no target {target!r}; there are sim and board:PORT")
    if given:
        raise ValueError(f"--{given[0]} is for the simulator; a board is what it is")
    line = SerialLine(port, BAUD)
    info = Loader(line, patience).hello()
    return OnBoard(line, info.soc, baud, patience, _say)


def _say(text: object) -> None:
    print(f"rel4 bench: {text}", file=sys.stderr)


def _measure(machine: Target, names: list[str], *, leave_out: bool) -> dict[str, list[Metric]]:
    """Measures each suite. A suite that cannot run is skipped, or is an error if it was named."""
    measured = {}
    for name in names:
        try:
            measured[name] = SUITES[name].run(machine)
        except CannotRun as error:
            if not leave_out:
                raise ValueError(error) from None
            _say(f"{name} is left out: {error}")
    return measured


def write_plots(name: str, metrics: list[Metric], measuring: dict[str, str | int],
                report: Path) -> None:
    """Writes the plot of a suite in both formats, and its data."""
    if draw := SUITES[name].plot:
        for kind in ("svg", "png"):
            write_output(draw(metrics, kind), report / f"{name}.{kind}", sys.stdout)
        write_output(metrics_json([name], measuring, metrics), report / f"{name}.json", sys.stdout)


def metrics_table(metrics: list[Metric]) -> Table:
    table = Table("metric", "parameters")
    for column in ("median", "worst", "samples"):
        table.add_column(column, justify="right")
    table.add_column("unit")
    for m in metrics:
        params = " ".join(f"{key}={value}" for key, value in m.params.items())
        table.add_row(m.name, params, f"{m.value:g}", f"{m.worst:g}", str(m.samples), m.unit)
    return table


def metrics_json(suites: list[str], config: dict[str, str | int],
                 metrics: list[Metric]) -> str:
    content = {"suites": suites, "config": config, "metrics": [asdict(m) for m in metrics]}
    return json_format.dumps(content, indent=1) + "\n"
