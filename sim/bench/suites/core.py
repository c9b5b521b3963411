"""The hart: the cost of instructions, misses, traps and device accesses."""

from sim.bench.metric import Metric
from sim.bench.suite import Suite
from sim.bench.target import Program, Target

PROGRAM = Program.named("bench-core")


def run(target: Target) -> list[Metric]:
    return target.run(PROGRAM)


SUITE = Suite("core", "cycles of single instructions, misses, traps and device accesses", run)
