"""``make figures`` measures a group completely or not at all."""

import json
import subprocess
from pathlib import Path

import pytest

from sim.figures import measure as measuring
from sim.figures.data import FigureError, read
from sim.figures.measure import GROUPS, Group, Run, checked_out, measure
from sim.figures.synthesis import board_values, synth_values

ROOT = Path(__file__).resolve().parents[2]
COUNTS = {"luts": 5, "lut_ram_luts": 4, "ffs": 3, "block_rams": 2, "dsps": 1}
TOOL = """
import sys
if "bad" in sys.argv:
    sys.exit(1)
open(sys.argv[sys.argv.index("--json") + 1], "w").write('{"n": 1}')
"""


def git(folder, *arguments):
    subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a@b", *arguments], cwd=folder,
                   check=True, capture_output=True)


@pytest.fixture
def checkout(tmp_path):
    """A repository with a ``rel4`` that writes ``{"n": 1}`` and fails for the argument bad."""
    (tmp_path / "sim").mkdir()
    (tmp_path / "sim/__main__.py").write_text(TOOL)
    (tmp_path / ".gitignore").write_text("__pycache__\n")
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-qm", "a")
    return tmp_path


def group(monkeypatch, *arguments):
    runs = {word: Run(word, lambda result: {"values": result}, {"harts": 1})
            for word in arguments}
    monkeypatch.setitem(measuring.GROUPS, "new", Group(runs, 1))


def test_what_is_written(checkout, monkeypatch):
    group(monkeypatch, "one", "two")
    told = []
    measure("new", checkout, told.append)
    one, two = read(checkout / "docs/figures/new.json")
    assert (one.name, one.command, one.parameters, one.values) == (
        "new.one", "rel4 one", {"harts": 1}, {"n": 1})
    assert two.revision == checked_out(checkout)
    assert told[0] == "new: rel4 one ..." and told[1].endswith(" s")


def test_a_command_that_fails_leaves_the_file(checkout, monkeypatch):
    group(monkeypatch, "one", "bad")
    with pytest.raises(FigureError, match="rel4 bad ended with status 1"):
        measure("new", checkout, lambda text: None)
    assert not (checkout / "docs").exists()


@pytest.mark.parametrize(("path", "dirty"), [
    ("docs/figures/core.json", False), ("README.md", False), ("hdl.py", True),
])
def test_what_makes_a_tree_dirty(checkout, path, dirty):
    (checkout / path).parent.mkdir(parents=True, exist_ok=True)
    (checkout / path).write_text("changed")
    assert checked_out(checkout).endswith("-dirty") == dirty


def test_outside_of_a_repository(tmp_path):
    with pytest.raises(FigureError, match="^git rev-parse: "):
        checked_out(tmp_path)


def test_each_group_has_its_file_with_the_same_measurements():
    for name, group in GROUPS.items():
        content = json.loads((ROOT / "docs/figures" / f"{name}.json").read_text())
        assert content.get("measurements", {"": content}).keys() == group.runs.keys()


def test_what_is_kept_of_a_synthesis():
    result = {"total": COUNTS, "modules": {"dut": COUNTS, "dut.a": COUNTS, "dut.a.b.c": COUNTS},
              "placements": [{"seed": 1, "fmax_mhz": 51.94}]}
    assert synth_values(result)["values"] == COUNTS | {"units": {"a": COUNTS}, "mhz": {"1": 51.9}}


def test_what_is_kept_of_a_board():
    placement = {"seed": 2, "clocks": [{"achieved_mhz": 50.66}], "critical": {"end": "a"},
                 "arrivals": [{"module": "m", "ns": 1.23, "end": "e"}],
                 "utilisation": {"DP16KD": (1, 8), "X": (0, 0)}}
    values = board_values({"modules": {"": COUNTS, "soc.l2": COUNTS, "soc.l2.a": COUNTS},
                           "placements": [placement], "best_seed": 2, "clock_mhz": 50.0})["values"]
    assert values == COUNTS | {
        "units": {"soc.l2": COUNTS}, "mhz": {"2": 50.7}, "best_seed": 2, "reached_mhz": 50.7,
        "wanted_mhz": 50.0, "used": {"DP16KD": 12}, "slowest": "a", "arrivals": [[1.2, "m"]]}
