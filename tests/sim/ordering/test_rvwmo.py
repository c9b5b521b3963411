"""The enumerator allows exactly the outcomes of the specification and of the literature on it."""

import pytest

from sim.ordering.litmus_code import REGISTERS, Kind, decode
from sim.ordering.rvwmo import Model, outcomes

X, Y, ONE, TWO = "a0", "a1", "a4", "a5"  # the initial registers of threads


def number(register):
    return REGISTERS.index(register)


def ld(rd, address):
    return number(address) << 15 | 3 << 12 | number(rd) << 7 | 0x03


def sd(data, address):
    return number(data) << 20 | number(address) << 15 | 3 << 12 | 0x23


def fence(predecessors, successors):
    bits = {"r": 2, "w": 1, "rw": 3}
    return bits[predecessors] << 24 | bits[successors] << 20 | 0x0F


FENCE_TSO = 0x8330_000F


def amo(funct5, rd, data, address, *, aq=0, rl=0):
    return (funct5 << 27 | aq << 26 | rl << 25 | number(data) << 20 | number(address) << 15
            | 3 << 12 | number(rd) << 7 | 0x2F)


def swap(data, address, **order):
    return amo(1, "zero", data, address, **order)


def read(rd, address, **order):
    return amo(8, rd, "zero", address, **order)


def lr(rd, address):
    return amo(2, rd, "zero", address)


def sc(rd, data, address):
    return amo(3, rd, data, address)


def depending(value, on):
    """Sets ``t0`` to the value of a register, with a syntactic dependency on another register."""
    return [number(on) << 20 | number(on) << 15 | 4 << 12 | number("t0") << 7 | 0x33,
            number(value) << 20 | number("t0") << 15 | number("t0") << 7 | 0x33]


def branch_on(register):
    return number(register) << 15 | 0x263


def allowed(threads, observed, model=Model.RVWMO):
    return outcomes([decode(words) for words in threads], observed.split(), model)


W_X_W_Y = [sd(ONE, X), sd(ONE, Y)]
R_Y_R_X = [ld("a2", Y), ld("a3", X)]
FENCED_WRITES = [sd(ONE, X), fence("w", "w"), sd(ONE, Y)]

