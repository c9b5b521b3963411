"""Remembers passed benches, so that a bench does not run again while nothing changed."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

PASSED = Path(__file__).resolve().parents[2] / "build" / "tests" / "passed"


class Reuse:
    """Whether passes are reused in this process, and how often this happened."""

    enabled = False
    benches = reused = 0


def key(parts: Iterable[str]) -> str:
    """Returns a key for a run, made of everything that decides its outcome."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(f"{len(part)}:{part}".encode())
    return digest.hexdigest()[:32]


def passed_before(run: str) -> bool:
    """Returns true if the run with this key passed and does not have to be repeated."""
    Reuse.benches += 1
    known = Reuse.enabled and (PASSED / run).exists()
    Reuse.reused += known
    return known


def record(run: str, name: str) -> None:
    """Remembers that the run with this key passed."""
    PASSED.mkdir(parents=True, exist_ok=True)
    (PASSED / run).write_text(f"{name}\n")
