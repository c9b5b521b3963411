"""UIPI: what the instruction addresses, and whether it may."""

from amaranth import *
from amaranth.lib import data, enum, wiring
from amaranth.lib.wiring import In, Out

from .params import HartParams

TABLE_ENTRY = data.StructLayout({
    "valid": 1, "_reserved_1": 15, "vector": 16, "_reserved_32": 16, "receiver": 16,
})
ENTRY_LOG2 = 3  # bytes of an entry of the sender table
RECEIVER_LOG2 = 5  # bytes of a receiver in UINTC
VECTORS = 64
UIPI_MASK, UIPI_MATCH = 0x01F0_707F, 0x0000_607B  # custom-3, funct3 110, rs2 = x0; funct7 free


class UipiOp(enum.Enum, shape=3):
    """Operations, by funct7 of the instruction."""

    SEND = 0
    READ = 1
    WRITE = 2
    ACTIVATE = 3
    DEACTIVATE = 4


class Refusal(enum.Enum, shape=4):
    """Why an operation has no effect."""

    NONE = 0
    SENDER_DISABLED = 1  # suist.Enable is 0
    BEYOND_TABLE = 2  # the index, of the pages in suist.Size
    TABLE_ACCESS = 3  # no memory there, or PMP forbids S-mode to read it
    ENTRY_INVALID = 4
    VECTOR = 5  # of the entry, 64 or more
    RECEIVER = 6  # of the entry: UINTC has no such receiver
    RECEIVER_DISABLED = 7  # suirs.Enable is 0
    OWN_RECEIVER = 8  # suirs: UINTC has no such receiver


class Refused(data.Struct):
    """A refused operation, in the one cycle of ``valid``."""

    valid: 1
    reason: Refusal
    op: UipiOp
    operand: 32  # low word of rs1


def uipi_state_layout(params: HartParams) -> data.StructLayout:
    """What ``suist`` and ``suirs`` hold."""
    return data.StructLayout({
        "send_enable": 1,
        "table_ppn": params.ppn_bits,
        "table_pages": 12,
        "receive_enable": 1,
        "receiver": 16,
    })


class Uipi(wiring.Component):
    """Addresses and checks of one operation. Combinational, but for ``page_known``.

    - ``refusal``: what ``state`` alone has against the operation.
    - ``table_addr``: where the entry for a SEND lies; meaningful if not refused. ``beyond``: it
      lies beyond what an address can say.
    - ``entry_refusal``: what the entry, once read, has against a SEND.
    - ``addr``, ``data``: the access to UINTC (a read for READ). ``addr`` of a SEND needs ``entry``.

    The rights on the table's page are kept for the page asked last: ``page`` is compared with it
    (``page_known``, ``page_readable``), ``fill`` replaces it, ``flush`` forgets it and wins.
    """

    def __init__(self, params: HartParams) -> None:
        self.params = params
        super().__init__({
            "state": In(uipi_state_layout(params)),
            "op": In(UipiOp),
            "operand": In(64),  # rs1
            "entry": In(TABLE_ENTRY),
            "refusal": Out(Refusal),
            "table_addr": Out(params.paddr_bits),
            "beyond": Out(1),
            "entry_refusal": Out(Refusal),
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
        index_bits = 12 - ENTRY_LOG2  # of the entries of a page
        send = self.op == UipiOp.SEND
        table_page = self.operand[index_bits:index_bits + 12]
        inside = (table_page < state.table_pages) & ~self.operand[index_bits + 12:].any()
        ppn = Signal(params.ppn_bits + 1)
        m.d.comb += [
            ppn.eq(state.table_ppn + table_page),
            self.table_addr.eq(Cat(C(0, ENTRY_LOG2), self.operand[:index_bits], ppn)),
            self.beyond.eq(ppn[-1]),
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
                m.d.comb += [offset.eq(0x00), self.data.eq(entry.vector)]
            with m.Case(UipiOp.READ, UipiOp.WRITE):
                m.d.comb += [offset.eq(0x10), self.data.eq(self.operand)]
            with m.Default():
                m.d.comb += [offset.eq(0x18), self.data.eq(self.op == UipiOp.ACTIVATE)]
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
