"""``suist``, ``suirs``, ``suicfg`` and ``suierr``: the supervisor's side of UIPI."""

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from ..isa import Csr
from ..lsu.uipi import COUNT_BITS, SUIRS, SUIST, Refused, uipi_state_layout
from ..params import HartParams
from .access import AccessSignature, read


class UserIpi(wiring.Component):
    """Sender table and receiver of the running thread, and the refusals of UIPI.

    ``suist`` keeps the whole physical page number, as ``satp`` does. The load/store unit gets the
    implemented bits, and whether there are others. ``suist`` and ``suirs`` are written late.
    ``suicfg`` always reads UINTC's address. ``suierr`` (layout ``SUIERR``) describes the last
    refusal; its count saturates, and any write clears it.
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
        beyond = Signal(SUIST["table_ppn"].width - ppn_bits)  # bits of PPN that no address has
        last = Signal(Refused)
        count = Signal(COUNT_BITS)
        read(m, access, {
            Csr.SUIST: Cat(state.table_ppn, beyond, state.table_pages,
                           C(0, SUIST["_reserved"].width), state.send_enable),
            Csr.SUIRS: Cat(state.receiver, C(0, SUIRS["_reserved"].width), state.receive_enable),
            Csr.SUICFG: self.params.uintc_base,
            Csr.SUIERR: Cat(last.reason, C(0, 4), last.op, C(0, 5), count, last.operand),
        })
        value = access.late_value
        with m.If(access.late_write), m.Switch(access.late_addr):
            with m.Case(Csr.SUIST):
                suist = data.View(SUIST, value)
                m.d.sync += [
                    state.send_enable.eq(suist.enable),
                    state.table_pages.eq(suist.table_pages),
                    Cat(state.table_ppn, beyond).eq(suist.table_ppn),
                    state.table_beyond.eq(suist.table_ppn[ppn_bits:].any()),
                ]
            with m.Case(Csr.SUIRS):
                suirs = data.View(SUIRS, value)
                m.d.sync += [
                    state.receive_enable.eq(suirs.enable),
                    state.receiver.eq(suirs.receiver),
                ]
        with m.If(refused.valid):
            m.d.sync += last.eq(refused)
            with m.If(~count.all()):
                m.d.sync += count.eq(count + 1)
        with m.Elif(access.write & (access.addr == Csr.SUIERR)):
            m.d.sync += [last.eq(0), count.eq(0)]
        return m
