"""``rel4 sim``: run a program on the RTL of the SoC."""

from pathlib import Path
from typing import Annotated

from typer import Option

from sim.cli import app, refuse
from sim.cli.options import (
    DEFAULT_HARTS,
    Append,
    CommitLog,
    Config,
    Firmware,
    Harts,
    Image,
    Initrd,
    Kernel,
    Memory,
    NoTaic,
    ResultJson,
    Settings,
    ToHost,
    chosen_program,
    soc_params,
)
from sim.image.compose import BadPart
from sim.model.design import soc_design
from sim.model.elf import BadImage, Program
from sim.model.run_options import BadArgument, Latency, RunOptions
from sim.model.simulate import become, model_command
from sim.tools import ToolError


@app.command()
def sim(
    image: Image = None,
    config: Config = "default",
    harts: Harts = DEFAULT_HARTS,
    memory: Memory = 128,
    no_taic: NoTaic = False,
    settings: Settings = None,
    max_cycles: Annotated[int, Option(metavar="N", help="give up after N cycles")] = 100_000_000,
    latency: Annotated[
        str, Option(metavar="N|random[:SEED]", help="cycles from a DRAM request to its data")
    ] = "10",
    seed: Annotated[int, Option(metavar="N", help="seed of random latencies")] = 1,
    trace: Annotated[Path | None, Option(metavar="F.fst", help="write a waveform")] = None,
    trace_start: Annotated[
        int | None, Option(metavar="N", help="first cycle of the waveform  [default: 0]")
    ] = None,
    trace_stop: Annotated[
        int | None, Option(metavar="N", help="cycle at which the waveform ends")
    ] = None,
    commit_log: CommitLog = None,
    json: ResultJson = None,
    lockstep: Annotated[bool, Option(
        "--lockstep", help="compare every instruction with the emulator; a difference ends the run"
    )] = False,
    netlist: Annotated[
        bool, Option("--netlist", help="run the netlist of ECP5 cells that Yosys makes of the RTL")
    ] = False,
    undefined: Annotated[int | None, Option(
        metavar="SEED", help="flip-flops and memories of the netlist start with random contents"
    )] = None,
    tohost: ToHost = False,
    kernel: Kernel = None,
    initrd: Initrd = None,
    append: Append = None,
    firmware: Firmware = None,
) -> None:
    """run a program on the RTL; its UART is standard output and input

    Exit status: 0 the program passed, 1 it failed, traps for ever or differs from the emulator, 124
    cycle limit, 2 it could not be run, or an output could not be written.
    On a terminal, Ctrl-A x leaves.
    """
    try:
        params = soc_params(config, harts, memory, no_taic=no_taic, settings=settings)
        options = RunOptions(
            max_cycles=max_cycles, latency=Latency.parse(latency, seed=seed), tohost=tohost,
            trace=trace, trace_start=trace_start, trace_stop=trace_stop, commit_log=commit_log,
            json=json, lockstep=lockstep, netlist=netlist, undefined=undefined,
        )
        options.check()
        program = Program.load(chosen_program(image, kernel, initrd, append, firmware, params),
                               memory_bytes=params.dram_bytes)
        command = model_command(soc_design(params), program, params.dram_bytes, options)
    except BadPart as error:
        refuse("sim", error)
    except BadImage as error:
        refuse("sim", f"{image}: {error}")
    except (BadArgument, ToolError, ValueError) as error:
        refuse("sim", error)
    become(command)
