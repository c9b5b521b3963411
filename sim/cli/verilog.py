"""``rel4 verilog``: Verilog for other flows."""

import re
import sys
from enum import Enum
from inspect import signature
from pathlib import Path
from typing import Annotated, Any

from amaranth.lib import wiring
from typer import Argument, Option

from hdl.bus.standalone import BUSES
from sim.cli import app, refuse
from sim.cli.options import NoTaic, soc_params
from sim.export.origin import Origin
from sim.export.verilog import verilog_text
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
    prefix: Annotated[
        str, Option(metavar="NAME", help="put this in front of the name of every module")
    ] = "",
    core: Annotated[
        bool, Option("--core", help="also write F with the ending .core, for FuseSoC; needs -o")
    ] = False,
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
        _check(part.value, given, prefix)
        if core and output is None:
            raise ValueError("--core needs a file for the Verilog: -o F.v")
        if core and output.suffix == ".core":
            raise ValueError(f"{output.name} is the name of the description; call the Verilog F.v")
        component, parameters = _component(part.value, given)
        origin = Origin(part.value, prefix + part.value,
                        given | ({"prefix": prefix} if prefix else {}), parameters)
        text = origin.header() + verilog_text(component, part.value, prefix=prefix)
        write_output(text, output, sys.stdout)
        if core:
            write_output(origin.core(output.name), output.with_suffix(".core"), sys.stdout)
    except (ValueError, OSError) as error:
        refuse("verilog", error)


def _check(part: str, given: dict[str, Any], prefix: str) -> None:
    """Raises ``ValueError`` for an option of another part, and for a name that is none."""
    for option in given:
        if option not in OPTIONS[part]:
            raise ValueError(f"{part} has no option --{option}")
    if not re.fullmatch(r"([A-Za-z_][A-Za-z0-9_]*)?", prefix):
        raise ValueError(f"a prefix has letters, digits and _, and starts with no digit; "
                         f"not {prefix!r}")


def _component(part: str, given: dict[str, Any]) -> tuple[wiring.Component, dict[str, Any]]:
    """Returns the component and all its parameters."""
    if part in DEVICES:
        defaults = {name: p.default for name, p in signature(DEVICES[part]).parameters.items()}
        own = {name: value for name, value in given.items() if name in defaults}
        bus, bits = given.get("bus"), given.get("bus-bits")
        component = device(part, bus=bus, data_bits=bits, **own)
        behind = {"bus": bus, "bus-bits": bits or 64} if bus else {"bus": "none"}
        return component, defaults | own | behind
    no_taic = given.get("no-taic", False)
    chosen = {name: value for name, value in given.items() if name in ("harts", "memory")}
    params = soc_params(given.get("config", "default"), **chosen, no_taic=no_taic)
    parameters = {"config": params.name, "harts": params.harts,
                  "memory": f"{params.dram_bytes >> 20} MiB", "taic": not no_taic}
    return soc_part(part, params), parameters
