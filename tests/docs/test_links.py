"""Links between the pages of the project have existing targets."""

import pytest

from sim.tools import PROJECT
from tests.docs.clauses import CITATION
from tests.docs.links import anchors, broken_links, links

PAGES = sorted([*PROJECT.glob("*.md"), *(PROJECT / "docs").rglob("*.md")])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(PROJECT)))
def test_links(page):
    assert broken_links(page) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(PROJECT)))
def test_a_linked_citation_leads_to_its_clause(page):
    for label, target in links(page.read_text()):
        if CITATION.fullmatch(label):
            assert target.partition("#")[2] == label.lower()


def test_a_broken_link_is_found(tmp_path):
    (tmp_path / "other.md").write_text(
        "# A page\n\n## Twice: `a_b`, c\n\n## Twice: a_b, c\n\n<a id=\"x-1.2\"></a>**1.2** Text.\n")
    assert anchors((tmp_path / "other.md").read_text()) == {
        "a-page", "twice-a_b-c", "twice-a_b-c-1", "x-1.2"}
    page = tmp_path / "page.md"
    page.write_text(
        "# Page\n[1](other.md) [2](other.md#a-page) [3](other.md#x-1.2) [4](#page) "
        "[5](none.md) [6](other.md#none) [7](#none) [8](https://example.org/none) `[9](none)`\n"
        "```\n[10](none.md)\n```\n")
    assert broken_links(page) == ["none.md", "other.md#none", "#none"]
