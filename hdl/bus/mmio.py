"""The MMIO port: uncached, strongly ordered single accesses."""

from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out


def mmio_request_layout(addr_bits: int) -> data.StructLayout:
    """One access of 1, 2, 4 or 8 naturally aligned bytes.

    ``addr`` is the byte address of the access, ``size`` the logarithm of its bytes. ``data`` and
    ``mask`` are in dword lanes: byte ``i`` of the aligned dword sits in bits ``8*i+7 .. 8*i``.
    ``mask`` also tells which bytes a read wants.
    """
    return data.StructLayout({"write": 1, "addr": addr_bits, "size": 2, "data": 64, "mask": 8})


MMIO_RESPONSE = data.StructLayout({"data": 64, "error": 1})


class MmioSignature(wiring.Signature):
    """Seen from the initiator.

    A write is posted: it is done once accepted, in order, and has no response. A read is answered
    by exactly one cycle of ``response.valid``, in the cycle of its acceptance or later; ``data`` is
    in dword lanes. An initiator has at most one read outstanding and no write is accepted while a
    read of the same initiator is outstanding. ``error`` means that nothing answers there.
    """

    def __init__(self, addr_bits: int) -> None:
        self.addr_bits = addr_bits
        super().__init__({
            "request": Out(stream.Signature(mmio_request_layout(addr_bits))),
            "response": In(wiring.Signature({"valid": Out(1), "p": Out(MMIO_RESPONSE)})),
        })
