"""The suites of ``rel4 bench``."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from rich.table import Table

from sim.bench import message
from sim.bench.metric import Metric, parse_metrics
from sim.run import RunOptions, simulate
from sim.tools import BUILD, ToolError
from soc.config import SocParams


class BenchError(Exception):
    """A measurement did not come to its end; the message is one line for the user."""


@dataclass(frozen=True)
class Suite:
    """A set of metrics that are measured together."""

    name: str
    title: str
    harts: int
    run: Callable[[SocParams, RunOptions], list[Metric]]
    table: Callable[[list[Metric]], Table] | None = None  # instead of a line for each metric
    plot: Callable[[list[Metric], str], bytes] | None = None  # as svg or png


def run_program(image: Path, params: SocParams, options: RunOptions) -> list[Metric]:
    """Runs a program on the RTL and returns the metrics that it printed."""
    if not image.exists():
        raise ToolError(f"{image.name} is not built: make sw")
    result = simulate(params, image, replace(options, max_cycles=1_000_000_000))
    if not result.passed:
        raise BenchError(f"{image.name} did not pass: {result.errors.splitlines()[0]}")
    return parse_metrics(result.output.decode(errors="replace").splitlines())


def _core(params: SocParams, options: RunOptions) -> list[Metric]:
    return run_program(BUILD / "sw" / "bench-core.elf", params, options)


def _with_common(image: str, params: SocParams, options: RunOptions) -> list[Metric]:
    """The metrics of a program, with the number of harts and the latency among their parameters."""
    latency = "random" if options.latency.cycles is None else str(options.latency.cycles)
    common = {"harts": str(params.harts), "latency": latency}
    metrics = run_program(BUILD / "sw" / image, params, options)
    return [replace(metric, params=metric.params | common) for metric in metrics]


def _uintr(params: SocParams, options: RunOptions) -> list[Metric]:
    return _with_common("uintr.elf", params, options)


def _message(params: SocParams, options: RunOptions) -> list[Metric]:
    return _with_common("message.elf", params, options)


def _taic(params: SocParams, options: RunOptions) -> list[Metric]:
    """One hart and two; then up to four that use it at the same time."""
    latency = "random" if options.latency.cycles is None else str(options.latency.cycles)
    metrics = run_program(BUILD / "sw" / "taic.elf", params, options)
    metrics += run_program(BUILD / "sw" / "taic-contention.elf", replace(params, harts=4), options)
    return [replace(metric, params=metric.params | {"latency": latency}) for metric in metrics]


SUITES = {suite.name: suite for suite in (
    Suite("core", "cycles of single instructions, misses, traps and device accesses", 1, _core),
    Suite("uintr", "user interrupts: send, entry, round trip, two harts, sleeping receivers", 2,
          _uintr),
    Suite("taic", "ready queues and wake-ups: one hart, two, four; queues in memory beside", 2,
          _taic),
    Suite("message", "a message between two processes, woken by kernel, UINTC or TAIC", 2, _message,
          table=message.comparison, plot=message.plot),
)}
