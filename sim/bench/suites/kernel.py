"""ReL4: system calls, calls and replies between two address spaces."""

from sim.bench.metric import Metric
from sim.bench.suite import Suite, with_params
from sim.bench.target import Program, Target

PROGRAM = Program.named("bench-kernel")


def run(target: Target) -> list[Metric]:
    return with_params(target.run(PROGRAM), {"harts": str(PROGRAM.harts)} | target.common)


SUITE = Suite("kernel", "ReL4: system calls, messages between two address spaces", run)
