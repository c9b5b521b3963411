"""Finds pairs of equal flip-flops in two descriptions of one design.

Most flip-flops have the same name on both sides. Synthesis invents names for the flip-flops that it
makes for memories. These are paired by their values in a simulation with random inputs, or by their
dependencies. A wrong pair does no harm, because the later comparison proves each pair.
"""

import random
from collections import defaultdict
from collections.abc import Callable, Hashable, Mapping
from operator import and_

from sim.fpga.netlist.gather import Bit
from sim.fpga.netlist.logic import Logic

PATTERNS = 1 << 11
CYCLES = 12
SEED = 1
_ALL = (1 << PATTERNS) - 1

Pair = tuple[Bit, Bit]  # outputs of a flip-flop on both sides
Stimulus = dict[tuple[int, str], int]  # by cycle and name
Signatures = Callable[[Logic, dict[Bit, str]], Mapping[Bit, Hashable]]


def pair_flip_flops(gold: Logic, gate: Logic) -> list[Pair]:
    """Pairs flip-flops of ``gold`` and ``gate``. Flip-flops without a partner are left out.

    If synthesis merged several equal flip-flops, the merged one is in several pairs.
    """
    places = {name: q for q in gold.flip_flops for name in gold.names[q]}
    pairs = list(dict.fromkeys((places[name], q) for q in gate.flip_flops for name in gate.names[q]
                               if name in places))
    rng = random.Random(SEED)
    stimulus: Stimulus = defaultdict(lambda: rng.getrandbits(PATTERNS))

    def histories(logic: Logic, names: dict[Bit, str]) -> dict[Bit, tuple[int, ...]]:
        return _histories(logic, names, stimulus)

    while found := _alike(gold, gate, pairs, histories) or _alike(gold, gate, pairs, _supports):
        pairs += found
    return pairs


def common_names(pairs: list[Pair]) -> tuple[dict[Bit, str], dict[Bit, str]]:
    """Names each flip-flop on both sides. Equal flip-flops get the same name."""
    names: tuple[dict[Bit, str], dict[Bit, str]] = {}, {}
    for number, pair in enumerate(pairs):
        taken = {names[side][q] for side, q in enumerate(pair) if q in names[side]}
        name = min(taken, default=f"flip-flop {number}")
        for other in taken - {name}:
            for side in names:
                side.update((q, name) for q, old in side.items() if old == other)
        for side, q in enumerate(pair):
            names[side][q] = name
    return names


def _alike(gold: Logic, gate: Logic, pairs: list[Pair], signatures: Signatures) -> list[Pair]:
    """Pairs unpaired flip-flops that have the same signature."""
    names = common_names(pairs)
    alike: dict[Hashable, list[Bit]] = defaultdict(list)
    for q, signature in signatures(gold, names[0]).items():
        alike[signature].append(q)
    found = []
    for q, signature in signatures(gate, names[1]).items():
        if same := alike.get(signature):
            found.append((same.pop() if len(same) > 1 else same[0], q))
    return found


def _histories(logic: Logic, names: dict[Bit, str], stimulus: Stimulus
               ) -> dict[Bit, tuple[int, ...]]:
    """Returns the values of each unnamed flip-flop in the first cycles. Inputs and named flip-flops
    are random in each cycle.

    Omits flip-flops that never change: most are constants, and only the RTL has them.
    """
    wanted = {q: logic.flip_flops[q] for q in logic.flip_flops if q not in names}
    known = logic.inputs | names
    state = {q: _ALL if logic.starts.get(q) == "1" else 0 for q in wanted}
    history: list[dict[Bit, int]] = []
    for cycle in range(CYCLES):
        given = {bit: stimulus[cycle, name] for bit, name in known.items()} | state
        after = logic.evaluate(given, wanted.values(), and_, lambda a: _ALL ^ a, 0)
        state = {q: after[d] for q, d in wanted.items()}
        history.append(state)
    values = {q: tuple(state[q] for state in history) for q in wanted}
    return {q: value for q, value in values.items() if len(set(value)) > 1}


def _supports(logic: Logic, names: dict[Bit, str]) -> dict[Bit, frozenset[str]]:
    """Returns, for each unnamed flip-flop, the names that its input depends on."""
    wanted = {q: logic.flip_flops[q] for q in logic.flip_flops if q not in names}
    given = {bit: frozenset({name}) for bit, name in (logic.inputs | names).items()}
    found = logic.evaluate(given, wanted.values(), frozenset.union, lambda a: a, frozenset())
    return {q: found[d] for q, d in wanted.items() if found[d]}
