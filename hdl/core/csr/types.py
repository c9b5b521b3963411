"""Ports between the pipeline and the CSR file."""

from amaranth import Mux, Value
from amaranth.lib import data, enum, wiring
from amaranth.lib.wiring import In, Out

from ..isa import EVENT_COUNT, Priv
from ..mmu.translation import Context, PmpEntry
from ..params import PC_BITS, HartParams


class CsrOp(enum.Enum, shape=2):
    READ = 0  # CSRRS/CSRRC with rs1 = x0
    WRITE = 1
    SET = 2
    CLEAR = 3


class TrapReturn(enum.Enum, shape=2):
    URET = 0
    SRET = 1
    MRET = 3


class IrqLines(data.Struct):
    """Level-sensitive interrupt lines of one hart."""

    msip: 1
    mtip: 1
    meip: 1
    seip: 1
    usip: 1
    ueip: 1
    ssip: 1


class CsrSignature(wiring.Signature):
    """Seen from the pipeline. All accesses come from the Memory stage, one instruction at a time.

    ``rdata``, ``illegal``, ``trap_pc`` and ``*_pc`` are combinational. State changes at the end of
    a cycle with ``commit``, ``trap`` or ``ret``; at most one of them is high. State that affects
    neither interrupts nor loads and stores may change one cycle later. There is no other ``commit``
    in that cycle.
    """

    def __init__(self, params: HartParams) -> None:
        super().__init__({
            # CSR instructions
            "addr": Out(12),
            "op": Out(CsrOp),
            "wdata": Out(64),
            "read_only": Out(1),  # the instruction writes nothing, regardless of op
            "rdata": In(64),
            "illegal": In(1),  # no such CSR, no right, write to a read-only one, TVM, counters
            "refetch": In(1),  # a write to this CSR affects fetched instructions (satp, pmp*)
            "commit": Out(1),  # perform the write, unless it is illegal
            # traps
            "trap": Out(1),
            "trap_interrupt": Out(1),
            "trap_cause": Out(6),
            "trap_epc": Out(PC_BITS),
            "trap_tval": Out(64),
            "trap_priv": Out(2),  # privilege that takes it
            "trap_pc": In(PC_BITS),  # address of their handler
            # returns
            "ret": Out(1),
            "ret_kind": Out(TrapReturn),
            "mepc": In(PC_BITS),
            "sepc": In(PC_BITS),
            "uepc": In(PC_BITS),
            "mret_priv": In(2),  # mstatus.MPP
            "sret_priv": In(2),  # mstatus.SPP
            # state
            "priv": In(2),
            "n_hidden": In(1),  # in U-mode, while its CSRs and URET are illegal (N-2.5)
            "medeleg": In(16),
            "tvm": In(1),
            "tw": In(1),
            "tsr": In(1),
            "sv39": In(1),  # satp selects Sv39
            "asid": In(16),
            "satp_ppn": In(44),
            "data": In(Context),  # context of loads and stores (MPRV applied)
            "pmp": In(data.ArrayLayout(PmpEntry, params.pmp_entries)),
            # interrupts: registered, one cycle behind the state
            "irq": In(1),  # an interrupt is to be taken at the next instruction
            "irq_cause": In(6),
            "irq_priv": In(2),  # privilege that takes it
            "wake": In(1),  # mip & mie is not 0 (WFI)
            "seen": In(12),  # interrupt lines behind all of these
            # counters
            "retire": Out(1),
            "events": Out(EVENT_COUNT),
        })


def exception_priv(priv: Value, medeleg: Value, cause: Value) -> Value:
    """The privilege that takes an exception with ``cause`` (4 bits) raised in ``priv``."""
    to_s = (priv != Priv.M) & medeleg.bit_select(cause, 1)
    return Mux(to_s, Priv.S, Priv.M)
