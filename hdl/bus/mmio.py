"""The MMIO port: uncached, strongly ordered single accesses."""

from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

DWORD = 3  # ``size`` of an access of 8 bytes


def mmio_request_layout(addr_bits: int) -> data.StructLayout:
    """One access of 1, 2, 4 or 8 naturally aligned bytes.

    ``addr`` is the byte address of the access and ``size`` the binary logarithm of its width in
    bytes. ``data`` and ``mask`` use dword lanes: byte ``i`` of the aligned dword is in bits
    ``8*i+7 .. 8*i``. For a read, ``mask`` names the wanted bytes.
    """
    return data.StructLayout({"write": 1, "addr": addr_bits, "size": 2, "data": 64, "mask": 8})


MMIO_RESPONSE = data.StructLayout({"data": 64, "error": 1})


class MmioSignature(wiring.Signature):
    """Seen from the initiator.

    A write is posted: it has no response and takes effect, in order, once it is accepted. A read
    gets exactly one cycle of ``response.valid``, in the cycle of its acceptance or later; ``data``
    uses dword lanes. An initiator has at most one read outstanding, and no write is accepted while
    that read is outstanding. ``error`` means that no device has this address.
    """

    def __init__(self, addr_bits: int) -> None:
        self.addr_bits = addr_bits
        super().__init__({
            "request": Out(stream.Signature(mmio_request_layout(addr_bits))),
            "response": In(wiring.Signature({"valid": Out(1), "p": Out(MMIO_RESPONSE)})),
        })
