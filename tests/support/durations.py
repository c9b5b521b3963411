"""How long each test took, in seconds of processor time; the longest tests are started first.

Each run updates ``build/test-durations.json``. A fresh clone has ``tests/durations.json``, a copy
of it from an earlier revision, where some values may be estimates: only the order depends on them.
Tests of less than half a second are in neither.
"""

import json
import os
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
COMMITTED = PROJECT / "tests" / "durations.json"
MEASURED = PROJECT / "build" / "test-durations.json"
SHORT = 0.5


def processor_seconds() -> float:
    """Returns the processor time of this process and of the children that it waited for."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def known() -> dict[str, float]:
    """Returns the seconds of each test, by its name."""
    found: dict[str, float] = {}
    for path in (COMMITTED, MEASURED):
        if path.exists():
            found |= json.loads(path.read_text())
    return found


def save(measured: dict[str, float]) -> None:
    """Updates ``MEASURED``."""
    before = json.loads(MEASURED.read_text()) if MEASURED.exists() else {}
    merged = {name: seconds for name, seconds in (before | measured).items() if seconds >= SHORT}
    MEASURED.parent.mkdir(parents=True, exist_ok=True)
    partial = MEASURED.with_suffix(f".{os.getpid()}")
    partial.write_text(json.dumps(merged, indent=0, sort_keys=True) + "\n")
    partial.rename(MEASURED)
