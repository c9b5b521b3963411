"""Runs programs on a model of the RTL, from Python."""

import json
import os
import signal
import subprocess
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from amaranth.lib import wiring

from sim import tools
from sim.build import Design, Variant, build_model
from sim.program import DRAM_BASE, BadImage, Program
from soc.config import SocParams

CYCLE_LIMIT = 124


class BadArgument(Exception):
    """An argument cannot be used; the message is one line for the user."""


@dataclass(frozen=True)
class Latency:
    """Cycles from the acceptance of a DRAM burst to its first dword; drawn at random if None."""

    cycles: int | None = 10
    seed: int = 1

    def __str__(self) -> str:
        return f"random:{self.seed}" if self.cycles is None else str(self.cycles)

    @classmethod
    def parse(cls, text: str, *, seed: int = 1) -> "Latency":
        """``N``, ``random`` or ``random:SEED``."""
        kind, _, own_seed = text.partition(":")
        try:
            if kind == "random":
                return cls(None, int(own_seed) if own_seed else seed)
            if 1 <= int(text) <= 1_000_000:
                return cls(int(text), seed)
        except ValueError:
            pass
        raise BadArgument(f"latency must be a number of cycles from 1, random or random:SEED, "
                          f"not {text!r}")


@dataclass(frozen=True)
class RunOptions:
    """How to run a program, and what to write beside it."""

    max_cycles: int = 100_000_000
    latency: Latency = Latency()
    tohost: bool = False
    trace: Path | None = None
    trace_start: int = 0
    trace_stop: int | None = None
    commit_log: Path | None = None
    json: Path | None = None
    netlist: bool = False
    undefined: int | None = None  # the seed, if flip-flops and memories start with anything

    @property
    def variant(self) -> Variant:
        return Variant(trace=self.trace is not None, commit_log=self.commit_log is not None,
                       netlist=self.netlist)

    def check(self) -> None:
        """Raises ``BadArgument`` for a number out of range."""
        if self.max_cycles < 1:
            raise BadArgument(f"max-cycles must be at least 1, not {self.max_cycles}")
        if self.trace_start < 0 or (self.trace_stop or 1) < 0:
            raise BadArgument("a waveform cannot start or stop before cycle 0")
        if self.netlist and self.trace:
            raise BadArgument("a netlist has no names that a waveform could show")
        if self.undefined is not None and not self.netlist:
            raise BadArgument("only a netlist starts with random contents")

    def check_outputs(self) -> None:
        """Raises ``BadArgument`` if a file cannot be written; creates nothing."""
        for path in (self.trace, self.commit_log, self.json):
            if path is None:
                continue
            if path.is_dir():
                raise BadArgument(f"{path}: is a directory")
            if not path.parent.is_dir():
                raise BadArgument(f"{path}: no such directory")
            if not os.access(path if path.exists() else path.parent, os.W_OK):
                raise BadArgument(f"{path}: not writable")


@dataclass(frozen=True)
class Result:
    """The end of a run."""

    exit_status: int  # 0 passed, 1 failed, 124 cycle limit, 128 + signal
    report: dict[str, Any]  # the JSON result
    output: bytes  # what the program wrote to the UART
    errors: str  # where the harts were, if the program did not pass

    @property
    def passed(self) -> bool:
        return self.exit_status == 0


def soc_design(params: SocParams) -> Design:
    """The SoC with these parameters; made only if a model must be built."""

    def make() -> wiring.Component:
        from soc.top import Soc

        return Soc(params)

    return Design(make=make, identity=repr(params), harts=params.harts,
                  line_bytes=params.hart.line_bytes)


def model_command(design: Design, program: Program, memory_bytes: int,
                  options: RunOptions) -> list[str]:
    """The command that runs ``program``, after building the model that it needs."""
    if options.tohost and program.tohost is None:
        raise BadImage("no symbol tohost, which --tohost needs")
    if program.entry != DRAM_BASE and not program.trampoline_room():
        raise BadImage(f"entry {program.entry:#x} is not the base of DRAM ({DRAM_BASE:#x}), where "
                       "the boot ROM jumps to, and there is no room for a jump to it")
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
        "--trace-start", str(options.trace_start),
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
    return command


def simulate(params: SocParams, image: Path, options: RunOptions = RunOptions(), *,
             stdin: bytes = b"", design: Design | None = None) -> Result:
    """Runs ``image`` to its end and returns what came out.

    Raises ``BadImage``, ``BadArgument`` or ``ToolError`` if it cannot be run.
    """
    program = Program.load(image, memory_bytes=params.dram_bytes)
    with tempfile.TemporaryDirectory() as folder:
        report = options.json or Path(folder) / "result.json"
        options = replace(options, json=report)
        command = model_command(design or soc_design(params), program, params.dram_bytes, options)
        done = subprocess.run(command, input=stdin, capture_output=True, check=False)
        errors = done.stderr.decode(errors="replace")
        if done.returncode == 2 or done.returncode < 0:
            raise BadImage(errors.strip() or f"the simulator ended with {done.returncode}")
        return Result(done.returncode, json.loads(report.read_text()), done.stdout, errors)


def become(command: list[str]) -> None:
    """Replaces this process by ``command``: signals and terminal are its own."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    os.execv(command[0], command)
