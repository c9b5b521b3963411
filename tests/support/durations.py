"""How long each test took, in seconds of processor time; the longest tests are started first.

``build/test-durations.json`` is brought up to date by each run. A fresh clone has
``tests/durations.json``, a copy of it from an earlier revision, where some values may be estimates:
only the order depends on them. Tests of less than half a second are in neither.
"""

import json
import os
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
COMMITTED = PROJECT / "tests" / "durations.json"
MEASURED = PROJECT / "build" / "test-durations.json"
SHORT = 0.5


def processor_seconds() -> float:
    """What this process and the children that it waited for have used."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def known() -> dict[str, float]:
    """The seconds of each test, by its name."""
    found: dict[str, float] = {}
    for path in (COMMITTED, MEASURED):
        if path.exists():
            found |= json.loads(path.read_text())
    return found


def save(measured: dict[str, float]) -> None:
    """Brings ``MEASURED`` up to date."""
    before = json.loads(MEASURED.read_text()) if MEASURED.exists() else {}
    merged = {name: seconds for name, seconds in (before | measured).items() if seconds >= SHORT}
    MEASURED.parent.mkdir(parents=True, exist_ok=True)
    partial = MEASURED.with_suffix(f".{os.getpid()}")
    partial.write_text(json.dumps(merged, indent=0, sort_keys=True) + "\n")
    partial.rename(MEASURED)
