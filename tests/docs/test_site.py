"""The documentation site: links are adapted, docstrings keep their meaning, faults are found."""

import sys

import pytest

from sim.tools import PROJECT

sys.path.append(str(PROJECT / "docs/site"))

import assemble  # noqa: E402  (needs the path above)
import docstrings  # noqa: E402
import links  # noqa: E402


@pytest.fixture
def checkout(tmp_path):
    for name in ("docs/README.md", "docs/a.md", "docs/spec/b.md", "sw/lib.rs", "CHANGELOG.md"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("# Page\n")
    return tmp_path


@pytest.mark.parametrize(("source", "link", "adapted"), [
    ("docs/a.md", "[b](spec/b.md#x)", "[b](spec/b.md#x)"),
    ("docs/a.md", "[start](README.md)", "[start](index.md)"),
    ("docs/spec/b.md", "[start](../README.md)", "[start](../index.md)"),
    ("docs/a.md", "[changes](../CHANGELOG.md)", "[changes](changelog.md)"),
    ("docs/a.md", "[code](../sw/lib.rs)", "[code](../sw/lib.rs)"),
    ("docs/a.md", "[folder](../sw)", "folder"),
    ("docs/a.md", "[no page](missing.md)", "[no page](missing.md)"),
    ("docs/a.md", "[here](#part)", "[here](#part)"),
    ("docs/a.md", "[elsewhere](https://example.org/x.md)", "[elsewhere](https://example.org/x.md)"),
])
def test_links_lead_to_the_pages_of_the_site(checkout, source, link, adapted):
    target = checkout / "site"  # beside docs, so that files keep their distance
    path = checkout / source
    page = target / assemble.page_of(path, checkout)
    assert assemble.relinked(link, path, checkout, page, target) == adapted
    fenced = f"```\n{link}\n```"
    assert assemble.relinked(fenced, path, checkout, page, target) == fenced


def test_anchors_become_targets(checkout):
    path, target = checkout / "docs/a.md", checkout / "site"
    text = assemble.relinked('<a id="n-1.1"></a>**1.1**', path, checkout, target / "a.md", target)
    assert text == "(n-1.1)=\n**1.1**"


def test_sections_have_each_page_once():
    index = "# Top\n## One\n- [a](a.md)\n- [b](spec/b.md#x)\n## Two\n- [a](a.md)\n- [c](c.md)\n"
    assert assemble.sections(index) == {"One": ["a", "spec/b"], "Two": ["c"]}


def test_every_page_is_in_the_index():
    docs = PROJECT / "docs"
    index = (docs / "README.md").read_text()
    listed = {name for names in assemble.sections(index).values() for name in names}
    pages = {str(page.relative_to(docs).with_suffix("")) for page in docs.rglob("*.md")
             if page.relative_to(docs).parts[0] != "site"}
    assert pages - listed == {"README"}


@pytest.mark.parametrize(("text", "want"), [
    (["a * b, ``c * d``, e_ and `f`"], ["a \\* b, ``c * d``, e\\_ and \\`f\\`", ""]),
    (["- one", "  more", "- two"], ["- one", "  more", "- two", ""]),
    (["Text:", "", "  a   b"], ["Text:", "", "::", "", "      a   b", ""]),
])
def test_docstrings_mean_what_they_say(text, want):
    assert docstrings.as_restructured_text(text) == want


def test_broken_links_and_outside_resources_are_found(tmp_path):
    (tmp_path / "a.html").write_text(
        '<a href="b.html#there">1</a><a href="b.html#gone">2</a><a href="c.html">3</a>'
        '<script src="https://example.org/x.js"></script><a href="https://example.org">4</a>')
    (tmp_path / "b.html").write_text('<p id="there">text</p>')
    assert links.problems(tmp_path) == [
        "a.html: loads https://example.org/x.js from elsewhere",
        "a.html: no anchor for b.html#gone",
        "a.html: no file for c.html",
    ]
