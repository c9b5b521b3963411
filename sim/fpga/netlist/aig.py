"""And-inverter graphs: one graph holds two descriptions of a function and compares them."""

import random
from collections import defaultdict

import z3

PATTERNS = 1 << 13
SEED = 1
ATTEMPTS = 3  # similar nodes that a new node is compared with at most
_ALL = (1 << PATTERNS) - 1

Literal = int  # twice the node's number, plus 1 if inverted
FALSE: Literal = 0
TRUE: Literal = 1


class Aig:
    """A graph that mostly merges nodes with the same function into one.

    If two nodes look the same under random inputs, a solver tries to prove them equal, and equal
    nodes are merged. So each proof is small: the parts of two large functions are already merged.
    """

    def __init__(self, *, solver_ms: int) -> None:
        self.solver_ms = solver_ms
        self.proofs = 0
        self._rng = random.Random(SEED)
        self._patterns = [0]
        self._terms: list[z3.BoolRef] = [z3.BoolVal(False)]
        self._nodes: dict[tuple[Literal, Literal], Literal] = {}
        self._inputs: dict[str, Literal] = {}
        self._alike: dict[int, list[Literal]] = defaultdict(list, {0: [FALSE]})

    def input(self, name: str) -> Literal:
        if name not in self._inputs:
            self._inputs[name] = self._new(self._rng.getrandbits(PATTERNS), z3.Bool(name))
        return self._inputs[name]

    def both(self, a: Literal, b: Literal) -> Literal:
        a, b = min(a, b), max(a, b)
        if a == FALSE or a == b ^ 1:
            return FALSE
        if a in (TRUE, b):
            return b
        if (a, b) not in self._nodes:
            self._nodes[a, b] = self._merged(a, b)
        return self._nodes[a, b]

    def same(self, a: Literal, b: Literal) -> bool:
        """Returns true if ``a`` and ``b`` are proven to be the same function."""
        if a == b:
            return True
        return self._pattern(a) == self._pattern(b) and self._proven(self._term(a), self._term(b))

    def _merged(self, a: Literal, b: Literal) -> Literal:
        pattern = self._pattern(a) & self._pattern(b)
        term = z3.And(self._term(a), self._term(b))
        inverted = pattern & 1  # normalise the polarity by the first pattern
        candidates = self._alike[pattern ^ (_ALL if inverted else 0)]
        for candidate in candidates[-ATTEMPTS:]:
            if self._proven(term, self._term(candidate ^ inverted)):
                return candidate ^ inverted
        return self._new(pattern, term)

    def _new(self, pattern: int, term: z3.BoolRef) -> Literal:
        literal = 2 * len(self._patterns)
        self._patterns.append(pattern)
        self._terms.append(term)
        inverted = pattern & 1
        self._alike[pattern ^ (_ALL if inverted else 0)].append(literal ^ inverted)
        return literal

    def _pattern(self, literal: Literal) -> int:
        pattern = self._patterns[literal >> 1]
        return pattern ^ _ALL if literal & 1 else pattern

    def _term(self, literal: Literal) -> z3.BoolRef:
        term = self._terms[literal >> 1]
        return z3.Not(term) if literal & 1 else term

    def _proven(self, a: z3.BoolRef, b: z3.BoolRef) -> bool:
        solver = z3.SolverFor("QF_FD")
        solver.set("timeout", self.solver_ms)
        solver.add(z3.Xor(a, b))
        self.proofs += 1
        return solver.check() == z3.unsat
