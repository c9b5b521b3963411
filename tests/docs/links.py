"""Links and anchors of Markdown pages, by the rules of GitHub."""

import re
from pathlib import Path

FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"`[^`\n]*`")
LINK = re.compile(r"\[([^\]\n]*)\]\(([^()\s]+)\)")
HEADING = re.compile(r"^#{1,6} +(.+?)\s*$", re.MULTILINE)
ANCHOR = re.compile(r'<a id="([^"]+)"></a>')
ELSEWHERE = re.compile(r"[a-z]+:")  # another site


def _prose(text: str) -> str:
    return CODE.sub("", FENCE.sub("", text))


def links(text: str) -> list[tuple[str, str]]:
    """Returns text and target of each link to a file or an anchor."""
    return [(label, target) for label, target in LINK.findall(_prose(text))
            if not ELSEWHERE.match(target)]


def anchors(text: str) -> set[str]:
    """Returns the anchors that may follow ``#`` in a link to a page with this text."""
    text = FENCE.sub("", text)
    found = set(ANCHOR.findall(text))
    for heading in HEADING.findall(text):
        title = LINK.sub(r"\1", heading).replace("`", "").lower()
        slug = re.sub(r"[^\w\- ]", "", title).replace(" ", "-")
        number = 0
        while (unique := f"{slug}-{number}" if number else slug) in found:
            number += 1
        found.add(unique)
    return found


def broken_links(page: Path) -> list[str]:
    """Returns link targets on ``page`` that do not exist."""
    broken = []
    for _, target in links(page.read_text()):
        path, _, anchor = target.partition("#")
        file = page.parent / path if path else page
        if not file.exists() or anchor and anchor not in anchors(file.read_text()):
            broken.append(target)
    return broken
