"""Litmus tests of the memory model: runs them on the RTL and judges the outcomes.

The program ``sw/checks/litmus`` contains the tests and prints their instructions.
:mod:`sim.ordering.rvwmo` derives the allowed outcomes from the instructions.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from .litmus_code import Instruction, decode
from .machine import Machine, OrderingError
from .rvwmo import Model, outcomes

PROGRAM = "litmus"
CYCLES_AN_ITERATION = 2000  # far more than any test takes
CYCLES_AROUND = 5_000_000


@dataclass(frozen=True)
class Test:
    """A litmus test in the program's description."""

    name: str
    observed: tuple[str, ...]  # "1:a2", "x"
    threads: tuple[tuple[Instruction, ...], ...]

    @cached_property
    def allowed(self) -> dict[str, Model]:
        """Maps every outcome that RISC-V allows to the strictest model that allows it."""
        found: dict[str, Model] = {}
        for model in Model:
            for outcome in outcomes(self.threads, self.observed, model):
                found.setdefault(outcome, model)
        return found


@dataclass(frozen=True)
class Outcomes:
    """The number of times that each outcome of a test was seen."""

    test: Test
    harts: int
    iterations: int
    cycles: int
    counts: dict[str, int]

    def seen(self, *models: Model | None) -> dict[str, int]:
        """Seen outcomes whose strictest model is one of ``models``; None stands for forbidden
        outcomes."""
        return {outcome: count for outcome, count in self.counts.items()
                if self.test.allowed.get(outcome) in models}

    @property
    def forbidden(self) -> dict[str, int]:
        """Seen outcomes that RISC-V forbids; empty unless the machine is broken."""
        return self.seen(None)

    def unseen(self, model: Model) -> list[str]:
        """Outcomes not seen whose strictest model is ``model``."""
        return sorted(outcome for outcome, strictest in self.test.allowed.items()
                      if strictest is model and outcome not in self.counts)

    def as_json(self) -> dict:
        return {
            "name": self.test.name, "harts": self.harts, "iterations": self.iterations,
            "cycles": self.cycles, "outcomes": self.counts, "forbidden": self.forbidden,
            "weak_seen": self.seen(Model.TSO, Model.RVWMO),
            "tso_unseen": self.unseen(Model.TSO), "rvwmo_unseen": self.unseen(Model.RVWMO),
        }


def tests(machine: Machine, pattern: str = "") -> list[Test]:
    """Returns the program's tests that fit the harts of ``machine`` and match the pattern."""
    observed: dict[str, tuple[str, ...]] = {}
    threads: dict[str, list[tuple[Instruction, ...]]] = {}
    for line in machine.ask(PROGRAM, "list", CYCLES_AROUND):
        match line:
            case ["test", name, _, *values]:
                observed[name], threads[name] = tuple(values), []
            case ["code", name, _, *words]:
                threads[name].append(tuple(decode([int(word, 16) for word in words])))
    found = [Test(name, observed[name], tuple(threads[name])) for name in observed]
    chosen = [test for test in found if re.search(pattern, test.name)
              and len(test.threads) <= machine.params.harts]
    if not chosen:
        raise OrderingError(f"no litmus test for {machine.params.harts} harts matches {pattern!r}")
    return chosen


def run(machine: Machine, chosen: list[Test], *, iterations: int, seed: int,
        report: Callable[[Outcomes], None] = lambda outcomes: None) -> list[Outcomes]:
    """Runs each test with at least that many iterations. Calls ``report`` after each test."""
    results = []
    for test in chosen:
        request = f"{machine.params.harts} {iterations} {seed} {test.name}"
        limit = CYCLES_AROUND + CYCLES_AN_ITERATION * iterations
        (result,) = (_outcomes(test, words) for words in machine.ask(PROGRAM, request, limit)
                     if words[0] == "litmus")
        report(result)
        results.append(result)
    return results


def _outcomes(test: Test, words: list[str]) -> Outcomes:
    """Parses ``litmus NAME HARTS ITERATIONS CYCLES OUTCOME=COUNT ...``."""
    _, _, harts, iterations, cycles, *counts = words
    pairs = (count.split("=") for count in counts)
    return Outcomes(test, int(harts), int(iterations), int(cycles),
                    {outcome: int(count) for outcome, count in pairs})
