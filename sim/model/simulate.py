"""Runs programs on a model of the RTL, from Python."""

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sim import tools
from sim.emulator.build import build_library
from sim.emulator.machine import machine_arguments
from sim.model import places
from sim.model.cache import build_model
from sim.model.design import Design, soc_design
from sim.model.elf import BadImage, Program
from sim.model.run_options import BadArgument, RunOptions
from sim.status import Status
from soc.config import SocParams


@dataclass(frozen=True)
class Result:
    """The end of a run."""

    exit_status: int  # a word of ``Status``
    report: dict[str, Any]  # the JSON result
    output: bytes  # output of the program on the UART
    errors: str  # state of the harts, if the program did not pass

    @property
    def passed(self) -> bool:
        return self.exit_status == Status.PASSED.exit_status


def model_command(design: Design, program: Program, memory_bytes: int,
                  options: RunOptions) -> list[str]:
    """Builds the model that ``program`` needs and returns the command that runs it."""
    if options.tohost and program.tohost is None:
        raise BadImage("no symbol tohost, which --tohost needs")
    options.check()
    options.check_outputs()
    command = [
        str(build_model(design, options.variant)),
        "--image", str(program.path),
        "--entry", str(program.entry),
        "--memory", str(memory_bytes),
        "--max-cycles", str(options.max_cycles),
        "--latency", str(options.latency.cycles or 1),
        "--random-latency", str(int(options.latency.cycles is None)),
        "--seed", str(options.latency.seed),
        "--capstone", str(tools.capstone() / "lib" / "libcapstone.so"),
        "--python", sys.executable,
        "--places", places.__file__,
        "--trace-start", str(options.trace_start or 0),
    ]
    for s in program.segments:
        command += ["--segment", f"{s.offset}:{s.paddr}:{s.file_bytes}:{s.memory_bytes}"]
    if options.undefined is not None:
        command += ["--undefined", str(options.undefined)]
    if options.tohost:
        command += ["--tohost", str(program.tohost)]
    if options.trace_stop is not None:
        command += ["--trace-stop", str(options.trace_stop)]
    for name in ("trace", "commit_log", "json"):
        if path := getattr(options, name):
            command += [f"--{name.replace('_', '-')}", str(path)]
    if options.lockstep:
        command += _lockstep(design, program)
    return command


def _lockstep(design: Design, program: Program) -> list[str]:
    """Builds the emulator and returns the arguments that have it run beside the model."""
    if design.params is None:
        raise BadArgument("--lockstep: the emulator knows no such design")
    return ["--emulator", str(build_library()),
            "--machine", "\n".join(machine_arguments(design.params, program))]


def simulate(params: SocParams, image: Path, options: RunOptions = RunOptions(), *,
             stdin: bytes = b"", design: Design | None = None) -> Result:
    """Runs ``image`` to its end and returns the outcome.

    Raises ``BadImage``, ``BadArgument`` or ``ToolError`` if it cannot be run.
    """
    program = Program.load(image, memory_bytes=params.dram_bytes)

    def command(report: Path) -> list[str]:
        return model_command(design or soc_design(params), program, params.dram_bytes,
                             replace(options, json=report))

    return outcome("simulator", command, options.json, stdin)


def outcome(name: str, command: Callable[[Path], list[str]], report: Path | None,
            stdin: bytes) -> Result:
    """Runs a simulator that writes its JSON result to ``report``, or to a temporary file.

    ``command`` gets the path of the result. The whole input is in a file before the simulator
    starts: through a pipe it may come after the program has stopped waiting for it.

    Raises ``BadImage`` if the simulator refuses the program or is killed.
    """
    with tempfile.TemporaryDirectory() as folder:
        report = report or Path(folder) / "result.json"
        typed = Path(folder) / "input"
        typed.write_bytes(stdin)
        with typed.open("rb") as given:
            done = subprocess.run(command(report), stdin=given, capture_output=True, check=False)
        errors = done.stderr.decode(errors="replace")
        if done.returncode == 2 or done.returncode < 0:
            raise BadImage(errors.strip() or f"the {name} ended with {done.returncode}")
        return Result(done.returncode, json.loads(report.read_text()), done.stdout, errors)


def become(command: list[str]) -> None:
    """Replaces this process by ``command``, which then owns the signals and the terminal."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    os.execv(command[0], command)
