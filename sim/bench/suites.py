"""The suites of ``rel4 bench``."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from rich.table import Table

from sim.bench import message
from sim.bench.machine import Machine, Program
from sim.bench.metric import Metric

CORE = Program.named("bench-core")
UINTR = Program.named("uintr")
MESSAGE = Program.named("message")
TAIC = Program.named("taic")
TAIC_CONTENTION = Program.named("taic-contention")


@dataclass(frozen=True)
class Suite:
    """A set of metrics that are measured together."""

    name: str
    title: str
    run: Callable[[Machine], list[Metric]]
    table: Callable[[list[Metric]], Table] | None = None  # instead of a line for each metric
    plot: Callable[[list[Metric], str], bytes] | None = None  # as svg or png


def _with(metrics: list[Metric], common: dict[str, str]) -> list[Metric]:
    return [replace(metric, params=metric.params | common) for metric in metrics]


def _core(machine: Machine) -> list[Metric]:
    return machine.run(CORE)


def _uintr(machine: Machine) -> list[Metric]:
    return _with(machine.run(UINTR), {"harts": str(UINTR.harts)} | machine.common)


def _message(machine: Machine) -> list[Metric]:
    return _with(machine.run(MESSAGE), {"harts": str(MESSAGE.harts)} | machine.common)


def _taic(machine: Machine) -> list[Metric]:
    """One hart and two; then up to four that use it at the same time."""
    return _with(machine.run(TAIC) + machine.run(TAIC_CONTENTION), machine.common)


SUITES = {suite.name: suite for suite in (
    Suite("core", "cycles of single instructions, misses, traps and device accesses", _core),
    Suite("uintr", "user interrupts: send, entry, round trip, two harts, sleeping receivers",
          _uintr),
    Suite("taic", "ready queues and wake-ups: one hart, two, four; queues in memory beside",
          _taic),
    Suite("message", "a message between two processes, woken by kernel, UINTC or TAIC", _message,
          table=message.comparison, plot=message.plot),
)}
