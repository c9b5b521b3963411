"""The clauses of the specifications and their citations.

A clause is a paragraph of ``docs/spec`` that begins with its anchor and its number:
``<a id="uintc-4.2"></a>**4.2 Title.**``. It is cited as ``UINTC-4.2``. See docs/spec/README.md.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from sim.tools import PROJECT

SPEC = PROJECT / "docs" / "spec"
DOCUMENTS = {"N": "n-extension.md", "UINTC": "uintc.md", "TAIC": "taic.md"}

# ``N-1`` may be a difference. The other names precede a hyphen and a digit only in citations.
CITATION = re.compile(r"\b(?:N-\d+(?:\.\d+)+|(?:UINTC|TAIC)-\d+(?:\.\d+)*)")

SOURCES = (".py", ".rs", ".md", ".S", ".h")
SKIPPED = {"build", "target", "node_modules"}  # and hidden folders

SECTION = re.compile(r"## (\d+)\. ")
CLAUSE = re.compile(r'<a id="([^"]*)"></a>\*\*(\d+\.\d+) \S')
UNANCHORED = re.compile(r"\*\*\d+\.\d+ ")


def clauses(name: str, text: str) -> tuple[list[str], list[str]]:
    """Returns the citations of all clauses of document ``name``, and numbering faults."""
    found: list[str] = []
    problems = []
    section, last = 0, (0, 0)
    for line in text.splitlines():
        if heading := SECTION.match(line):
            if int(heading[1]) != section + 1:
                problems.append(f"{name}: section {heading[1]} follows section {section}")
            section = int(heading[1])
        elif clause := CLAUSE.match(line):
            anchor, number = clause.groups()
            place = tuple(map(int, number.split(".")))
            if anchor != f"{name}-{number}".lower():
                problems.append(f"{name}-{number}: its anchor is {anchor!r}")
            if place[0] != section:
                problems.append(f"{name}-{number}: stands in section {section}")
            if place <= last:
                problems.append(f"{name}-{number}: stands behind {last[0]}.{last[1]}")
            last = place
            found.append(f"{name}-{number}")
        elif UNANCHORED.match(line):
            problems.append(f"{name}: no anchor in {line[:20]!r}")
    return found, problems


def all_clauses() -> set[str]:
    """Returns the citations of all clauses of all documents."""
    return {clause for name, file in DOCUMENTS.items()
            for clause in clauses(name, (SPEC / file).read_text())[0]}


def citations(text: str) -> list[str]:
    return CITATION.findall(text)


def wrong_citations(text: str, known: set[str]) -> list[str]:
    """Returns citations in ``text`` of clauses that do not exist."""
    return [citation for citation in citations(text) if citation not in known]


def sources() -> Iterator[Path]:
    """Yields all files of the project that may cite a clause."""
    for folder, folders, files in os.walk(PROJECT):
        folders[:] = [name for name in folders
                      if name not in SKIPPED and not name.startswith(".")]
        for name in files:
            if name.endswith(SOURCES):
                yield Path(folder) / name
