"""Runs programs on the emulator, from Python."""

from dataclasses import dataclass, replace
from pathlib import Path

from sim import tools
from sim.emulator.build import build_emulator
from sim.emulator.machine import machine_arguments
from sim.model.elf import BadImage, Program
from sim.model.run_options import BadArgument, RunOptions
from sim.model.simulate import Result, outcome
from soc.config import SocParams

DEFAULT_MAX_CYCLES = 10_000_000_000
DEFAULT_IPS = 100_000_000
DEFAULT_QUANTUM = 200
# Time must advance within a few turns, and a turn must end.
IPS_RANGE = range(1_000, 100_000_000_001)
QUANTUM_RANGE = range(1, 1_000_001)
PORT_RANGE = range(0, 65_536)


@dataclass(frozen=True)
class EmulatorOptions:
    """How to run a program, and which files to write. ``None`` writes none."""

    max_cycles: int = DEFAULT_MAX_CYCLES
    ips: int = DEFAULT_IPS  # instructions of a hart in a second of its time
    quantum: int = DEFAULT_QUANTUM  # instructions of a hart before the next one's turn
    tohost: bool = False
    commit_log: Path | None = None
    json: Path | None = None
    checkpoint: int | None = None  # cycle in which the state is written to ``output``
    output: Path | None = None
    gdb: int | None = None  # port on which GDB is served; 0 is any that is free

    def check(self) -> None:
        """Raises ``BadArgument`` for a number out of range or a file that cannot be written."""
        if self.ips not in IPS_RANGE:
            raise BadArgument(f"ips must be {IPS_RANGE[0]} to {IPS_RANGE[-1]}, not {self.ips}")
        if self.quantum not in QUANTUM_RANGE:
            raise BadArgument(f"quantum must be {QUANTUM_RANGE[0]} to {QUANTUM_RANGE[-1]}, "
                              f"not {self.quantum}")
        if self.gdb is not None and self.gdb not in PORT_RANGE:
            raise BadArgument(f"gdb must be a port from {PORT_RANGE[0]} to {PORT_RANGE[-1]}, "
                              f"not {self.gdb}")
        if (self.checkpoint is None) != (self.output is None):
            raise BadArgument("--checkpoint and --output belong together")
        if self.checkpoint is not None and self.checkpoint < 1:
            raise BadArgument(f"the cycle of a checkpoint must be at least 1, not "
                              f"{self.checkpoint}")
        shared = RunOptions(max_cycles=self.max_cycles, commit_log=self.commit_log,
                            json=self.json)
        shared.check()
        shared.check_outputs()


def emulator_command(params: SocParams, program: Program, options: EmulatorOptions) -> list[str]:
    """Builds the emulator and returns the command that runs ``program`` on it."""
    if options.tohost and program.tohost is None:
        raise BadImage("no symbol tohost, which --tohost needs")
    options.check()
    command = [str(build_emulator()), *machine_arguments(params, program),
               "--capstone", str(tools.capstone() / "lib" / "libcapstone.so"),
               "--max-cycles", str(options.max_cycles), "--ips", str(options.ips),
               "--quantum", str(options.quantum)]
    if options.tohost:
        command += ["--tohost", str(program.tohost)]
    for name in ("commit_log", "json", "gdb", "checkpoint", "output"):
        if (value := getattr(options, name)) is not None:
            command += [f"--{name.replace('_', '-')}", str(value)]
    return command


def emulate(params: SocParams, image: Path, options: EmulatorOptions = EmulatorOptions(), *,
            stdin: bytes = b"") -> Result:
    """Runs ``image`` to its end and returns the outcome.

    Raises ``BadImage``, ``BadArgument`` or ``ToolError`` if it cannot be run.
    """
    program = Program.load(image, memory_bytes=params.dram_bytes)

    def command(report: Path) -> list[str]:
        return emulator_command(params, program, replace(options, json=report))

    return outcome("emulator", command, options.json, stdin)
