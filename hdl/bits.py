"""Selection, priority and decoding of bits, in few LUTs."""

from collections.abc import Iterable
from functools import reduce
from operator import or_

from amaranth import *


def choice(values: Iterable[tuple[object, object]]) -> Value:
    """Selects the value with a true condition, or 0 if there is none.

    Takes pairs of a condition of one bit and a value. At most one condition may be true. Each
    condition gates its value in one level of logic, so a late input only passes the merging of the
    terms. Constant values need no logic.
    """
    return reduce(or_, (_gated(Value.cast(condition), Value.cast(value))
                        for condition, value in values))


def _gated(condition: Value, value: Value) -> Value:
    if len(condition) != 1:
        raise ValueError(f"condition of {len(condition)} bits")
    return value & condition.replicate(len(value))


def lowest(bits: Value) -> Value:
    """Index of the lowest bit that is set; undefined if none is."""
    count = len(bits)
    if count == 1:
        return C(0, 0)
    if count <= 8:
        low, high = bits[:count // 2], bits[count // 2:]
        return Cat(Mux(low.any(), lowest(low), lowest(high)), ~low.any())
    groups = [bits[n:n + 4] for n in range(0, count, 4)]
    first = lowest_one(Cat(group.any() for group in groups))
    return choice((first[n], Cat(lowest(group), C(n, (len(groups) - 1).bit_length())))
                  for n, group in enumerate(groups))


def lowest_one(bits: Value) -> Value:
    """One-hot: the lowest bit that is set, or 0."""
    return Cat(bits[n] & ~bits[:n].any() for n in range(len(bits)))


def one_hot(index: Value, enable: Value) -> Value:
    """``1 << index``, or 0 without ``enable``, decoded in two halves."""
    low, high = index[:len(index) // 2], index[len(index) // 2:]
    return Cat(
        (low == x) & (high == y) & enable for y in range(1 << len(high))
        for x in range(1 << len(low)))
