"""The targets of ``rel4 bench``: the simulated SoC, or a board."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar, Protocol

from sim.bench.metric import Metric, parse_metrics
from sim.board.loader import Patience
from sim.board.runner import run_to_end
from sim.board.serial_line import Line
from sim.board.workspace import image_for
from sim.image.manifest import manifest
from sim.model.elf import BadImage
from sim.model.run_options import RunOptions
from sim.model.simulate import simulate
from sim.tools import MAKE_SW, PROGRAMS, ToolError
from soc.boot_info import BootInfo
from soc.config import SocParams

MAX_CYCLES = 1_000_000_000
MAX_SECONDS = 600


class BenchError(Exception):
    """A measurement did not finish. The message is one line for the user."""


class CannotRun(BenchError):
    """The program cannot run on this machine."""


@dataclass(frozen=True)
class Program:
    """A program that prints metrics, and its requirements.

    A simulated SoC gets ``harts``. A board must have ``least_harts``, or ``harts`` if that is not
    given.
    """

    name: str
    harts: int
    least_harts: int | None = None
    taic: bool = False
    memory_kib: int = 0

    @classmethod
    def named(cls, name: str) -> "Program":
        """Returns the program of this image, with the requirements in the manifest."""
        row = manifest().image(name)
        return cls(row.name, row.harts, row.least, row.taic, row.memory_kib)

    def check(self, harts: int, taic: bool, memory_kib: int) -> None:
        """Raises ``CannotRun`` if harts, TAIC or memory do not suffice."""
        least = self.least_harts or self.harts
        if harts < least:
            raise CannotRun(f"{self.name} needs {least} harts, there are {harts}")
        if self.taic and not taic:
            raise CannotRun(f"{self.name} needs TAIC, there is none")
        if memory_kib < self.memory_kib:
            raise CannotRun(f"{self.name} needs {self.memory_kib} KiB of memory, there are "
                            f"{memory_kib}")


class Target(Protocol):
    """Runs programs. ``common`` holds machine-dependent parameters; every metric gets them."""

    common: dict[str, str]

    def config(self) -> dict[str, str | int]:
        """Describes the measured machine for the JSON result."""

    def run(self, program: Program) -> list[Metric]:
        """Runs the program and returns the metrics that it prints. Raises ``BenchError``,
        ``ToolError``, ``BadImage`` and any other error of the run."""


@dataclass(frozen=True)
class Simulated:
    """The RTL. ``params`` gives every parameter except the number of harts. ``coremark`` is a
    checkout of CoreMark, for what measures the emulator."""

    params: SocParams
    options: RunOptions
    coremark: Path | None = None

    @property
    def common(self) -> dict[str, str]:
        latency = self.options.latency.cycles
        return {"latency": "random" if latency is None else str(latency)}

    def config(self) -> dict[str, str | int]:
        machine = {"target": "sim", "config": self.params.name,
                   "latency": str(self.options.latency)}
        return machine | ({"compiler": compiler} if (compiler := _compiler()) else {})

    def run(self, program: Program) -> list[Metric]:
        params = replace(self.params, harts=program.harts)
        program.check(params.harts, params.taic is not None, params.dram_bytes >> 10)
        image = PROGRAMS / f"{program.name}.elf"
        if not image.exists():
            raise ToolError(f"{image.name} is not built: {MAKE_SW}")
        result = simulate(params, image, replace(self.options, max_cycles=MAX_CYCLES))
        if not result.passed:
            raise BenchError(f"{image.name} did not pass: {result.errors.splitlines()[0]}")
        return parse_metrics(result.output.decode(errors="replace").splitlines())


def _compiler() -> str:
    """Returns name and version of the compiler of the programs; '' if whoever built them did not
    say it."""
    told = PROGRAMS / "compiler.txt"
    return told.read_text().strip() if told.exists() else ""


@dataclass
class OnBoard:
    """A board at the other end of ``line``. Programs are built for the SoC that the board reports.
    ``baud`` and ``patience`` apply while a program is loaded. ``say`` reports progress to the user.
    """

    line: Line
    soc: BootInfo
    baud: int
    patience: Patience
    say: Callable[[str], None]

    common: ClassVar[dict[str, str]] = {}

    def config(self) -> dict[str, str | int]:
        return {"target": "board", "config": self.soc.name, "harts": self.soc.harts,
                "clock_mhz": self.soc.clock_hz // 1_000_000,
                "memory_kib": self.soc.dram_bytes >> 10, "taic": int(self.soc.taic)}

    def run(self, program: Program) -> list[Metric]:
        program.check(self.soc.harts, self.soc.taic, self.soc.dram_bytes >> 10)
        image = image_for(self.soc, program.name)
        self.say(f"{program.name} on the board")
        output = bytearray()
        try:
            end = run_to_end(self.line, image, baud=self.baud, patience=self.patience,
                             output=output.extend, seconds=MAX_SECONDS)
        except BadImage as error:
            raise CannotRun(f"{program.name}: {error}") from None
        if end is None:
            raise BenchError(f"{program.name}: no end after {MAX_SECONDS} s")
        if not end.passed:
            raise BenchError(f"{program.name} did not pass: code {end.code}")
        return parse_metrics(output.decode(errors="replace").splitlines())
