"""``rel4 verilog``: Verilog for other flows."""

import sys
from enum import Enum
from inspect import signature
from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from hdl.bus.standalone import BUSES
from hdl.verilog import verilog_text
from sim.cli import app, refuse
from sim.cli.options import NoTaic, soc_params
from sim.output import write_output
from sim.parts import DEVICES, PARTS, device
from sim.parts import part as soc_part

Part = Enum("Part", {name: name for name in PARTS}, type=str)
Bus = Enum("Bus", {name: name for name in BUSES}, type=str)

OPTIONS = {name: (*signature(make).parameters, "bus", "bus-bits")
           for name, make in DEVICES.items()}
OPTIONS |= dict.fromkeys(("soc", "hart"), ("config", "harts", "memory", "no-taic"))


@app.command()
def verilog(
    part: Annotated[Part, Argument(help="what to export")],
    config: Annotated[
        str | None, Option(metavar="NAME", help="configuration of soc or hart: tiny, default, full")
    ] = None,
    harts: Annotated[int | None, Option(metavar="N", help="number of harts")] = None,
    memory: Annotated[
        int | None, Option(metavar="MIB", help="size of DRAM in MiB, of soc or hart")
    ] = None,
    no_taic: NoTaic = False,
    receivers: Annotated[int | None, Option(metavar="N", help="entries of uintc")] = None,
    contexts: Annotated[int | None, Option(metavar="N", help="contexts of taic")] = None,
    queues: Annotated[
        int | None, Option(metavar="N", help="local queues of each context of taic")
    ] = None,
    priorities: Annotated[int | None, Option(metavar="N", help="levels of taic")] = None,
    tasks: Annotated[int | None, Option(metavar="N", help="places for tasks of taic")] = None,
    channels: Annotated[int | None, Option(metavar="N", help="channels of taic")] = None,
    slots: Annotated[
        int | None, Option(metavar="N", help="compatible slots of each context of taic")
    ] = None,
    lines: Annotated[int | None, Option(metavar="N", help="lines of devices at taic")] = None,
    bus: Annotated[Bus | None, Option(help="put a device behind this bus")] = None,
    bus_bits: Annotated[
        int | None, Option(metavar="N", help="data bits of the bus, 32 or 64  [default: 64]")
    ] = None,
    output: Annotated[
        Path | None, Option("-o", "--output", metavar="F", help="file, else standard output")
    ] = None,
) -> None:
    """print the SoC, the hart or a device as Verilog"""
    options = {"config": config, "harts": harts, "memory": memory, "no-taic": no_taic or None,
               "receivers": receivers,
               "contexts": contexts, "queues": queues, "priorities": priorities, "tasks": tasks,
               "channels": channels, "slots": slots, "lines": lines,
               "bus": bus and bus.value, "bus-bits": bus_bits}
    given = {option: value for option, value in options.items() if value is not None}
    try:
        for option in given:
            if option not in OPTIONS[part.value]:
                raise ValueError(f"{part.value} has no option --{option}")
        if part.value in DEVICES:
            given["data_bits"] = given.pop("bus-bits", None)
            component = device(part.value, **given)
        else:
            no_taic = given.pop("no-taic", False)
            params = soc_params(given.pop("config", "default"), **given, no_taic=no_taic)
            component = soc_part(part.value, params)
        write_output(verilog_text(component, part.value), output, sys.stdout)
    except (ValueError, OSError) as error:
        refuse("verilog", error)
