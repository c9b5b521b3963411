"""The hart: the cost of instructions, misses, traps and device accesses."""

from sim.bench.metric import Metric
from sim.bench.suite import Suite
from sim.bench.target import Program, Target

PROGRAM = Program("bench-core", harts=1, memory_kib=256)


def run(target: Target) -> list[Metric]:
    return target.run(PROGRAM)


SUITE = Suite("core", "cycles of single instructions, misses, traps and device accesses", run)
