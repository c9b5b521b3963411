"""Pages show the figures of docs/figures and no others."""

import json
from pathlib import Path

import pytest

from sim.figures.check import faults
from sim.figures.data import FigureError, Figures, Measurement, read
from sim.figures.markdown import Table
from sim.figures.pages import refreshed
from sim.figures.stray import stray_figures
from sim.figures.tables import TABLES

ROOT = Path(__file__).resolve().parents[2]
MEASURED = {"command": "rel4 bench core", "revision": "6e5107b", "values": {"a": {"b": 1234}}}
METRIC = {"name": "core.alu", "value": 2.0, "worst": 3.0, "params": {"bits": "8"}}


@pytest.fixture
def figures():
    return Figures([Measurement("core", "rel4 bench core", "6e5107b", {"harts": 1}, {"a": 1234}),
                    Measurement("bench", "rel4 bench", "6e5107b-dirty", metrics=(METRIC,))])


def table(figures):
    return Table(["what", "cycles"], [["a", "1 234"]], [figures["core"]])


def test_pages_show_what_was_measured():
    assert faults(ROOT) == []


def test_every_table_stands_in_a_page():
    text = "".join(path.read_text() for path in [ROOT / "README.md", *ROOT.glob("docs/**/*.md")])
    assert [name for name in TABLES if f"<!-- figures: {name} -->" not in text] == []


@pytest.mark.parametrize("text", [
    "A message takes 661 cycles.",
    "It takes 661\ncycles.",
    "from 12 to 13 cycles",
    "the hart has 14 122 LUT4",
    "and 24 block RAMs",
    "at 53.7 MHz",
    "a rate of 490 kHz",
    "(4 763 flip-flops)",
    "- 27 % of the device",
    "`make test` took 37 minutes",
    "3.43 CoreMark/MHz",
    "| what | how much |\n| --- | --- |\n| a send | 5 cycles |",
    "| what | cycles (worst) |\n| --- | --- |\n| a send | 5 (5) |",
    "By design 2 cycles. <!-- by design --> But this one takes 3 cycles.",
    "This one takes 3 cycles. By design 2 cycles. <!-- by design -->",
    "<!-- figures: a -->\n5 cycles\n<!-- /figures -->\n6 cycles",
    "It takes <!-- fig: core.a -->5<!-- / --> cycles, not 6 cycles.",
])
def test_a_copied_figure_is_found(text):
    assert len(list(stray_figures(text))) == 1


@pytest.mark.parametrize("text", [
    "the L2 and its 64 KiB, 2 harts, ULX3S-85F",
    "`--max-cycles 100` cycles, and cycle 7",
    "one cycle, two cycles",
    "```\n100 cycles\n```",
    "    100 cycles",
    "A read takes 2 cycles. <!-- by design -->",
    "<!-- by design: tests/x.py asserts it -->\n| event | cycles |\n| --- | --- |\n| read | 2 |",
    "<!-- figures: a -->\n5 cycles\n<!-- /figures -->",
    "It takes <!-- fig: core.a -->5<!-- / --> cycles.",
])
def test_what_is_no_figure_is_left_alone(text):
    assert list(stray_figures(text)) == []


def test_line_of_a_figure():
    page = "# A\n\n<!-- figures: a -->\nx\n<!-- /figures -->\n\nIt takes\n12 cycles.\n"
    assert list(stray_figures(page)) == [(8, "12 cycles")]


def test_regions_are_made_anew(figures):
    page = ("Above.\n<!-- figures: t -->\nold\n<!-- /figures -->\n"
            "In all <!-- fig: core.a -->1<!-- / -->,\n"
            "of <!-- fig: bench.core.alu?bits=8 -->1<!-- / -->.")
    assert refreshed(page, figures, {"t": table}) == (
        "Above.\n<!-- figures: t -->\n"
        "| what | cycles |\n| --- | --- |\n| a | 1 234 |\n\n"
        "Measured with `rel4 bench core` at commit 6e5107b (harts 1).\n<!-- /figures -->\n"
        "In all <!-- fig: core.a -->1 234<!-- / -->,\n"
        "of <!-- fig: bench.core.alu?bits=8 -->2<!-- / -->.")


def test_code_may_tell_of_regions(figures):
    page = "Write `<!-- fig: FILE.KEY -->` and `<!-- / -->`, `<!-- figures: NAME -->`.\n"
    assert refreshed(page, figures, {}) == page


@pytest.mark.parametrize(("page", "problem"), [
    ("<!-- figures: u -->\n<!-- /figures -->\n", "no table 'u'"),
    ("<!-- figures: t -->\n", "region of t does not end"),
    ("<!-- /figures -->\n", "where none can stand"),
    ("<!-- figures: t -->\n<!-- figures: t -->\n<!-- /figures -->\n", "where none can stand"),
    ("It takes\n<!-- fig: core.a -->1<!-- / --> cycles.", "a line begins with a figure"),
    ("a <!-- fig: core.b -->1<!-- / -->", "core has no figure 'b'"),
    ("a <!-- fig: other.b -->1<!-- / -->", "no figure 'other.b'"),
    ("a <!-- fig: bench.alu?bits=9 -->1<!-- / -->", "bench has no metrics bench.alu bits=9"),
])
def test_what_pages_cannot_show(figures, page, problem):
    with pytest.raises(FigureError, match=problem):
        refreshed(page, figures, {"t": table})


@pytest.mark.parametrize(("change", "problem"), [
    ({"command": ""}, "has no command"),
    ({"revision": None}, "has no revision"),
    ({"revision": "yesterday"}, "not a commit"),
    ({"values": {}}, "neither metrics nor values"),
])
def test_a_file_says_enough(tmp_path, change, problem):
    path = tmp_path / "core.json"
    path.write_text(json.dumps({"measurements": {"one": MEASURED, "two": MEASURED | change}}))
    with pytest.raises(FigureError, match=problem):
        read(path)


def test_several_measurements_in_a_file(tmp_path):
    (tmp_path / "area.json").write_text(json.dumps({"measurements": {"hart": MEASURED}}))
    assert Figures.load(tmp_path)["area.hart"].value("a.b") == 1234
