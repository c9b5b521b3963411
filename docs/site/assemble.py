"""Copies the pages of ``docs`` into the source of the site and makes its navigation.

The navigation follows ``docs/README.md``: each heading there is a section, and the pages linked
below it belong to that section.
"""

import os
import re
import shutil
from pathlib import Path

# Pages that have another name in the site: from the top of the checkout.
RENAMED = {
    "docs/README.md": "index.md",
    "CHANGELOG.md": "changelog.md",
}
LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)#\s]*)(#[^)\s]*)?\)")
FENCE = re.compile(r"^ *```")
ANCHOR = re.compile(r'^<a id="([^"]+)"></a>')


def copy_pages(root: Path, target: Path) -> None:
    """Copies all pages and their images into ``target``, links adapted."""
    docs = root / "docs"
    for path in sorted(docs.rglob("*")):
        inside = path.relative_to(docs)
        if inside.parts[0] == "site" or path.is_dir():
            continue
        if path.suffix == ".md":
            _copy_page(path, root, target)
        else:
            (target / inside).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target / inside)
    for name in RENAMED:
        if not name.startswith("docs/"):
            _copy_page(root / name, root, target)


def page_of(path: Path, root: Path) -> str | None:
    """Where the site has the file ``path`` of the checkout; None if it is no page or image."""
    inside = str(path.relative_to(root))
    if inside in RENAMED:
        return RENAMED[inside]
    return inside.removeprefix("docs/") if inside.startswith("docs/") else None


def _copy_page(path: Path, root: Path, target: Path) -> None:
    page = target / page_of(path, root)
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(relinked(path.read_text(), path, root, page, target))


def relinked(text: str, source: Path, root: Path, page: Path, target: Path) -> str:
    """``text`` of ``source``, its relative links as seen from ``page``.

    A link to a page leads to that page. A link to another file of the checkout leads to the file,
    which Sphinx offers as a download. Of a link to a folder or to a README elsewhere only the words
    remain. A broken link stays as it is, and Sphinx complains about it. An HTML anchor at
    the start of a paragraph becomes a target that Sphinx can refer to.
    """
    def adapted(match: re.Match) -> str:
        bang, words, where, anchor = match.groups()
        goal = (source.parent / where).resolve()
        if not where or ":" in where or not goal.is_relative_to(root) or not goal.exists():
            return match[0]
        name = page_of(goal, root)
        if goal.is_dir() or goal.suffix == ".md" and not name:
            return words
        goal = target / name if name else goal
        return f"{bang}[{words}]({os.path.relpath(goal, page.parent)}{anchor or ''})"

    code = False
    lines = []
    for line in text.split("\n"):
        code ^= bool(FENCE.match(line))
        lines.append(line if code else ANCHOR.sub(r"(\1)=\n", LINK.sub(adapted, line)))
    return "\n".join(lines)


def sections(index: str) -> dict[str, list[str]]:
    """The pages (without suffix) below each heading of the index page, in order."""
    found: dict[str, list[str]] = {}
    seen: set[str] = set()
    heading = ""
    for line in index.split("\n"):
        if line.startswith("## "):
            heading = line[3:].strip()
        for _, _, where, _ in LINK.findall(line):
            name = where.removesuffix(".md")
            if where.endswith(".md") and ":" not in where and name not in seen:
                seen.add(name)
                found.setdefault(heading, []).append(name)
    return found


def toctree(caption: str, names: list[str]) -> str:
    """A hidden table of contents: it makes a section of the navigation, and shows nothing."""
    options = [":hidden:", f":caption: {caption}"]
    return "\n".join(["", "```{toctree}", *options, "", *names, "```", ""])
