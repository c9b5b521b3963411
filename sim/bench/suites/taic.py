"""TAIC: its ready queues compared with queues in memory, and its wake-ups."""

from sim.bench.metric import Metric
from sim.bench.suite import Suite, with_params
from sim.bench.target import Program, Target

QUEUES = Program.named("taic")
CONTENTION = Program.named("taic-contention")


def run(target: Target) -> list[Metric]:
    """One and two harts; then up to four harts that use the TAIC at the same time."""
    return with_params(target.run(QUEUES) + target.run(CONTENTION), target.common)


SUITE = Suite(
    "taic", "ready queues and wake-ups: one hart, two, four; queues in memory beside", run)
