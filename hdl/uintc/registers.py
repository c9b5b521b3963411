"""The registers of the UINTC."""

from ..codes import Code
from ..peripheral import mmio
from . import layout
from .layout import ENTRY_BYTES, VECTORS
from .params import ADDR_BITS, HART_ID_BITS, TABLE_BITS, UintcParams

ID_MAGIC = 0x5549
ID_VERSION = 1


class Refusal(Code):
    """Why an operation was refused."""

    NONE = 0, "none"
    VECTOR = 1, f"SEND of a vector above {VECTORS - 1}"
    RECEIVER = 2, "no such entry"
    SIZE = 3, "access not of 8 bytes"


class Id(mmio.Register, access="r", bytes=8):
    """Identifies this controller; the same in every entry."""

    def __init__(self, params: UintcParams) -> None:
        super().__init__({
            "receivers": mmio.Field(16, "number of entries", init=params.receivers),
            "harts": mmio.Field(16, "number of harts with a line", init=params.harts),
            "version": mmio.Field(16, "of the register map", init=ID_VERSION),
            "magic": mmio.Field(16, f"{ID_MAGIC:#x}, which spells UI", init=ID_MAGIC),
        })


class Send(mmio.Register, access="w", bytes=8):
    """SEND: makes the written vector pending, whether the entry is active or not.

    A number above 63 is refused with reason 1, or with reason 2 if there is no such entry.
    """

    fields = {"vector": mmio.Field(64, "number of the vector, 0 to 63")}


class Low(mmio.Register, access="rw", bytes=8):
    """READ_LOW and WRITE_LOW: the hart of the receiver, and whether it is active."""

    fields = {
        "active": mmio.Field(1, "1: pending vectors interrupt the hart"),
        "mode": mmio.Field(1, "stored without effect: there are always 64 vectors"),
        "_reserved": mmio.Field(14, ""),
        "hart_id": mmio.Field(HART_ID_BITS, "hart on which the receiver runs; an unknown hart is "
                                            "not interrupted"),
    }


class High(mmio.Register, access="rw", bytes=8):
    """READ_HIGH and WRITE_HIGH: the pending vectors.

    Side effect: a read clears them. A write adds the written vectors.
    """

    fields = {"pending": mmio.Field(VECTORS, "a bit for each vector")}


class Active(mmio.Register, access="rw", bytes=8):
    """GET_ACTIVE and SET_ACTIVE: the active bit of ``low`` alone."""

    fields = {"active": mmio.Field(1, "as in low")}


class Error(mmio.Register, access="rw", bytes=8):
    """The last refused operation, and the number of refusals. Any write clears it to 0.

    Only operations on the table are recorded. If several reasons apply, the greatest counts: an
    access of another size has reason 3 even if there is no such entry. What a hart's UIPI refuses
    does not come here.
    """

    fields = {
        "reason": mmio.Field(4, Refusal.text()),
        "_low": mmio.Field(4, ""),
        "register": mmio.Field(2, "offset within the entry, divided by 8"),
        "write": mmio.Field(1, "1 if it was a write"),
        "_high": mmio.Field(5, ""),
        "index": mmio.Field(16, "number of the entry"),
        "count": mmio.Field(16, "refused operations; stays at 65535"),
    }


def uintc_registers(params: UintcParams) -> mmio.RegisterMap:
    """The register map: the table, then the error page."""
    registers = mmio.RegisterMap(addr_bits=ADDR_BITS)
    for name, register, offset, when in (
        ("id", Id(params), layout.ID, "reading"),
        ("send", Send(), layout.SEND, "writing"),
        ("low", Low(), layout.LOW, ""),
        ("high", High(), layout.HIGH, ""),
        ("active", Active(), layout.ACTIVE, ""),
    ):
        registers.add(name, register, offset=offset, count=params.receivers, stride=ENTRY_BYTES,
                      when=when)
    registers.add("error", Error(), offset=1 << TABLE_BITS)
    return registers
