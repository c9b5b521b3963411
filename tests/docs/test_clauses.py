"""Every clause that is cited exists, and the clauses of a document are in order."""

import re

import pytest

from sim.tools import PROJECT
from tests.docs.clauses import (
    DOCUMENTS,
    SPEC,
    all_clauses,
    citations,
    clauses,
    sources,
    wrong_citations,
)

THIS_FILE = "test_clauses.py"  # cites clauses that do not exist
SELFTEST = PROJECT / "sw" / "checks" / "selftest" / "src"
TEST_ROW = re.compile(r'\b(?:ours|test)\(\s*"([^"]+)",\s*"([^"]+)"')
NAMED = re.compile(r"\b(?:N|UINTC|TAIC)\b(?!-\d+\.\d)")

DOCUMENT = """\
## 1. First

<a id="taic-1.1"></a>**1.1 One.** Text.

## 2. Second

<a id="taic-2.9"></a>**2.9 Two.** Text.

<a id="taic-2.10"></a>**2.10 Three.** Text.
"""


@pytest.mark.parametrize("name", DOCUMENTS)
def test_clauses_are_numbered_in_order(name):
    found, problems = clauses(name, (SPEC / DOCUMENTS[name]).read_text())
    assert found
    assert problems == []


def test_every_cited_clause_exists():
    known = all_clauses()
    wrong = [f"{path.relative_to(PROJECT)}: {citation}" for path in sources()
             if path.name != THIS_FILE
             for citation in wrong_citations(path.read_text(errors="replace"), known)]
    assert wrong == []


def test_the_selftest_cites_clauses():
    """Each of its tests names a clause in a form that this search finds."""
    rows = [row for path in SELFTEST.glob("*.rs") for row in TEST_ROW.findall(path.read_text())]
    assert len(rows) > 200
    cited = [name for name, clause in rows if citations(clause)]
    assert len(cited) > 100
    assert [row for row in rows
            if NAMED.search(row[1]) or not re.match(r"priv|unpriv|Sstc|N-|UINTC-|TAIC-", row[1])
            ] == []


def test_a_wrong_citation_is_found():
    known = set(clauses("TAIC", DOCUMENT)[0])
    assert known == {"TAIC-1.1", "TAIC-2.9", "TAIC-2.10"}
    assert wrong_citations('ours("a", "TAIC-1.1, TAIC-2.10", f); // see TAIC-2.9.', known) == []
    assert wrong_citations("TAIC-2.1, TAIC-2.11", known) == ["TAIC-2.1", "TAIC-2.11"]
    assert wrong_citations("TAIC-1", known) == ["TAIC-1"]
    assert wrong_citations("TAIC-1.1.1", known) == ["TAIC-1.1.1"]
    assert wrong_citations("UINTC-1.1 and N-1.1", known) == ["UINTC-1.1", "N-1.1"]


@pytest.mark.parametrize("text", [
    "TAIC 270 cycles, UINTC 4.7 of them", "bits N-1 to 0", "PLAN-1.1", "TAIC-based", "TAIC_1.1"])
def test_what_is_no_citation(text):
    assert citations(text) == []


@pytest.mark.parametrize(("old", "new", "problem"), [
    ("**2.10 Three", "**2.8 Three", "TAIC-2.8: its anchor is 'taic-2.10'"),
    ('"taic-2.10"></a>**2.10', '"taic-2.8"></a>**2.8', "TAIC-2.8: stands behind 2.9"),
    ('"taic-2.10"></a>**2.10', '"taic-2.9"></a>**2.9', "TAIC-2.9: stands behind 2.9"),
    ('"taic-2.10"></a>**2.10', '"taic-3.1"></a>**3.1', "TAIC-3.1: stands in section 2"),
    ('<a id="taic-1.1"></a>', "", "TAIC: no anchor in '**1.1 One.** Text.'"),
    ("## 2. Second", "## 3. Second", "TAIC: section 3 follows section 1"),
])
def test_a_wrong_number_is_found(old, new, problem):
    assert DOCUMENT.count(old) == 1
    assert problem in clauses("TAIC", DOCUMENT.replace(old, new))[1]
