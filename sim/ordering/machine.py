"""A simulated SoC that runs programs of the workspace and sends requests to them over the UART."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sim.model.design import Design
from sim.model.run_options import Latency, RunOptions
from sim.model.simulate import Result, simulate
from sim.tools import MAKE_SW, PROGRAMS, ToolError
from soc.config import SocParams


class OrderingError(Exception):
    """A test cannot run. The message is one line for the user."""


@dataclass(frozen=True)
class Machine:
    """The machine that runs the programs."""

    params: SocParams
    latency: Latency = Latency()
    design: Design | None = None  # if it is not the SoC with these parameters
    images: Path = PROGRAMS

    def ask(self, program: str, request: str, max_cycles: int) -> Iterator[list[str]]:
        """Runs a program and returns the words of each line of its answer."""
        image = self.images / f"{program}.elf"
        if not image.exists():
            raise ToolError(f"{image.name} is not built: {MAKE_SW}")
        options = RunOptions(max_cycles=max_cycles, latency=self.latency)
        result = simulate(self.params, image, options, stdin=f"{request}\n".encode(),
                          design=self.design)
        if not result.passed:
            raise OrderingError(f"{image.name} did not pass: {_complaint(result)}")
        yield from map(str.split, result.output.decode(errors="replace").splitlines())


def _complaint(result: Result) -> str:
    return (result.output.decode(errors="replace") + result.errors).strip().splitlines()[0]
