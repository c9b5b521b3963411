"""Finds which flip-flops of two descriptions of one design are the same.

Most have the same name. Synthesis gives names of its own to those that it makes for memories: these
are paired by what they hold in a simulation with random inputs. A wrong pair does no harm, because
the comparison that follows proves each of them.
"""

import random
from collections import defaultdict
from operator import and_

from sim.netlist.gather import Bit
from sim.netlist.logic import Logic

PATTERNS = 1 << 11
CYCLES = 12
SEED = 1
_ALL = (1 << PATTERNS) - 1

Pair = tuple[Bit, Bit]  # outputs of a flip-flop on both sides
Stimulus = dict[tuple[int, str], int]  # by cycle and name


def pair_flip_flops(gold: Logic, gate: Logic) -> list[Pair]:
    """The flip-flops of ``gate``, each with those of ``gold``; those without are left out.

    Where synthesis has found that several are the same, one is in several pairs.
    """
    places = {name: q for q in gold.flip_flops for name in gold.names[q]}
    pairs = list(dict.fromkeys((places[name], q) for q in gate.flip_flops for name in gate.names[q]
                               if name in places))
    rng = random.Random(SEED)
    stimulus: Stimulus = defaultdict(lambda: rng.getrandbits(PATTERNS))
    while found := _by_behaviour(gold, gate, pairs, stimulus):
        pairs += found
    return pairs


def common_names(pairs: list[Pair]) -> tuple[dict[Bit, str], dict[Bit, str]]:
    """A name for each flip-flop, on both sides, the same for all that are the same."""
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


def _by_behaviour(gold: Logic, gate: Logic, pairs: list[Pair], stimulus: dict[str, int]
                  ) -> list[Pair]:
    """Pairs of flip-flops that behave alike, of those that are in none."""
    names = common_names(pairs)
    alike: dict[tuple[int, ...], list[Bit]] = defaultdict(list)
    for q, signature in _signatures(gold, names[0], stimulus).items():
        if len(set(signature)) > 1:  # else it is a constant that only the RTL has, or never moved
            alike[signature].append(q)
    found = []
    for q, signature in _signatures(gate, names[1], stimulus).items():
        if same := alike.get(signature):
            found.append((same.pop() if len(same) > 1 else same[0], q))
    return found


def _signatures(logic: Logic, names: dict[Bit, str], stimulus: Stimulus
                ) -> dict[Bit, tuple[int, ...]]:
    """The values of each flip-flop without a name in some cycles, from its start on. Inputs, and
    flip-flops with a name, are random in each cycle."""
    wanted = {q: logic.flip_flops[q] for q in logic.flip_flops if q not in names}
    known = logic.inputs | names
    state = {q: _ALL if logic.starts.get(q) == "1" else 0 for q in wanted}
    history: list[dict[Bit, int]] = []
    for cycle in range(CYCLES):
        given = {bit: stimulus[cycle, name] for bit, name in known.items()} | state
        after = logic.evaluate(given, wanted.values(), and_, lambda a: _ALL ^ a, 0)
        state = {q: after[d] for q, d in wanted.items()}
        history.append(state)
    return {q: tuple(state[q] for state in history) for q in wanted}
