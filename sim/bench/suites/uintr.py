"""User interrupts between two processes on two harts."""

from sim.bench.metric import Metric
from sim.bench.suite import Suite, with_params
from sim.bench.target import Program, Target

PROGRAM = Program.named("uintr")


def run(target: Target) -> list[Metric]:
    return with_params(target.run(PROGRAM), {"harts": str(PROGRAM.harts)} | target.common)


SUITE = Suite(
    "uintr", "user interrupts: send, entry, round trip, two harts, sleeping receivers", run)
