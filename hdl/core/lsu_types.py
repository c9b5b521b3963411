"""Operations of the load/store unit."""

from amaranth import signed
from amaranth.lib import data, enum


class LsuOp(enum.Enum, shape=3):
    LOAD = 0
    STORE = 1
    LR = 2
    SC = 3
    AMO = 4
    UIPI = 5  # its operand is ``base``


class LsuRequest(data.Struct):
    """A memory instruction or UIPI in Execute, with bypassed operands."""

    op: LsuOp
    size: 2  # logarithm of the bytes
    unsigned: 1  # zero-extend a load
    funct7: 7  # of the instruction
    base: 64  # rs1
    offset: signed(12)  # immediate; 0 for atomics and UIPI
    data: 64  # rs2
