"""Three tiers of tests, each of which includes those before it: ``check``, ``test`` and ``all``.

A test is in the tier ``test`` unless it is marked with ``pytest.mark.tier`` or a line of ``RULES``
says otherwise; a mark wins over the lines, and a later line over an earlier one.
"""

from fnmatch import fnmatchcase

TIERS = ("check", "test", "all")

# Of tests, by the end of their names; ``*`` stands for anything.
RULES = {
    "check": """
    """,
    "all": """
        test_planted_fault_is_found[*]
    """,
}


def tier_of(name: str, mark: str | None) -> str:
    """The tier of the test called ``name`` (such as ``tests/soc/test_order.py::test_x[1]``)."""
    if mark is not None:
        if mark not in TIERS:
            raise ValueError(f"{name}: no tier {mark!r}, they are {', '.join(TIERS)}")
        return mark
    tier = "test"
    for candidate, lines in RULES.items():
        if any(matches(name, line) for line in lines.split()):
            tier = candidate
    return tier


def matches(name: str, line: str) -> bool:
    # Brackets are those of parameters here, not of a set of characters.
    return fnmatchcase(name, "*" + line.replace("[", "[[]"))


def within(tier: str, chosen: str) -> bool:
    """Whether a test of ``tier`` runs when ``chosen`` was asked for."""
    return TIERS.index(tier) <= TIERS.index(chosen)
