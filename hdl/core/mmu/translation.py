"""Types for address translation: contexts, TLB entries, the refill port."""

from amaranth.lib import data, enum, wiring
from amaranth.lib.wiring import In, Out

from ..params import HartParams

TLB_PAGE_BITS = 28  # page number in a TLB: vaddr[39:12]; bit 39 marks a non-canonical address


class Mode(enum.Enum, shape=2):
    """How an address is translated. Part of a TLB entry's tag."""

    BARE_M = 0  # physical, M-mode rights
    BARE = 1  # physical, S- or U-mode rights (PMP must grant)
    SV39 = 2


class Context(data.Struct):
    """The context of a memory access: translation mode, address space, effective privilege."""

    mode: Mode
    asid: 16  # bits above ``asid_bits`` are 0
    priv: 2  # isa.Priv
    sum: 1  # mstatus.SUM (data accesses only)
    mxr: 1  # mstatus.MXR (data accesses only)


def tlb_entry_layout(params: HartParams) -> data.StructLayout:
    """A TLB entry for one 4 KiB page. Superpages and PMP regions are split into such pages.

    ``r w x u`` come from the leaf PTE, with ``w`` = W and D (software sets A and D: Svade). In the
    bare modes ``r w x`` are 1 and ``u`` is meaningless. ``acc_*`` are the rights from PMP and
    physical memory attributes, for the privilege that the mode implies. An access without ``acc_*``
    raises an access fault; one without ``r w x u`` raises a page fault, which has priority.
    """
    return data.StructLayout({
        "ppn": params.ppn_bits,
        "r": 1, "w": 1, "x": 1, "u": 1, "g": 1,
        "acc_r": 1, "acc_w": 1, "acc_x": 1,
        "io": 1,  # uncached region
    })


class RefillSignature(wiring.Signature):
    """Port from a first-level TLB's owner to the MMU, seen from the owner.

    ``valid`` is held with a stable ``page`` and ``mode``/``asid`` until the one cycle of ``done``.
    ``page`` is all of vaddr[63:12], so that the MMU detects bad addresses. The entry and the faults
    come with ``done``: ``page_fault`` (no valid leaf, reserved encodings, A = 0, not canonical) or
    ``access_fault`` (the walk or a bare address leaves the existing or permitted memory). An entry
    with a fault must not be stored. A request is never withdrawn.
    """

    def __init__(self, params: HartParams) -> None:
        super().__init__({
            "valid": Out(1),
            "page": Out(52),
            "mode": Out(Mode),
            "asid": Out(16),
            "done": In(1),
            "entry": In(tlb_entry_layout(params)),
            "page_fault": In(1),
            "access_fault": In(1),
        })


class TlbFlush(data.Struct):
    """SFENCE.VMA, or a change of PMP. First-level TLBs drop everything on ``valid``."""

    valid: 1
    all: 1  # every entry of every address space; otherwise only ``page``
    page: 27  # vaddr[38:12]


class PmpEntry(data.Struct):
    """One PMP entry as the CSR file holds it (4 KiB granularity)."""

    r: 1
    w: 1
    x: 1
    a: 2  # OFF, TOR, NA4 (not selectable), NAPOT
    lock: 1
    addr: 54  # pmpaddr, as last written (address bits 55:2)
