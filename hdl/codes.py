"""Numbers with a meaning: error codes and flags, each described once.

The hardware compares with the members, and a register description quotes their meanings.
``soc.generate`` hands both to software.
"""

from enum import IntEnum, IntFlag
from typing import Self


class Code(IntEnum):
    """One of several numbers. Members are written ``NAME = number, "meaning"``."""

    meaning: str

    def __new__(cls, number: int, meaning: str) -> Self:
        member = int.__new__(cls, number)
        member._value_, member.meaning = number, meaning
        return member

    @classmethod
    def text(cls) -> str:
        """All numbers with their meanings, for the description of a register field."""
        return ", ".join(f"{member.value} {member.meaning}" for member in cls)


class Flag(IntFlag):
    """Bits that may be set together. Members are written ``NAME = bit, "meaning"``."""

    meaning: str

    def __new__(cls, bit: int, meaning: str) -> Self:
        member = int.__new__(cls, bit)
        member._value_, member.meaning = bit, meaning
        return member
