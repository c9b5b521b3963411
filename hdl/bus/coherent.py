"""The coherent memory port between a hart's caches and page-table walker and the shared L2."""

from amaranth.lib import data, enum, stream, wiring
from amaranth.lib.wiring import In, Out


class MemOp(enum.Enum, shape=3):
    """Operations on the coherent memory port. All addresses are physical."""

    READ_LINE = 0  # answered by line_bytes/8 responses: addressed dword first, wrapping in the line
    READ = 1  # one aligned dword, one response; no copy is tracked
    WRITE = 2  # bytes of one aligned dword; answered by ``write_done``, not by a response
    LR = 3  # as READ, and reserves the line for this port
    SC = 4  # as WRITE if the reservation holds; one response: data 0 done, 1 refused
    AMO = 5  # read-modify-write of a word or dword; one response: the old dword


class AmoOp(enum.Enum, shape=4):
    """Atomic operations; the names are those of the instructions."""

    SWAP = 0
    ADD = 1
    XOR = 2
    AND = 3
    OR = 4
    MIN = 5
    MAX = 6
    MINU = 7
    MAXU = 8


class MemSource(enum.Enum, shape=2):
    """The requester within the hart; returned with the response."""

    DATA = 0  # L1D: its lines are tracked and invalidated
    FETCH = 1  # L1I: not kept coherent (FENCE.I)
    WALKER = 2


def mem_request_layout(paddr_bits: int) -> data.StructLayout:
    """One request. ``mask`` selects bytes of the aligned dword for WRITE and SC; for AMO it is
    0x0F, 0xF0 (word) or 0xFF (dword), with the operand in the selected bytes of ``data``."""
    return data.StructLayout({
        "op": MemOp,
        "amo": AmoOp,
        "source": MemSource,
        "addr": paddr_bits,  # byte address; the low three bits are ignored
        "data": 64,
        "mask": 8,
    })


MEM_RESPONSE = data.StructLayout({
    "source": MemSource,
    "data": 64,
    "last": 1,  # last response of this request
})


class MemoryPortSignature(wiring.Signature):
    """Seen from the initiator (the hart).

    ``request`` is a stream. Requests of one port are performed in the order in which they are
    accepted. ``response``, ``write_done`` and ``invalidate`` come from one ordered point, carry no
    backpressure and reach the hart in the order in which the L2 performed the operations: when
    ``write_done`` arrives, every invalidation caused by an earlier-performed write of another port
    has arrived before it (or in the same cycle), and the same holds for each response. Therefore an
    initiator must act on an invalidation at least as fast as on a response.
    """

    def __init__(self, paddr_bits: int, line_bytes: int = 64) -> None:
        self.paddr_bits, self.line_bytes = paddr_bits, line_bytes
        super().__init__({
            "request": Out(stream.Signature(mem_request_layout(paddr_bits))),
            "response": In(wiring.Signature({"valid": Out(1), "p": Out(MEM_RESPONSE)})),
            "write_done": In(1),  # one pulse for each WRITE, when all harts see it
            "invalidate": In(wiring.Signature({
                "valid": Out(1),
                "line": Out(paddr_bits - (line_bytes.bit_length() - 1)),  # address / line_bytes
            })),
        })
