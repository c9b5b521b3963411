"""Checks the finished site: every local link leads somewhere, nothing is loaded from elsewhere."""

from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit


class _Page(HTMLParser):
    """Anchors of a page, its links, and what a browser loads to show it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value for name, value in attrs if value}
        self.anchors |= {values[name] for name in ("id", "name") if name in values}
        if tag == "a" and "href" in values:
            self.links.append(values["href"])
        if tag == "link" and "href" in values and values.get("rel") != "canonical":
            self.loads.append(values["href"])
        if tag in ("script", "img", "iframe", "source") and "src" in values:
            self.loads.append(values["src"])


def problems(site: Path, skip: tuple[str, ...] = ()) -> list[str]:
    """One line for each broken link or outside resource; folders in ``skip`` are not read."""
    parsed = {path: _Page(path.read_text()) for path in sorted(site.rglob("*.html"))
              if path.relative_to(site).parts[0] not in skip}
    found = []
    for path, page in parsed.items():
        name = path.relative_to(site)
        for link in page.loads:
            if urlsplit(link).netloc:
                found.append(f"{name}: loads {link} from elsewhere")
        for link in page.links + page.loads:
            where = urlsplit(link)
            if where.scheme or where.netloc:
                continue
            goal = (path.parent / unquote(where.path)).resolve() if where.path else path
            if not goal.exists():
                found.append(f"{name}: no file for {link}")
            elif where.fragment and goal in parsed and (
                    unquote(where.fragment) not in parsed[goal].anchors):
                found.append(f"{name}: no anchor for {link}")
    return found
