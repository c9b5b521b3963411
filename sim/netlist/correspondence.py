"""Finds which flip-flops of two descriptions of one design are the same.

Most have the same name. Synthesis gives names of its own to those that it makes for memories: these
are paired by what they would take over under random inputs. A wrong pair does no harm, because the
comparison that follows proves each of them.
"""

import random
from collections import defaultdict
from operator import and_

from sim.netlist.gather import Bit
from sim.netlist.logic import Logic

PATTERNS = 1 << 14
SEED = 1
_ALL = (1 << PATTERNS) - 1

Pair = tuple[Bit, Bit]  # outputs of a flip-flop on both sides


def pair_flip_flops(gold: Logic, gate: Logic) -> list[Pair]:
    """The flip-flops of ``gate``, each with those of ``gold``; those without are left out.

    Where synthesis has found that several are the same, one is in several pairs.
    """
    places = {name: q for q in gold.flip_flops for name in gold.names[q]}
    pairs = list(dict.fromkeys((places[name], q) for q in gate.flip_flops for name in gate.names[q]
                               if name in places))
    rng = random.Random(SEED)
    stimulus: dict[str, int] = defaultdict(lambda: rng.getrandbits(PATTERNS))
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
    alike: dict[tuple[int, int], list[Bit]] = defaultdict(list)
    for q, signature in _signatures(gold, names[0], stimulus).items():
        alike[signature].append(q)
    found = []
    for q, signature in _signatures(gate, names[1], stimulus).items():
        if same := alike.get(signature):
            found.append((same.pop() if len(same) > 1 else same[0], q))
    return found


def _signatures(logic: Logic, names: dict[Bit, str], stimulus: dict[str, int]
                ) -> dict[Bit, tuple[int, int]]:
    """What each flip-flop without a name takes over while all of them are 0, and while all are
    1."""
    wanted = [q for q in logic.flip_flops if q not in names]
    given = {bit: stimulus[name] for bit, name in (logic.inputs | names).items()}
    inputs = [logic.flip_flops[q] for q in wanted]
    low, high = (logic.evaluate(given | dict.fromkeys(wanted, value), inputs, and_,
                                lambda a: _ALL ^ a, 0) for value in (0, _ALL))
    return {q: (low[logic.flip_flops[q]], high[logic.flip_flops[q]]) for q in wanted}
