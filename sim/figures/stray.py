"""Finds measured figures that were copied into a page by hand.

Such a figure stands outside the regions of ``sim.figures.pages``. It is a number before a unit of
measurement, or a number in a table with a unit in its header. A figure that holds by construction
is marked with ``<!-- by design -->`` after its sentence, or on a line before its table.
"""

import re
from collections.abc import Iterator

from sim.figures.pages import CODE, INLINE, regions

UNIT = (r"(?:cycles?|[kM]Hz|LUT4s?|LUTs|flip-flops|block RAMs?|DSPs?|%|minutes?|seconds?|ms|us|"
        r"CoreMark/MHz|DMIPS/MHz)")
# "14 122 LUT4", "4 to 20 cycles" (its second number), ".23 %", but not the 2 of "L2 cycles".
FIGURE = re.compile(rf"(?<![\w.])\.?\d[\d., ]*(?:-| )?{UNIT}(?!\w)")
HEADER = re.compile(rf"(?<![\w-]){UNIT}(?!\w)|\b(?:retired|lost|bubbles)\b")
BY_DESIGN = re.compile(r"<!-- by design(?:: [^>]*)? -->")
COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
SENTENCE_END = re.compile(r"[.!?](?=\s)")


def stray_figures(page: str) -> Iterator[tuple[int, str]]:
    """Yields the line number and the text of each figure that has no source."""
    for number, block in _blocks(_own_text(page)):
        if block.lstrip().startswith("|"):
            yield from _in_table(number, block)
        else:
            yield from _in_prose(number, block)


def _own_text(page: str) -> str:
    """Returns the page with regions and code blanked. The number of lines stays the same."""
    kept = []
    for name, content in regions(page):
        if name is None:
            kept += content.splitlines()
        else:
            kept += [""] * (content.count("\n") + 2)  # including both markers
    fenced = False
    for index, line in enumerate(kept):
        fence = line.lstrip().startswith("```")
        if fence or fenced or line.startswith("    "):
            kept[index] = ""
        fenced ^= fence
    return "\n".join(kept)


def _blocks(text: str) -> Iterator[tuple[int, str]]:
    """Yields paragraphs and tables with the number of their first line. A marker that is alone on
    its lines belongs to the block after it."""
    block: list[str] = []
    lines = text.splitlines()
    for number, line in enumerate([*lines, ""], 1):
        if line.strip():
            table = line.startswith("|")
            if block and table != block[-1].startswith("|") and not _marks(block):
                yield number - len(block), "\n".join(block)
                block = []
            block.append(line)
        elif block and not _marks(block):
            yield number - len(block), "\n".join(block)
            block = []
        elif block:
            block.append(line)


def _marks(block: list[str]) -> bool:
    return bool(BY_DESIGN.fullmatch("\n".join(block).strip()))


def _in_table(number: int, block: str) -> Iterator[tuple[int, str]]:
    header, *rows = block.splitlines()
    measured = HEADER.search(CODE.sub("", header))
    for index, row in enumerate(rows, 1):
        text = COMMENT.sub("", INLINE.sub("", CODE.sub("", row)))
        found = FIGURE.search(text) or (measured and re.search(r"\d", text))
        if found:
            yield number + index, row.strip()


def _in_prose(number: int, block: str) -> Iterator[tuple[int, str]]:
    def blank(match: re.Match[str]) -> str:
        return re.sub(r"[^\n]", "_", match[0])

    text = CODE.sub(blank, INLINE.sub(blank, block))
    marker = BY_DESIGN.match(text.lstrip())
    if marker and text.lstrip()[marker.end():].lstrip().startswith("|"):
        return
    for marker in BY_DESIGN.finditer(text):
        end = len(text[:marker.start()].rstrip())
        ends = [e.end() for e in SENTENCE_END.finditer(text, 0, end - 1)]
        start = ends[-1] if ends else 0
        text = text[:start] + re.sub(r"[^\n]", "_", text[start:end]) + text[end:]
    text = COMMENT.sub(blank, text)
    for found in FIGURE.finditer(text.replace("\n", " ")):
        yield number + text[:found.start()].count("\n"), found[0].strip()
