"""Operations of the load/store unit."""

from amaranth import *
from amaranth.lib import data, enum

from ..mmu.translation import tlb_entry_layout
from ..params import PAGE_BITS, HartParams


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


class Place(data.Struct):
    """A virtual address, and how an access lies there."""

    addr: 64
    unaligned: 1  # to its size
    crosses: 1  # a dword
    wild: 1  # the bits above those of Sv39 are no sign extension; a DTLB ignores them


class Kind(data.Struct):
    """What an operation is. One-hot."""

    load: 1
    store: 1
    atomic: 1
    uipi: 1


def operation_layout(params: HartParams) -> data.StructLayout:
    """The operation in Memory, and the dword of it that is looked up."""
    return data.StructLayout({
        "op": LsuOp,
        "size": 2,
        "unsigned": 1,
        "funct7": 7,
        "vaddr": 64,
        "shift": 3,  # byte of the operand at which the access starts
        "unaligned": 1,
        "crosses": 1,  # a dword; only loads and stores can
        "spans": 1,  # ... and a page
        # The current dword.
        "upper": 1,  # it is the second one
        "checked": 1,  # the second one, on the next page, is written: the first is still to be
        "last": 1,  # no look-up of another one follows
        "offset": PAGE_BITS,  # within its page
        "wild": 1,
        "translated": 1,
        "entry": tlb_entry_layout(params),
        "first_ppn": params.ppn_bits,  # of the first dword
    })


def wild(addr: Value) -> Value:
    """Bits 63:40 of ``addr`` differ from bit 39."""
    return addr[40:64] != addr[39].replicate(24)
