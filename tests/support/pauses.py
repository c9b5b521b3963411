"""Generators of pauses for bus-functional models. Each yields True for a cycle of pause."""

import random
from collections.abc import Iterator


def never(rng: random.Random) -> Iterator[bool]:
    while True:
        yield False


def often(rng: random.Random) -> Iterator[bool]:
    while True:
        yield rng.random() < 0.5


def bursts(rng: random.Random) -> Iterator[bool]:
    """Yields long stretches of both values."""
    while True:
        paused = rng.random() < 0.5
        for _ in range(rng.randrange(1, 20)):
            yield paused
