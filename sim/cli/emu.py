"""``rel4 emu``: run a program on the emulator."""

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
from sim.emulator.run import (
    DEFAULT_IPS,
    DEFAULT_MAX_CYCLES,
    DEFAULT_QUANTUM,
    EmulatorOptions,
    emulator_command,
)
from sim.image.compose import BadPart
from sim.model.elf import BadImage, Program
from sim.model.run_options import BadArgument
from sim.model.simulate import become
from sim.tools import ToolError


@app.command()
def emu(
    image: Image = None,
    config: Config = "default",
    harts: Harts = DEFAULT_HARTS,
    memory: Memory = 128,
    no_taic: NoTaic = False,
    settings: Settings = None,
    max_cycles: Annotated[
        int, Option(metavar="N", help="give up after N cycles of a hart")
    ] = DEFAULT_MAX_CYCLES,
    ips: Annotated[
        int, Option(metavar="N", help="instructions that a hart executes in a second of its time")
    ] = DEFAULT_IPS,
    quantum: Annotated[
        int, Option(metavar="N", help="instructions of a hart before the next hart's turn")
    ] = DEFAULT_QUANTUM,
    commit_log: CommitLog = None,
    json: ResultJson = None,
    tohost: ToHost = False,
    checkpoint: Annotated[
        int | None, Option(metavar="N", help="write the state after N cycles to a bootable file")
    ] = None,
    output: Annotated[
        Path | None, Option("--output", "-o", metavar="F.elf", help="that file")
    ] = None,
    gdb: Annotated[
        int | None, Option(metavar="PORT", help="wait for GDB on this port of 127.0.0.1")
    ] = None,
    kernel: Kernel = None,
    initrd: Initrd = None,
    append: Append = None,
    firmware: Firmware = None,
) -> None:
    """run a program on the emulator; its UART is standard output and input

    A cycle is the execution of one instruction. Exit status: 0 the program passed, 1 it failed,
    124 cycle limit, 2 it could not be run. On a terminal, Ctrl-A x leaves.
    """
    try:
        params = soc_params(config, harts, memory, no_taic=no_taic, settings=settings)
        options = EmulatorOptions(max_cycles=max_cycles, ips=ips, quantum=quantum, tohost=tohost,
                                  commit_log=commit_log, json=json, gdb=gdb,
                                  checkpoint=checkpoint, output=output)
        program = Program.load(chosen_program(image, kernel, initrd, append, firmware, params),
                               memory_bytes=params.dram_bytes)
        command = emulator_command(params, program, options)
    except BadPart as error:
        refuse("emu", error)
    except BadImage as error:
        refuse("emu", f"{image}: {error}")
    except (BadArgument, ToolError, ValueError) as error:
        refuse("emu", error)
    become(command)
