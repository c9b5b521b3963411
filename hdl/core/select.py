"""Selection of one of several values."""

from collections.abc import Iterable
from functools import reduce
from operator import or_

from amaranth import Value


def one_hot(choices: Iterable[tuple[Value, Value]]) -> Value:
    """The value whose condition holds; exactly one does.

    Conditions and values meet in one level of logic, so that a late one of either kind waits for
    nothing but the merging of the terms.
    """
    return reduce(or_, (value & condition.replicate(len(value)) for condition, value in choices))