# Name, threads, observed values, the outcome in question, and the models that allow it.
CASES = [
    ("MP", [W_X_W_Y, R_Y_R_X], "1:a2 1:a3", "10", {Model.RVWMO}),
    ("MP, fences", [FENCED_WRITES, [ld("a2", Y), fence("r", "r"), ld("a3", X)]],
     "1:a2 1:a3", "10", set()),
    ("MP, fence and address", [FENCED_WRITES, [ld("a2", Y), *depending(X, "a2"), ld("a3", "t0")]],
     "1:a2 1:a3", "10", set()),
    ("MP, the wrong fence", [[sd(ONE, X), fence("r", "rw"), sd(ONE, Y)],
                             [ld("a2", Y), fence("r", "r"), ld("a3", X)]],
     "1:a2 1:a3", "10", {Model.RVWMO}),
    ("MP, release and acquire", [[sd(ONE, X), swap(ONE, Y, rl=1)],
                                 [read("a2", Y, aq=1), R_Y_R_X[1]]], "1:a2 1:a3", "10", set()),
    ("MP, no release", [[sd(ONE, X), swap(ONE, Y)], [read("a2", Y, aq=1), R_Y_R_X[1]]],
     "1:a2 1:a3", "10", {Model.RVWMO}),
    ("SB", [[sd(ONE, X), ld("a2", Y)], [sd(ONE, Y), ld("a2", X)]],
     "0:a2 1:a2", "00", {Model.TSO, Model.RVWMO}),
    ("SB, fences", [[sd(ONE, X), fence("rw", "rw"), ld("a2", Y)],
                    [sd(ONE, Y), fence("w", "r"), ld("a2", X)]], "0:a2 1:a2", "00", set()),
    ("SB, FENCE.TSO", [[sd(ONE, X), FENCE_TSO, ld("a2", Y)], [sd(ONE, Y), FENCE_TSO, ld("a2", X)]],
     "0:a2 1:a2", "00", {Model.TSO, Model.RVWMO}),
    ("SB, RCsc", [[swap(ONE, X, rl=1), read("a2", Y, aq=1)],
                  [swap(ONE, Y, rl=1), read("a2", X, aq=1)]], "0:a2 1:a2", "00", set()),
    ("SB, own stores forwarded", [[sd(ONE, X), ld("a2", X), ld("a3", Y)],
                                  [sd(ONE, Y), ld("a2", Y), ld("a3", X)]],
     "0:a2 0:a3 1:a2 1:a3", "1010", {Model.TSO, Model.RVWMO}),
    ("LB", [[ld("a2", X), sd(ONE, Y)], [ld("a2", Y), sd(ONE, X)]],
     "0:a2 1:a2", "11", {Model.RVWMO}),
    ("LB, data and control", [[ld("a2", X), *depending(ONE, "a2"), sd("t0", Y)],
                              [ld("a2", Y), branch_on("a2"), sd(ONE, X)]],
     "0:a2 1:a2", "11", set()),
    ("LB, control past a load", [[ld("a2", X), branch_on("a2"), ld("a3", X), sd(ONE, Y)],
                                    [ld("a2", Y), *depending(ONE, "a2"), sd("t0", X)]],
     "0:a2 1:a2", "11", set()),
    ("2+2W", [[sd(ONE, X), sd(TWO, Y)], [sd(ONE, Y), sd(TWO, X)]], "x y", "11", {Model.RVWMO}),
    ("2+2W, fences", [[sd(ONE, X), fence("w", "w"), sd(TWO, Y)],
                      [sd(ONE, Y), fence("w", "w"), sd(TWO, X)]], "x y", "11", set()),
    ("S, fence and data", [[sd(TWO, X), fence("w", "w"), sd(ONE, Y)],
                           [ld("a2", Y), *depending(ONE, "a2"), sd("t0", X)]],
     "1:a2 x", "12", set()),
    ("R", [W_X_W_Y, [sd(TWO, Y), ld("a2", X)]], "1:a2 y", "02", {Model.TSO, Model.RVWMO}),
    ("CoRR", [[sd(ONE, X)], [ld("a2", X), ld("a3", X)]], "1:a2 1:a3", "10", set()),
    ("CoWR", [[sd(ONE, X), ld("a2", X)], [sd(TWO, X)]], "0:a2", "0", set()),
    ("IRIW", [[sd(ONE, X)], [ld("a2", X), ld("a3", Y)], [sd(ONE, Y)], R_Y_R_X],
     "1:a2 1:a3 3:a2 3:a3", "1010", {Model.RVWMO}),
    ("IRIW, addresses", [[sd(ONE, X)], [ld("a2", X), *depending(Y, "a2"), ld("a3", "t0")],
                         [sd(ONE, Y)], [ld("a2", Y), *depending(X, "a2"), ld("a3", "t0")]],
     "1:a2 1:a3 3:a2 3:a3", "1010", set()),
    ("a store between LR and SC", [[lr("a2", X), sc("a3", ONE, X)], [sd(TWO, X)]],
     "0:a2 0:a3 x", "001", set()),
    ("an AMO loses a store", [[amo(0, "a2", ONE, X)], [sd(TWO, X)]], "0:a2 x", "01", set()),
]


@pytest.mark.parametrize(("threads", "observed", "outcome", "models"),
                         [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_verdicts(threads, observed, outcome, models):
    assert {model for model in Model if outcome in allowed(threads, observed, model)} == models


def test_each_model_allows_what_a_stricter_one_does():
    for _, threads, observed, _, _ in CASES:
        sc_, tso, rvwmo = (allowed(threads, observed, model) for model in Model)
        assert sc_ <= tso <= rvwmo
        assert sc_


def test_a_conditional_store_may_fail_and_counts_at_most_once():
    pair = [lr("a2", X), sc("a3", ONE, X)]
    assert allowed([pair] * 2, "0:a3 1:a3 x") == {"001", "011", "101", "110"}


def test_atomic_additions_add_up():
    add = [amo(0, "a2", ONE, X)]
    assert allowed([add] * 2, "0:a2 1:a2 x") == {"012", "102"}


def test_unknown_instructions_are_refused():
    with pytest.raises(ValueError, match="not an instruction of a litmus test: 00100513"):
        decode([0x0010_0513])  # li a0, 1
    assert [i.kind for i in decode([FENCE_TSO, ld("a2", X)])] == [Kind.FENCE, Kind.LOAD]
