"""``rel4 bench``: measure on the RTL."""

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
from sim.bench.suites import SUITES, BenchError
from sim.cli import app, refuse
from sim.cli.options import Config, soc_params
from sim.output import write_output
from sim.program import BadImage
from sim.run import BadArgument, Latency, RunOptions
from sim.tools import ToolError


@app.command()
def bench(
    suites: Annotated[
        list[str] | None, Argument(metavar="[SUITE ...]", help="what to measure, else everything")
    ] = None,
    config: Config = "default",
    latency: Annotated[
        str, Option(metavar="N|random[:SEED]", help="cycles from a DRAM request to its data")
    ] = "10",
    json: Annotated[Path | None, Option(metavar="F", help="write the metrics as JSON")] = None,
    report: Annotated[
        Path | None, Option(metavar="DIR", help="write tables, plots and JSON into a folder")
    ] = None,
    list_suites: Annotated[bool, Option("--list", help="only say what suites there are")] = False,
) -> None:
    """measure cycles on the RTL, as a table and JSON"""
    if list_suites:
        for suite in SUITES.values():
            print(f"{suite.name:10} {suite.title}")
        return
    chosen = suites or list(SUITES)
    for name in chosen:
        if name not in SUITES:
            refuse("bench", f"no suite {name!r}; there are {', '.join(SUITES)}")
    measured = {}
    try:
        options = RunOptions(latency=Latency.parse(latency))
        for name in chosen:
            suite = SUITES[name]
            measured[name] = suite.run(soc_params(config, harts=suite.harts), options)
    except (BadArgument, BadImage, ToolError, ValueError) as error:
        refuse("bench", error)
    except BenchError as error:
        print(f"rel4 bench: {error}", file=sys.stderr)
        raise SystemExit(1) from None
    tables = [(SUITES[name].table or metrics_table)(metrics) for name, metrics in measured.items()]
    for table in tables:
        Console().print(table)
    measuring = {"config": config, "latency": latency}
    text = metrics_json(chosen, measuring, [m for metrics in measured.values() for m in metrics])
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
    except OSError as error:
        refuse("bench", error)


def write_plots(name: str, metrics: list[Metric], measuring: dict[str, str], report: Path) -> None:
    """Of a suite that has a plot: the plot in both forms, and what is in it."""
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


def metrics_json(suites: list[str], config: dict[str, str], metrics: list[Metric]) -> str:
    content = {"suites": suites, "config": config, "metrics": [asdict(m) for m in metrics]}
    return json_format.dumps(content, indent=1) + "\n"
