"""The commit port: the changes of the architectural state, one instruction or trap a cycle."""

from amaranth.lib import data, wiring
from amaranth.lib.wiring import Out

from .isa import EVENT_COUNT


class Commit(data.Struct):
    """An instruction that retired, or a trap that was taken. A trap changes nothing else.

    ``rd`` is 0 if no register is written. ``mem_rmask``/``mem_wmask`` are byte masks relative to
    ``mem_addr`` (a virtual address, as the instruction computed it); data likewise start at bit 0.
    ``lines`` are the interrupt lines, by cause, that decided whether an interrupt is taken here:
    those of the cycle before this instruction reached M, with the timer of Sstc as a line.
    """

    pc: 64
    insn: 32  # raw; upper half 0 if compressed; 0 if it could not be fetched
    priv: 2  # privilege in which it executed
    rd: 5
    rd_data: 64
    mem_addr: 64
    mem_rmask: 8
    mem_wmask: 8
    mem_rdata: 64
    mem_wdata: 64
    trap: 1
    interrupt: 1
    cause: 6
    tval: 64
    lines: 12


class CommitSignature(wiring.Signature):
    def __init__(self) -> None:
        super().__init__({
            "valid": Out(1),
            "p": Out(Commit),
            "priv": Out(2),  # current privilege, always
            "asleep": Out(1),  # WFI waits for an interrupt
            "events": Out(EVENT_COUNT),  # one bit a selector of isa.Event, this cycle
        })
