"""The load/store unit: from the address in Execute to the result in Memory."""

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from ..bus.coherent import AmoOp, MemOp, MemoryPortSignature, MemSource
from ..bus.mmio import MmioSignature
from .dcache import DCache
from .isa import Cause
from .lsu_align import LoadAlign, StoreAlign
from .lsu_rights import Rights
from .lsu_types import LsuOp, LsuRequest
from .params import PAGE_BITS, HartParams
from .store_buffer import StoreBuffer
from .tlb import MicroTlb
from .translation import Context, Mode, RefillSignature, tlb_entry_layout
from .uipi import Refusal, Refused, Uipi, UipiOp, uipi_state_layout

AMO_OPS = {  # funct5: operation
    0b00001: AmoOp.SWAP,
    0b00000: AmoOp.ADD,
    0b00100: AmoOp.XOR,
    0b01100: AmoOp.AND,
    0b01000: AmoOp.OR,
    0b10000: AmoOp.MIN,
    0b10100: AmoOp.MAX,
    0b11000: AmoOp.MINU,
    0b11100: AmoOp.MAXU,
}


class Part(data.Struct):
    """The progress of an access that crosses a dword. All 0 for other accesses."""

    upper: 1  # at the second dword
    checked: 1  # the second dword, on the next page, is written: the first is still to be written


