"""``suist``, ``suirs``, ``suicfg`` and ``suierr``: the supervisor's side of UIPI."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..isa import Csr
from ..params import HartParams
from ..uipi import Refused, uipi_state_layout
from .access import AccessSignature, read

COUNT_BITS = 16


class UserIpi(wiring.Component):
    """Sender table and receiver of the running thread, and what UIPI refused.

    ``suist`` keeps the physical page numbers that exist, as ``satp`` does; it and ``suirs`` are
    written late. ``suicfg`` is UINTC's address, whatever is written. ``suierr`` tells the last
    refusal (bits 3:0 reason, 10:8 operation, 63:32 low word of rs1) and how many there were (31:16,
    stays at its end); any write clears it.
    """

    def __init__(self, params: HartParams) -> None:
        self.params = params
        super().__init__({
            "access": In(AccessSignature()),
            "refused": In(Refused),
            "state": Out(uipi_state_layout(params)),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        access, state, refused = self.access, self.state, self.refused
        ppn_bits = self.params.ppn_bits
        last = Signal(Refused)
        count = Signal(COUNT_BITS)
        read(m, access, {
            Csr.SUIST: Cat(state.table_ppn, C(0, 44 - ppn_bits), state.table_pages, C(0, 7),
                           state.send_enable),
            Csr.SUIRS: Cat(state.receiver, C(0, 47), state.receive_enable),
            Csr.SUICFG: self.params.uintc_base,
            Csr.SUIERR: Cat(last.reason, C(0, 4), last.op, C(0, 5), count, last.operand),
        })
        value = access.late_value
        with m.If(access.late_write), m.Switch(access.late_addr):
            with m.Case(Csr.SUIST):
                m.d.sync += [
                    state.send_enable.eq(value[63]),
                    state.table_pages.eq(value[44:56]),
                    state.table_ppn.eq(value[:ppn_bits]),
                ]
            with m.Case(Csr.SUIRS):
                m.d.sync += [state.receive_enable.eq(value[63]), state.receiver.eq(value[:16])]
        with m.If(refused.valid):
            m.d.sync += last.eq(refused)
            with m.If(~count.all()):
                m.d.sync += count.eq(count + 1)
        with m.Elif(access.write & (access.addr == Csr.SUIERR)):
            m.d.sync += [last.eq(0), count.eq(0)]
        return m
