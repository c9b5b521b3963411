"""Docstrings for Sphinx: prose with ``code`` becomes reStructuredText that means the same.

Docstrings of the project are plain text. A star, a bar or a trailing underscore stands for itself
there, and indented lines are tables and drawings.
"""

import re

SPECIAL = re.compile(r"([\\*|]|_(?=\W|$)|(?<!`)`(?!`))")


def as_restructured_text(lines: list[str]) -> list[str]:
    """The same docstring, with markup escaped and every indented block literal."""
    result: list[str] = []
    for paragraph in _paragraphs(lines):
        if any(line.startswith(" ") for line in paragraph) and not _is_list(paragraph):
            result += ["::", "", *(f"    {line}" for line in paragraph), ""]
        else:
            result += [*_escaped(paragraph), ""]
    return result


def _paragraphs(lines: list[str]) -> list[list[str]]:
    paragraphs: list[list[str]] = [[]]
    for line in lines:
        if line.strip():
            paragraphs[-1].append(line)
        elif paragraphs[-1]:
            paragraphs.append([])
    return [paragraph for paragraph in paragraphs if paragraph]


def _is_list(paragraph: list[str]) -> bool:
    """Items start at the margin; further lines of an item are indented by two columns."""
    return paragraph[0].startswith("- ") and all(
        re.match(r"- |  \S", line) for line in paragraph)


def _escaped(paragraph: list[str]) -> list[str]:
    """The lines with special characters escaped outside of ``code``."""
    parts = "\n".join(paragraph).split("``")
    parts[::2] = [SPECIAL.sub(r"\\\1", part) for part in parts[::2]]
    return "``".join(parts).split("\n")