class Lsu(wiring.Component):
    """Loads, stores, atomics and UIPI of one hart, one in Memory (M) at a time.

    The operation in Execute (``x``, ``x_valid``) enters M with ``m_advance``. X computes its
    address and looks it up in the DTLB; the L1D answers in M. A load that hits, and a store that
    finds room in the store buffer, take one cycle in M. Other operations raise ``m_busy``
    (combinational, late). An operation is done when ``m_busy`` is low, and stays done until
    ``m_advance``; ``m_result`` and the fault are valid in these cycles. Faults come from
    flip-flops, one cycle after they are found.

    An access that crosses a dword looks its two dwords up in successive cycles. A store writes each
    of them, a load merges them, and is done one cycle later. If a store also crosses a page, the
    first dword comes again after the second one: nothing is written before the rights on both pages
    are known. Each page has its own translation and rights.

    ``m_kill`` in the first cycle of an operation in M cancels it. Without ``m_kill`` that cycle may
    already have an effect, with or without ``m_advance``.

    UIPI reads its entry of the sender table through the L1D, and writes to UINTC through the store
    buffer, behind all older stores. Its READ is a read of a device. A ``refused`` operation has no
    effect, and a refused READ returns 0. The only fault of UIPI is that it is an illegal
    instruction where it is not ``allowed``.

    A read of a device waits until older stores to devices have left, but not for stores to memory.

    ``ctx`` and ``uipi`` must not change from the cycle before an operation enters M until it
    leaves.
    """

    def __init__(self, params: HartParams) -> None:
        self.params = params
        super().__init__({
            "ctx": In(Context),
            "uipi": In(uipi_state_layout(params)),
            "refused": Out(Refused),
            "x_valid": In(1),
            "x": In(LsuRequest),
            "m_advance": In(1),
            "m_kill": In(1),
            "m_busy": Out(1),
            "m_result": Out(64),
            "m_fault": Out(1),
            "m_cause": Out(6),
            "m_vaddr": Out(64),  # for tval: of the dword that faulted, if an access crosses one
            "m_addr": Out(64),  # of the operation
            "drained": Out(1),  # no store waits, and all are acknowledged
            "tlb": Out(RefillSignature(params)),
            "tlb_flush": In(1),
            "mem": Out(MemoryPortSignature(params.paddr_bits, params.line_bytes)),
            "mmio": Out(MmioSignature(params.paddr_bits)),
            "event_dcache_miss": Out(1),
            "event_dtlb_miss": Out(1),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        params, x = self.params, self.x
        m.submodules.dtlb = dtlb = MicroTlb(params, params.dtlb_entries)
        m.submodules.dcache = dcache = DCache(params)
        m.submodules.stores = stores = StoreBuffer(params)
        m.submodules.rights = rights = Rights(params)
        m.submodules.load_align = load_align = LoadAlign()
        m.submodules.store_align = store_align = StoreAlign()
        m.submodules.uipi = uipi = Uipi(params)

        # Execute: address, DTLB.
        x_addr = Signal(64)
        x_crosses, x_unaligned, x_wild = Signal(), Signal(), Signal()
        m.d.comb += [
            x_addr.eq(x.base + x.offset),
            x_wild.eq(x_addr[40:] != x_addr[39].replicate(24)),  # bits that the DTLB ignores
            dtlb.page.eq(x_addr[PAGE_BITS:]),
            dtlb.mode.eq(self.ctx.mode),
            dtlb.asid.eq(self.ctx.asid),
            dtlb.flush.eq(self.tlb_flush),
        ]
        with m.Switch(x.size):
            with m.Case(1):
                m.d.comb += [x_unaligned.eq(x_addr[0]), x_crosses.eq(x_addr[:3] == 7)]
            with m.Case(2):
                m.d.comb += [x_unaligned.eq(x_addr[:2].any()), x_crosses.eq(x_addr[:3] > 4)]
            with m.Case(3):
                m.d.comb += [x_unaligned.eq(x_addr[:3].any()), x_crosses.eq(x_addr[:3] != 0)]

        # Memory: the operation.
        m_look = Signal()  # tags and data of the L1D belong to the operation
        m_op = Signal(LsuOp, reset_less=True)
        m_size = Signal(2, reset_less=True)
        m_unsigned = Signal(reset_less=True)
        m_funct7 = Signal(7, reset_less=True)
        m_vaddr = Signal(64, reset_less=True)
        m_offset = Signal(PAGE_BITS, reset_less=True)  # of the current dword within its page
        m_unaligned = Signal(reset_less=True)
        m_crosses = Signal(reset_less=True)  # crosses a dword; only loads and stores can
        m_spans = Signal(reset_less=True)  # ... and a page
        m_wild = Signal(reset_less=True)
        m_translated = Signal(reset_less=True)
        m_entry = Signal(tlb_entry_layout(params), reset_less=True)
        m_first_ppn = Signal(params.ppn_bits, reset_less=True)  # of the first dword
        m_part = Signal(Part)
        m_last = Signal(reset_less=True)  # no look-up of another dword follows
        m_shift = Signal(3, reset_less=True)  # byte of ``m_data`` at which the access starts
        m_data = Signal(64, reset_less=True)  # operand; with m_kept, the result of a load
        m_kept = Signal()
        m_uipi_allowed = Signal()  # in the current mode
        m_fault = Signal()
        m_cause = Signal(6, reset_less=True)

        m_load, m_store, m_atomic, m_uipi = Signal(), Signal(), Signal(), Signal()
        m_upper_addr = Signal(64)
        m_upper_wild = Signal()
        m_paddr = Signal(params.paddr_bits)
        m_mask = Signal(16)
        m.d.comb += [
            m_load.eq(m_op == LsuOp.LOAD),
            m_store.eq(m_op == LsuOp.STORE),
            m_uipi.eq(m_op == LsuOp.UIPI),
            m_atomic.eq(~m_load & ~m_store & ~m_uipi),
            m_upper_addr[3:].eq(m_vaddr[3:] + 1),
            m_upper_wild.eq(m_upper_addr[40:] != m_upper_addr[39].replicate(24)),
            m_paddr.eq(Cat(m_offset, m_entry.ppn)),
            rights.context.eq(self.ctx),
            rights.op.eq(m_op),
            rights.unaligned.eq(m_unaligned),
            rights.entry.eq(m_entry),
        ]
        with m.Switch(m_size):
            for size in range(4):
                with m.Case(size):
                    m.d.comb += m_mask.eq(((1 << (1 << size)) - 1) << m_vaddr[:3])
        with m.If(m_uipi):
            m.d.comb += m_mask.eq(0xFF)

        # A valid look-up.
        m_ready = Signal()  # translated, allowed, set in order, room for a store
        m_load_ready = Signal()  # ... for a load, without the hit, which comes last
        m_done = Signal()  # in this cycle already
        m_pushes = Signal()
        m.d.comb += [
            m_ready.eq(m_translated & ~rights.page_fault & ~rights.access_fault & ~dcache.unready
                       & ~(m_store & stores.full)),
            m_load_ready.eq(m_load & m_ready & ~m_entry.io & ~dcache.stale),
            m_done.eq((m_store & m_ready & m_last)
                      | (m_load_ready & ~m_crosses & dcache.hit.any())),
            m_pushes.eq(m_look & ~self.m_kill & m_store & m_ready
                        & (~m_spans | m_part.as_value().any())),
        ]

        # The dword to look up next: one of this operation's, unless that is done in this cycle.
        m_slow = Signal()
        m_turns_back = Signal()  # from the second dword to the first one
        m_continues = Signal()
        next_index = Signal(PAGE_BITS - 3)
        m.d.comb += [
            m_turns_back.eq(m_store & m_spans & m_part.upper),
            m_continues.eq(m_slow | (m_look & ~m_last & ~self.m_kill)),
            next_index.eq(Mux(m_turns_back, m_vaddr[3:PAGE_BITS], m_upper_addr[3:PAGE_BITS])),
        ]
        with m.If(m_slow):
            m.d.comb += next_index.eq(m_offset[3:])
        with m.If(m_continues & m_spans):
            m.d.comb += dtlb.page.eq(m_upper_addr[PAGE_BITS:])

        # L1D and store buffer.
        posts = Signal()  # UIPI writes to UINTC
        m.d.comb += [
            dcache.x_index.eq(Mux(m_continues, next_index, x_addr[3:])),
            dcache.m_addr.eq(m_paddr[3:]),
            dcache.store.eq(m_pushes),
            dcache.store_data.eq(store_align.lanes),
            dcache.store_mask.eq(stores.store.mask),
            dcache.response.valid.eq(self.mem.response.valid),
            dcache.response.p.eq(self.mem.response.p),
            dcache.invalidate.valid.eq(self.mem.invalidate.valid),
            dcache.invalidate.line.eq(self.mem.invalidate.line),
            store_align.data.eq(m_data),
            store_align.shift.eq(m_shift),
            stores.push.eq(m_pushes | posts),
            stores.store.addr.eq(Mux(m_uipi, uipi.addr, m_paddr)),
            stores.store.data.eq(Mux(m_uipi, uipi.data, store_align.lanes)),
            stores.store.mask.eq(Mux(m_part.upper, m_mask[8:], m_mask[:8])),
            stores.store.size.eq(m_size),
            stores.store.io.eq(m_entry.io | m_uipi),
            stores.write_done.eq(self.mem.write_done),
            self.drained.eq(stores.drained),
        ]

        # Requests of the operation itself, when the store buffer is empty.
        request, accepted, answered = Signal(), Signal(), Signal()
        device, device_request, device_accepted, device_answered = (Signal() for _ in range(4))
        m.d.comb += [
            answered.eq(self.mem.response.valid & (self.mem.response.p.source == MemSource.DATA)),
            device_answered.eq(device & self.mmio.response.valid),
            stores.mem.ready.eq(self.mem.request.ready),
            stores.mmio.ready.eq(self.mmio.request.ready),
        ]
        with m.If(stores.empty):
            m.d.comb += [
                self.mem.request.valid.eq(request & ~dcache.busy),
                accepted.eq(self.mem.request.valid & self.mem.request.ready),
                self.mem.request.p.source.eq(MemSource.DATA),
                self.mem.request.p.addr.eq(m_paddr),
                self.mem.request.p.data.eq(store_align.lanes),
                self.mem.request.p.mask.eq(m_mask),
            ]
            with m.Switch(m_op):
                with m.Case(LsuOp.LR):
                    m.d.comb += self.mem.request.p.op.eq(MemOp.LR)
                with m.Case(LsuOp.SC):
                    m.d.comb += self.mem.request.p.op.eq(MemOp.SC)
                with m.Case(LsuOp.AMO):
                    m.d.comb += self.mem.request.p.op.eq(MemOp.AMO)
                with m.Default():
                    m.d.comb += self.mem.request.p.op.eq(MemOp.READ_LINE)
            with m.Switch(m_funct7[2:]):
                for funct5, operation in AMO_OPS.items():
                    with m.Case(funct5):
                        m.d.comb += self.mem.request.p.amo.eq(operation)
        with m.Else():
            m.d.comb += [
                self.mem.request.valid.eq(stores.mem.valid),
                self.mem.request.p.eq(stores.mem.p),
            ]
        # A read of a device waits for older stores to devices, not for those to memory.
        with m.If(stores.device):
            m.d.comb += [
                self.mmio.request.valid.eq(stores.mmio.valid),
                self.mmio.request.p.eq(stores.mmio.p),
            ]
        with m.Else():
            m.d.comb += [
                self.mmio.request.valid.eq(device_request),
                device_accepted.eq(self.mmio.request.valid & self.mmio.request.ready),
                self.mmio.request.p.addr.eq(m_paddr),
                self.mmio.request.p.size.eq(m_size),
                self.mmio.request.p.mask.eq(m_mask),
            ]

        # ``m_data`` takes a dword from the L1D, from memory or from a device.
        take = Signal()
        taken = Signal(64)
        m.d.comb += taken.eq(self.mem.response.p.data)
        with m.If(device):
            m.d.comb += taken.eq(self.mmio.response.p.data)
        with m.If(m_look):
            m.d.comb += taken.eq(dcache.data)
        with m.If(take):
            m.d.sync += m_kept.eq(1)
        for lane in range(8):
            # The second dword of a load fills the bytes before those of the first one.
            change = take & (~m_part.upper | (lane < m_vaddr[:3]))
            byte = slice(8 * lane, 8 * lane + 8)
            with m.If(self.m_advance | change):
                m.d.sync += m_data[byte].eq(Mux(self.m_advance, x.data[byte], taken[byte]))

        def fault(load: Cause, store: Cause) -> None:
            writes = (m_op != LsuOp.LOAD) & (m_op != LsuOp.LR)
            m.d.sync += [m_fault.eq(1), m_cause.eq(Mux(writes, store, load))]

        def refuse(reason: Value) -> None:
            m.d.comb += [self.refused.valid.eq(1), self.refused.reason.eq(reason)]

        def second_dword() -> None:
            m.d.sync += [
                m_part.upper.eq(1),
                m_offset.eq(m_upper_addr),
                m_first_ppn.eq(m_entry.ppn),
                m_last.eq(~(m_store & m_spans)),
            ]
            with m.If(m_spans):
                m.d.sync += [
                    m_translated.eq(dtlb.hit & ~m_upper_wild),
                    m_entry.eq(dtlb.entry),
                    m_wild.eq(m_upper_wild),
                ]

        with m.FSM(name="slow") as slow:
            with m.State("NONE"):  # no operation, one with a look-up, or one that is done
                m.d.sync += m_look.eq(0)
                # Also done for a load that misses, because a hit is known too late.
                m.d.comb += take.eq(m_look & m_load)
                with m.If(m_look & ~self.m_kill):
                    with m.If(m_uipi):
                        # In the place of the operand: the table, or the own receiver in UINTC.
                        m.d.sync += [
                            Cat(m_offset, m_entry.ppn).eq(Mux(
                                uipi.op == UipiOp.SEND, uipi.table_addr, uipi.addr)),
                            m_size.eq(3),
                            m_shift.eq(0),
                            m_crosses.eq(0),
                            m_kept.eq(1),
                        ]
                        with m.If(~m_uipi_allowed):
                            m.d.sync += [m_fault.eq(1), m_cause.eq(Cause.ILLEGAL_INSN)]
                        with m.Elif(uipi.refusal != Refusal.NONE):
                            refuse(uipi.refusal)
                        with m.Elif(uipi.op == UipiOp.SEND):
                            m.next = "TABLE"
                        with m.Elif(uipi.op == UipiOp.READ):
                            m.next = "DEVICE"
                        with m.Else():
                            m.next = "POST"
                    with m.Elif(m_atomic & m_unaligned):
                        fault(Cause.LOAD_MISALIGNED, Cause.STORE_MISALIGNED)
                    with m.Elif(~m_translated):
                        m.next = "TRANSLATE"
                    with m.Elif(rights.page_fault):
                        fault(Cause.LOAD_PAGE, Cause.STORE_PAGE)
                    with m.Elif(rights.access_fault):
                        fault(Cause.LOAD_ACCESS, Cause.STORE_ACCESS)
                    with m.Elif(~m_ready):
                        m.next = "AGAIN"
                    with m.Elif(m_atomic):
                        m.d.comb += dcache.drop.eq(1)
                        m.next = "ATOMIC"
                    with m.Elif(m_store):
                        with m.If(m_turns_back):
                            m.d.sync += [
                                m_part.upper.eq(0),
                                m_part.checked.eq(1),
                                m_last.eq(1),
                                m_offset.eq(m_vaddr),
                                m_entry.ppn.eq(m_first_ppn),
                                m_look.eq(1),
                            ]
                        with m.Elif(~m_last):
                            second_dword()
                            m.d.sync += m_look.eq(1)
                    with m.Elif(m_entry.io):
                        m.next = "DEVICE"
                    with m.Elif(dcache.stale):
                        m.next = "AGAIN"
                    with m.Elif(~dcache.hit.any()):
                        m.next = "MISS"
                    with m.Elif(m_crosses & ~m_part.upper):
                        second_dword()
                        m.d.sync += m_look.eq(1)

            with m.State("AGAIN"):  # reads the L1D again, when it may hit
                with m.If(~dcache.filling & ~(m_store & stores.full)):
                    m.d.sync += [m_look.eq(1), m_kept.eq(0)]
                    m.next = "NONE"

            with m.State("TRANSLATE"):
                m.d.comb += self.tlb.valid.eq(1)
                with m.If(self.tlb.done):
                    m.next = "NONE"
                    m.d.sync += [m_entry.eq(self.tlb.entry), m_translated.eq(1)]
                    with m.If(self.tlb.page_fault):
                        fault(Cause.LOAD_PAGE, Cause.STORE_PAGE)
                    with m.Elif(self.tlb.access_fault):
                        fault(Cause.LOAD_ACCESS, Cause.STORE_ACCESS)
                    with m.Else():
                        m.d.comb += dtlb.fill.eq(~m_wild)
                        m.d.sync += [m_look.eq(1), m_kept.eq(0)]

            with m.State("MISS"):
                m.d.comb += request.eq(1)
                with m.If(accepted):
                    m.d.comb += dcache.refill.eq(1)
                    m.next = "FILL"
            with m.State("FILL"):
                with m.If(answered):
                    m.d.comb += take.eq(1)
                    m.next = "NONE"
                    with m.If(m_uipi):
                        m.next = "POST"
                    with m.Elif(m_crosses & ~m_part.upper):
                        second_dword()
                        m.next = "AGAIN"

            with m.State("TABLE"):  # may S-mode read it? Reads the L1D when it may hit
                with m.If(~uipi.page_known):
                    m.next = "TABLE_RIGHTS"
                with m.Elif(~uipi.page_readable):
                    refuse(Refusal.TABLE_ACCESS)
                    m.next = "NONE"
                with m.Elif(~dcache.filling):
                    m.d.sync += m_look.eq(1)
                    m.next = "ENTRY"
            with m.State("TABLE_RIGHTS"):
                m.d.comb += self.tlb.valid.eq(1)
                with m.If(self.tlb.done):
                    m.d.comb += uipi.fill.eq(1)
                    m.next = "TABLE"
            with m.State("ENTRY"):
                m.d.sync += m_look.eq(0)
                m.d.comb += take.eq(1)
                with m.If(dcache.unready | dcache.stale):
                    m.next = "TABLE"
                with m.Elif(dcache.hit.any()):
                    m.next = "POST"
                with m.Else():
                    m.next = "MISS"
            with m.State("POST"):
                with m.If((uipi.op == UipiOp.SEND) & (uipi.entry_refusal != Refusal.NONE)):
                    refuse(uipi.entry_refusal)
                    m.next = "NONE"
                with m.Elif(~stores.full):
                    m.d.comb += posts.eq(1)
                    m.next = "NONE"

            with m.State("ATOMIC"):
                m.d.comb += request.eq(1)
                with m.If(accepted):
                    with m.If(m_op == LsuOp.SC):
                        m.d.sync += m_shift.eq(0)
                    m.next = "ANSWER"
            with m.State("ANSWER"):
                with m.If(answered):
                    m.d.comb += take.eq(1)
                    m.next = "NONE"

            with m.State("DEVICE"):
                m.d.comb += [device.eq(1), device_request.eq(1)]
                with m.If(device_accepted):
                    m.next = "DEVICE_ANSWER"
                with m.If(device_answered):
                    m.next = "NONE"
            with m.State("DEVICE_ANSWER"):
                m.d.comb += device.eq(1)
                with m.If(device_answered):
                    m.next = "NONE"

        with m.If(device_answered):
            m.d.comb += take.eq(1)
            with m.If(self.mmio.response.p.error & ~m_uipi):
                fault(Cause.LOAD_ACCESS, Cause.LOAD_ACCESS)

        m.d.sync += m_uipi_allowed.eq(self.uipi.allowed)
        with m.If(self.m_advance):
            m.d.sync += [
                m_look.eq(self.x_valid),
                m_op.eq(x.op),
                m_size.eq(x.size),
                m_unsigned.eq(x.unsigned),
                m_funct7.eq(x.funct7),
                m_vaddr.eq(x_addr),
                m_offset.eq(x_addr),
                m_unaligned.eq(x_unaligned),
                m_crosses.eq(x_crosses),
                m_spans.eq(x_crosses & x_addr[3:PAGE_BITS].all()),
                m_last.eq(~x_crosses),
                m_wild.eq(x_wild),
                m_translated.eq(dtlb.hit & ~x_wild),
                m_entry.eq(dtlb.entry),
                m_part.eq(0),
                m_shift.eq(x_addr),
                m_kept.eq(0),
                m_fault.eq(0),
            ]

        m.d.comb += [
            m_slow.eq(~slow.ongoing("NONE")),
            load_align.raw.eq(Mux(m_kept, m_data, dcache.data)),
            load_align.shift.eq(m_shift),
            load_align.size.eq(m_size),
            load_align.unsigned.eq(m_unsigned),
            self.m_busy.eq(m_slow | (m_look & ~m_done)),
            self.m_result.eq(load_align.result),
            self.m_fault.eq(m_fault),
            self.m_cause.eq(m_cause),
            self.m_addr.eq(m_vaddr),
            self.m_vaddr.eq(Mux(m_part.upper, m_upper_addr, m_vaddr)),

            self.tlb.page.eq(Mux(m_part.upper, m_upper_addr[PAGE_BITS:], m_vaddr[PAGE_BITS:])),
            self.tlb.mode.eq(self.ctx.mode),
            uipi.state.eq(self.uipi),
            uipi.op.eq(m_funct7[:3]),
            uipi.operand.eq(m_vaddr),
            uipi.entry.eq(m_data),
            uipi.page.eq(m_entry.ppn),
            uipi.fill_readable.eq(~self.tlb.page_fault & ~self.tlb.access_fault
                                  & self.tlb.entry.acc_r & ~self.tlb.entry.io),
            uipi.flush.eq(self.tlb_flush),
            self.refused.op.eq(uipi.op),
            self.refused.operand.eq(m_vaddr),
            self.tlb.asid.eq(self.ctx.asid),
            dtlb.fill_page.eq(self.tlb.page),
            dtlb.fill_mode.eq(self.ctx.mode),
            dtlb.fill_asid.eq(self.ctx.asid),
            dtlb.fill_entry.eq(self.tlb.entry),

            self.event_dcache_miss.eq(dcache.refill),
            self.event_dtlb_miss.eq(self.tlb.valid & self.tlb.done),
        ]
        with m.If(m_uipi):  # the table is at a physical address
            m.d.comb += [self.tlb.page.eq(m_entry.ppn), self.tlb.mode.eq(Mode.BARE)]
        return m
