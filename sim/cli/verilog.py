"""``rel4 verilog``: Verilog for other flows."""

import sys
from enum import Enum
from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from sim.cli import app, refuse
from sim.cli.options import Config, Harts, Memory, soc_params
from sim.designs import verilog_text
from sim.output import write_output


class Part(str, Enum):
    """What can be exported."""

    SOC = "soc"
    HART = "hart"


@app.command()
def verilog(
    part: Annotated[Part, Argument(help="what to export")],
    config: Config = "default",
    harts: Harts = 1,
    memory: Memory = 128,
    output: Annotated[
        Path | None, Option("-o", "--output", metavar="F", help="file, else standard output")
    ] = None,
) -> None:
    """print the SoC or the hart as Verilog"""
    try:
        text = verilog_text(part.value, soc_params(config, harts, memory))
        write_output(text, output, sys.stdout)
    except (ValueError, OSError) as error:
        refuse("verilog", error)
