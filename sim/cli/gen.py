"""``rel4 gen``: descriptions of the SoC for other tools."""

import sys
from enum import Enum
from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from sim.cli import app, refuse
from sim.cli.options import (
    DEFAULT_HARTS,
    Config,
    Harts,
    Memory,
    NoTaic,
    Settings,
    soc_params,
)
from sim.output import write_output


class Kind(str, Enum):
    """The kinds of description that can be generated."""

    DTS = "dts"
    DTB = "dtb"
    SVD = "svd"
    C_HEADER = "c-header"
    RUST = "rust"
    MEMORY_MAP = "memory-map"


@app.command()
def gen(
    kind: Annotated[Kind, Argument(help="what to generate")],
    config: Config = "default",
    harts: Harts = DEFAULT_HARTS,
    memory: Memory = 128,
    no_taic: NoTaic = False,
    settings: Settings = None,
    output: Annotated[
        Path | None, Option("-o", "--output", metavar="F", help="file, else standard output")
    ] = None,
) -> None:
    """print the device tree, register description or constants of the SoC"""
    from soc.generate import generate

    try:
        text = generate(kind.value, soc_params(config, harts, memory, no_taic=no_taic,
                                               settings=settings))
        write_output(text, output, sys.stdout)
    except (ValueError, OSError) as error:
        refuse("gen", error)
