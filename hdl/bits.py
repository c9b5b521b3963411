"""Bits and their numbers, in few LUTs."""

from collections.abc import Iterable
from functools import reduce
from operator import or_

from amaranth import *


def choice(values: Iterable[tuple[object, object]]) -> Value:
    """The value whose condition, of one bit, is met; 0 if none is. Not more than one may be.

    Conditions and values meet in one level of logic, so that a late one of either kind waits for
    nothing but the merging of the terms; constants cost nothing.
    """
    return reduce(or_, (_gated(Value.cast(condition), Value.cast(value))
                        for condition, value in values))


def _gated(condition: Value, value: Value) -> Value:
    if len(condition) != 1:
        raise ValueError(f"condition of {len(condition)} bits")
    return value & condition.replicate(len(value))


def lowest(bits: Value) -> Value:
    """Index of the lowest bit that is set; any if none is."""
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
    """Only the lowest bit that is set."""
    return Cat(bits[n] & ~bits[:n].any() for n in range(len(bits)))


def one_hot(index: Value, enable: Value) -> Value:
    """``1 << index``, or 0 without ``enable``, decoded in two halves."""
    low, high = index[:len(index) // 2], index[len(index) // 2:]
    return Cat(
        (low == x) & (high == y) & enable for y in range(1 << len(high))
        for x in range(1 << len(low)))
