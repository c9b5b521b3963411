"""UIPI: the addresses and checks of the instruction."""

from amaranth import *
from amaranth.lib import data, enum, wiring
from amaranth.lib.wiring import In, Out

from ...codes import Code
from ...uintc import layout
from ...uintc.layout import SENDER_ENTRY, SENDER_ENTRY_BYTES, VECTORS
from ..params import PAGE_BITS, HartParams

ENTRY_LOG2 = SENDER_ENTRY_BYTES.bit_length() - 1
RECEIVER_LOG2 = layout.ENTRY_BYTES.bit_length() - 1
REASON_BITS = 4
PAGES_BITS = 12
COUNT_BITS = 16
UIPI_MASK, UIPI_MATCH = 0x01F0_707F, 0x0000_607B  # custom-3, funct3 110, rs2 = x0; funct7 free


class UipiOp(enum.Enum, shape=3):
    """Operations, by funct7 of the instruction."""

    SEND = 0
    READ = 1
    WRITE = 2
    ACTIVATE = 3
    DEACTIVATE = 4


class Refusal(Code):
    """Why an operation had no effect."""

    NONE = 0, "none"
    SENDER_DISABLED = 1, "SEND is disabled: suist.Enable is 0"
    BEYOND_TABLE = 2, "the index is beyond the pages in suist.Size"
    TABLE_ACCESS = 3, "the sender table is not memory, or PMP forbids S-mode to read it"
    ENTRY_INVALID = 4, "the sender-table entry is not valid"
    VECTOR = 5, f"the entry names a vector above {VECTORS - 1}"
    RECEIVER = 6, "the entry names a receiver that UINTC does not have"
    RECEIVER_DISABLED = 7, "there is no receiver: suirs.Enable is 0"
    OWN_RECEIVER = 8, "UINTC does not have the receiver in suirs"


class Refused(data.Struct):
    """A refused operation, in the one cycle of ``valid``."""

    valid: 1
    reason: REASON_BITS  # a ``Refusal``
    op: UipiOp
    operand: 32  # low word of rs1


# The supervisor's CSRs, as software sees them.
SUIST = data.StructLayout({
    "table_ppn": 44, "table_pages": PAGES_BITS, "_reserved": 7, "enable": 1,
})
SUIRS = data.StructLayout({"receiver": 16, "_reserved": 47, "enable": 1})
SUIERR = data.StructLayout({
    "reason": REASON_BITS, "_reserved_4": 4, "op": UipiOp, "_reserved_11": 5, "count": COUNT_BITS,
    "operand": 32,
})


def uipi_state_layout(params: HartParams) -> data.StructLayout:
    """The contents of ``suist`` and ``suirs``, and whether the current mode may execute UIPI."""
    return data.StructLayout({
        "allowed": 1,
        "send_enable": 1,
        "table_ppn": params.ppn_bits,
        "table_beyond": 1,  # the page number has further bits: no such address exists
        "table_pages": PAGES_BITS,
        "receive_enable": 1,
        "receiver": 16,
    })


class Uipi(wiring.Component):
    """Addresses and checks of one operation. Combinational, except for the rights on the table.

    - ``refusal``: the reason for a refusal that follows from ``state`` alone.
    - ``table_addr``: the address of the entry for a SEND, unless that is refused. ``beyond``: it
      exceeds the physical addresses.
    - ``entry_refusal``: the reason for the refusal of a SEND that follows from ``entry``.
    - ``addr``, ``data``: the access to UINTC (a read for READ). ``addr`` of a SEND needs ``entry``.

    The rights on the last page of the table are stored. ``page_known`` says that ``page`` is that
    page, and ``page_readable`` that it can be read. ``fill`` replaces them; ``flush`` drops them
    and has priority.
    """

    def __init__(self, params: HartParams) -> None:
        self.params = params
        super().__init__({
            "state": In(uipi_state_layout(params)),
            "op": In(UipiOp),
            "operand": In(64),  # rs1
            "entry": In(SENDER_ENTRY),
            "refusal": Out(REASON_BITS),
            "table_addr": Out(params.paddr_bits),
            "beyond": Out(1),
            "entry_refusal": Out(REASON_BITS),
            "addr": Out(params.paddr_bits),
            "data": Out(64),
            "page": In(params.ppn_bits),
            "page_known": Out(1),
            "page_readable": Out(1),
            "fill": In(1),
            "fill_readable": In(1),
            "flush": In(1),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        params, state, entry = self.params, self.state, self.entry
        index_bits = PAGE_BITS - ENTRY_LOG2  # of an entry within its page
        send = self.op == UipiOp.SEND
        table_page = self.operand[index_bits:index_bits + PAGES_BITS]
        inside = (table_page < state.table_pages) & ~self.operand[index_bits + PAGES_BITS:].any()
        ppn = Signal(params.ppn_bits + 1)
        m.d.comb += [
            ppn.eq(state.table_ppn + table_page),
            self.table_addr.eq(Cat(C(0, ENTRY_LOG2), self.operand[:index_bits], ppn)),
            self.beyond.eq(ppn[-1] | state.table_beyond),
        ]
        with m.If(send):
            with m.If(~state.send_enable):
                m.d.comb += self.refusal.eq(Refusal.SENDER_DISABLED)
            with m.Elif(~inside):
                m.d.comb += self.refusal.eq(Refusal.BEYOND_TABLE)
            with m.Elif(self.beyond):
                m.d.comb += self.refusal.eq(Refusal.TABLE_ACCESS)
        with m.Else():
            with m.If(~state.receive_enable):
                m.d.comb += self.refusal.eq(Refusal.RECEIVER_DISABLED)
            with m.Elif(state.receiver >= params.uintc_receivers):
                m.d.comb += self.refusal.eq(Refusal.OWN_RECEIVER)

        with m.If(~entry.valid):
            m.d.comb += self.entry_refusal.eq(Refusal.ENTRY_INVALID)
        with m.Elif(entry.vector >= VECTORS):
            m.d.comb += self.entry_refusal.eq(Refusal.VECTOR)
        with m.Elif(entry.receiver >= params.uintc_receivers):
            m.d.comb += self.entry_refusal.eq(Refusal.RECEIVER)

        # Offsets in a receiver's entry: UINTC-2.2.
        offset = Signal(RECEIVER_LOG2)
        with m.Switch(self.op):
            with m.Case(UipiOp.SEND):
                m.d.comb += [offset.eq(layout.SEND), self.data.eq(entry.vector)]
            with m.Case(UipiOp.READ, UipiOp.WRITE):
                m.d.comb += [offset.eq(layout.HIGH), self.data.eq(self.operand)]
            with m.Default():
                m.d.comb += [offset.eq(layout.ACTIVE), self.data.eq(self.op == UipiOp.ACTIVATE)]
        receiver_bits = (params.uintc_receivers - 1).bit_length()
        receiver = Mux(send, entry.receiver, state.receiver)[:receiver_bits]
        m.d.comb += self.addr.eq(params.uintc_base | Cat(offset, receiver))

        known, readable = Signal(), Signal(reset_less=True)
        known_page = Signal(params.ppn_bits, reset_less=True)
        with m.If(self.fill):
            m.d.sync += [known.eq(1), readable.eq(self.fill_readable), known_page.eq(self.page)]
        with m.If(self.flush):
            m.d.sync += known.eq(0)
        m.d.comb += [
            self.page_known.eq(known & (known_page == self.page)),
            self.page_readable.eq(readable),
        ]
        return m
