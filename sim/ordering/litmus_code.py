"""Decodes the instruction words of litmus tests."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

REGISTERS = ("zero", "ra", "sp", "gp", "tp", "t0", "t1", "t2", "s0", "s1", "a0", "a1", "a2", "a3",
             "a4", "a5", "a6", "a7", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11",
             "t3", "t4", "t5", "t6")
DWORD = 3  # funct3 of accesses to 64 bits


@dataclass(frozen=True)
class Value:
    """The value of a register: a variable's address, or a function of constants and loads.

    ``sources`` are the loads that it depends on syntactically, even if their values cancel out.
    """

    compute: Callable[[Callable[[Any], int]], int]  # takes a function that returns a load's result
    sources: frozenset = frozenset()
    variable: str = ""  # variable, if an address

    @classmethod
    def constant(cls, number: int) -> "Value":
        return cls(lambda result: number)

    @classmethod
    def address(cls, variable: str) -> "Value":
        return cls(lambda result: 0, variable=variable)

    @classmethod
    def loaded(cls, load: Hashable) -> "Value":
        return cls(lambda result: result(load), frozenset({load}))


INITIAL = {
    **{register: Value.constant(0) for register in REGISTERS},
    "a0": Value.address("x"), "a1": Value.address("y"),
    "a4": Value.constant(1), "a5": Value.constant(2),
}


class Kind(Enum):
    """The kinds of instructions in the memory model."""

    LOAD = auto()
    STORE = auto()
    AMO = auto()
    LR = auto()
    SC = auto()
    FENCE = auto()
    ALU = auto()
    BRANCH = auto()


@dataclass(frozen=True)
class Instruction:
    """One instruction of a thread."""

    kind: Kind
    index: int  # index in the thread
    operation: str = ""  # of an ALU instruction or AMO
    rd: str = "zero"
    rs1: str = "zero"
    rs2: str = "zero"
    acquire: bool = False
    release: bool = False
    predecessors: str = ""  # of a fence: "r", "w" or "rw"
    successors: str = ""
    tso: bool = False  # a FENCE.TSO

    @property
    def loads(self) -> bool:
        return self.kind in (Kind.LOAD, Kind.AMO, Kind.LR)

    @property
    def stores(self) -> bool:
        return self.kind in (Kind.STORE, Kind.AMO, Kind.SC)

    def orders(self, a, b) -> bool:
        """Returns true if this fence orders the operations ``a`` before it and ``b`` after it."""
        if self.tso:
            return a.loads or (a.stores and b.stores)
        return _among(self.predecessors, a) and _among(self.successors, b)


def _among(classes: str, operation) -> bool:
    return ("r" in classes and operation.loads) or ("w" in classes and operation.stores)


def evaluate(instruction: Instruction, registers: dict[str, Value]) -> Value:
    """Computes the result of an ALU instruction."""
    a, b = registers[instruction.rs1], registers[instruction.rs2]
    sources = a.sources | b.sources
    if instruction.operation == "xor" and instruction.rs1 == instruction.rs2:
        return Value(lambda result: 0, sources)
    if instruction.operation == "add":
        return Value(lambda result: a.compute(result) + b.compute(result), sources,
                     a.variable or b.variable)
    raise ValueError(f"no litmus test has used {instruction.operation} this way")


AMOS = {0b00001: "swap", 0b00000: "add", 0b01000: "or"}


def decode(words: Sequence[int]) -> list[Instruction]:
    """Decodes the instructions of a thread. Raises ``ValueError`` for an unsupported one."""
    return [_decode(index, word) for index, word in enumerate(words)]


def _decode(index: int, word: int) -> Instruction:
    opcode, funct3, funct7 = word & 0x7F, word >> 12 & 7, word >> 25
    rd, rs1, rs2 = (REGISTERS[word >> shift & 31] for shift in (7, 15, 20))
    if opcode == 0x03 and funct3 == DWORD and word >> 20 == 0:
        return Instruction(Kind.LOAD, index, rd=rd, rs1=rs1)
    if opcode == 0x23 and funct3 == DWORD and funct7 == 0 and word >> 7 & 31 == 0:
        return Instruction(Kind.STORE, index, rs1=rs1, rs2=rs2)
    if opcode == 0x2F and funct3 == DWORD:
        kind = {0b00010: Kind.LR, 0b00011: Kind.SC}.get(word >> 27, Kind.AMO)
        operation = AMOS.get(word >> 27, "") if kind is Kind.AMO else ""
        if kind is not Kind.AMO or operation:
            return Instruction(kind, index, operation, rd, rs1, rs2, bool(word >> 26 & 1),
                               bool(word >> 25 & 1))
    if opcode == 0x0F and funct3 == 0:
        return Instruction(Kind.FENCE, index, predecessors=_classes(word >> 24),
                           successors=_classes(word >> 20), tso=word >> 28 == 8)
    if opcode == 0x33 and funct7 == 0 and funct3 in (0, 4):
        return Instruction(Kind.ALU, index, "add" if funct3 == 0 else "xor", rd, rs1, rs2)
    if word & 0xFE006FFF == 0x263:  # BEQ or BNE to the next instruction
        return Instruction(Kind.BRANCH, index, rs1=rs1, rs2=rs2)
    raise ValueError(f"not an instruction of a litmus test: {word:08x}")


def _classes(bits: int) -> str:
    return ("r" if bits & 2 else "") + ("w" if bits & 1 else "")
