"""Reads the tables of the specifications."""

import re

from tests.docs.clauses import DOCUMENTS, SPEC

CODE = re.compile(r"`([^`]*)`")


def table(citation: str) -> list[list[str]]:
    """Returns the rows of the first table of a clause, without the header."""
    name = citation.partition("-")[0]
    text = (SPEC / DOCUMENTS[name]).read_text()
    _, found, rest = text.partition(f'<a id="{citation.lower()}"></a>')
    assert found, citation
    lines = rest.partition('<a id="')[0].splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")]
            for line in lines if line.startswith("|")]
    assert len(rows) > 2, f"{citation} has no table"
    return rows[2:]


def code(cell: str) -> str:
    """Returns the first code span of a cell."""
    match = CODE.search(cell)
    assert match, cell
    return match[1]


def number(cell: str) -> int:
    """Returns the number in the first code span of a cell."""
    return int(code(cell), 0)
