"""The memory-side port of the L2: whole lines, addressed dword first."""

from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out


class DramSignature(wiring.Signature):
    """Seen from the initiator (the L2).

    A transfer on ``request`` starts a burst of ``line_bytes / 8`` dwords. For a read, the memory
    answers with that many ``rdata.valid`` cycles (gaps allowed, no backpressure), starting with the
    addressed dword and wrapping within the line. For a write, the initiator sends that many
    transfers on ``wdata``, starting with dword 0 of the line. At most one burst is in progress. A
    new request may be accepted once the last dword of the previous burst has been transferred.
    """

    def __init__(self, paddr_bits: int) -> None:
        self.paddr_bits = paddr_bits
        super().__init__({
            "request": Out(stream.Signature(data.StructLayout({"write": 1, "addr": paddr_bits}))),
            "wdata": Out(stream.Signature(64)),
            "rdata": In(wiring.Signature({"valid": Out(1), "data": Out(64)})),
        })
