"""The load/store unit: from the address in Execute to the result in Memory."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out, connect

from ...bus.coherent import MemoryPortSignature, MemSource
from ...bus.mmio import MmioSignature
from ..mmu.tlb import MicroTlb
from ..mmu.translation import Context, Mode, RefillSignature
from ..params import PAGE_BITS, HartParams
from .address import Address
from .dcache import DCache
from .flow import Flow
from .lanes import LoadAlign, StoreAlign
from .operand import Operand
from .operation import Operation
from .requests import Requests
from .rights import Rights
from .store_buffer import StoreBuffer
from .types import LsuRequest
from .uipi import Refused, Uipi, UipiOp, uipi_state_layout


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
        params = self.params
        m.submodules.address = self._address = Address()
        m.submodules.dtlb = self._dtlb = MicroTlb(params, params.dtlb_entries)
        m.submodules.operation = self._operation = Operation(params)
        m.submodules.rights = self._rights = Rights(params)
        m.submodules.flow = self._flow = Flow(params)
        m.submodules.dcache = self._dcache = DCache(params)
        m.submodules.operand = self._operand = Operand()
        m.submodules.load_align = self._load_align = LoadAlign()
        m.submodules.store_align = self._store_align = StoreAlign()
        m.submodules.stores = self._stores = StoreBuffer(params)
        m.submodules.requests = self._requests = Requests(params)
        m.submodules.uipi = self._uipi = Uipi(params)

        pushes = self._look_up(m)
        self._next_dword(m)
        self._translate(m)
        self._send_user_interrupts(m)
        self._store(m, pushes)
        self._request(m)
        self._complete(m)
        return m

    def _look_up(self, m) -> Signal:
        """The operation enters M; its look-up is judged. Returns whether it is a store that ends in
        this cycle, or a part of one."""
        address, operation, flow = self._address, self._operation, self._flow
        now, kind, rights, dcache = operation.operation, operation.kind, self._rights, self._dcache
        ready, load_hits, done = Signal(), Signal(), Signal()
        pushes = Signal()
        m.d.comb += [
            address.x.eq(self.x),
            operation.advance.eq(self.m_advance),
            operation.x.eq(self.x),
            operation.place.eq(address.place),
            operation.found.hit.eq(self._dtlb.hit),
            operation.found.entry.eq(self._dtlb.entry),
            operation.progress.eq(flow.progress),
            rights.context.eq(self.ctx),
            rights.op.eq(now.op),
            rights.unaligned.eq(now.unaligned),
            rights.entry.eq(now.entry),

            # Translated, allowed, set in order, room for a store. The hit comes last.
            ready.eq(now.translated & ~rights.page_fault & ~rights.access_fault & ~dcache.unready
                     & ~(kind.store & self._stores.full)),
            load_hits.eq(kind.load & ready & ~now.entry.io & ~dcache.stale & ~now.crosses
                         & dcache.hit.any()),
            done.eq((kind.store & ready & now.last) | load_hits),
            self.m_busy.eq(flow.slow | (flow.look & ~done)),
            pushes.eq(flow.look & ~self.m_kill & kind.store & ready
                      & (~now.spans | now.upper | now.checked)),

            flow.advance.eq(self.m_advance),
            flow.starts.eq(self.x_valid),
            flow.kill.eq(self.m_kill),
            flow.operation.eq(now),
            flow.kind.eq(kind),
            flow.ready.eq(ready),
            flow.room.eq(~self._stores.full),
            flow.faults.page.eq(rights.page_fault),
            flow.faults.access.eq(rights.access_fault),
            flow.cached.hit.eq(dcache.hit.any()),
            flow.cached.unready.eq(dcache.unready),
            flow.cached.stale.eq(dcache.stale),
            flow.cached.filling.eq(dcache.filling),
        ]
        return pushes

    def _next_dword(self, m) -> None:
        """The dword to look up next: one of this operation's, unless it is done in this cycle."""
        flow, dtlb = self._flow, self._dtlb
        now, kind = self._operation.operation, self._operation.kind
        place, upper_addr = self._address.place, self._operation.upper_addr
        continues, index = Signal(), Signal(PAGE_BITS - 3)
        turns_back = kind.store & now.spans & now.upper
        m.d.comb += [
            continues.eq(flow.slow | (flow.look & ~now.last & ~self.m_kill)),
            index.eq(Mux(turns_back, now.vaddr[3:PAGE_BITS], upper_addr[3:PAGE_BITS])),
            self._dcache.x_index.eq(Mux(continues, index, place.addr[3:])),
            dtlb.page.eq(place.addr[PAGE_BITS:]),
            dtlb.mode.eq(self.ctx.mode),
            dtlb.asid.eq(self.ctx.asid),
        ]
        with m.If(flow.slow):
            m.d.comb += index.eq(now.offset[3:])
        with m.If(continues & now.spans):
            m.d.comb += dtlb.page.eq(upper_addr[PAGE_BITS:])

    def _translate(self, m) -> None:
        """The port to the MMU, and the DTLB's refill."""
        flow, dtlb, operation = self._flow, self._dtlb, self._operation
        now = operation.operation
        m.d.comb += [
            self.tlb.valid.eq(flow.wants.translation),
            self.tlb.page.eq(self.m_vaddr[PAGE_BITS:]),
            self.tlb.mode.eq(self.ctx.mode),
            self.tlb.asid.eq(self.ctx.asid),
            flow.walked.done.eq(self.tlb.done),
            flow.walked.faults.page.eq(self.tlb.page_fault),
            flow.walked.faults.access.eq(self.tlb.access_fault),
            operation.walked.eq(self.tlb.entry),
            dtlb.fill.eq(flow.effects.fill_dtlb),
            dtlb.fill_page.eq(self.tlb.page),
            dtlb.fill_mode.eq(self.ctx.mode),
            dtlb.fill_asid.eq(self.ctx.asid),
            dtlb.fill_entry.eq(self.tlb.entry),
            dtlb.flush.eq(self.tlb_flush),
            self.event_dtlb_miss.eq(self.tlb.valid & self.tlb.done),
        ]
        with m.If(operation.kind.uipi):  # the table is at a physical address
            m.d.comb += [self.tlb.page.eq(now.entry.ppn), self.tlb.mode.eq(Mode.BARE)]

    def _send_user_interrupts(self, m) -> None:
        """UIPI reads the sender table, or the own receiver in UINTC, in the place of an operand."""
        uipi, flow, operation = self._uipi, self._flow, self._operation
        now = operation.operation
        allowed = Signal()  # in the current mode
        m.d.sync += allowed.eq(self.uipi.allowed)
        m.d.comb += [
            uipi.state.eq(self.uipi),
            uipi.op.eq(now.funct7[:3]),
            uipi.operand.eq(now.vaddr),
            uipi.entry.eq(self._operand.data),
            uipi.page.eq(now.entry.ppn),
            uipi.fill.eq(flow.effects.fill_rights),
            uipi.fill_readable.eq(~self.tlb.page_fault & ~self.tlb.access_fault
                                  & self.tlb.entry.acc_r & ~self.tlb.entry.io),
            uipi.flush.eq(self.tlb_flush),
            operation.target.eq(Mux(uipi.op == UipiOp.SEND, uipi.table_addr, uipi.addr)),
            flow.uipi.allowed.eq(allowed),
            flow.uipi.op.eq(uipi.op),
            flow.uipi.refusal.eq(uipi.refusal),
            flow.uipi.entry_refusal.eq(uipi.entry_refusal),
            flow.uipi.page_known.eq(uipi.page_known),
            flow.uipi.page_readable.eq(uipi.page_readable),
            self.refused.valid.eq(flow.refused),
            self.refused.reason.eq(flow.reason),
            self.refused.op.eq(uipi.op),
            self.refused.operand.eq(now.vaddr),
        ]

    def _store(self, m, pushes: Signal) -> None:
        """A store, or the write of UIPI, goes to L1D and store buffer."""
        operation, uipi = self._operation, self._uipi
        dcache, align, stores = self._dcache, self._store_align, self._stores
        now, kind = operation.operation, operation.kind
        m.d.comb += [
            align.data.eq(self._operand.data),
            align.shift.eq(now.shift),
            dcache.m_addr.eq(operation.paddr[3:]),
            dcache.store.eq(pushes),
            dcache.store_data.eq(align.lanes),
            dcache.store_mask.eq(stores.store.mask),
            dcache.drop.eq(self._flow.effects.drop),
            stores.push.eq(pushes | self._flow.effects.post),
            stores.store.addr.eq(Mux(kind.uipi, uipi.addr, operation.paddr)),
            stores.store.data.eq(Mux(kind.uipi, uipi.data, align.lanes)),
            stores.store.mask.eq(Mux(now.upper, operation.mask[8:], operation.mask[:8])),
            stores.store.size.eq(now.size),
            stores.store.io.eq(now.entry.io | kind.uipi),
            stores.write_done.eq(self.mem.write_done),
            self.drained.eq(stores.drained),
        ]

    def _request(self, m) -> None:
        """The ports to memory and devices, and what comes from them."""
        requests, flow, dcache = self._requests, self._flow, self._dcache
        operation, stores = self._operation, self._stores
        now, access = operation.operation, requests.access
        connect(m, stores.mem, requests.stored_memory)
        connect(m, stores.mmio, requests.stored_device)
        m.d.comb += [
            access.op.eq(now.op),
            access.funct5.eq(now.funct7[2:]),
            access.addr.eq(operation.paddr),
            access.size.eq(now.size),
            access.mask.eq(operation.mask),
            access.data.eq(self._store_align.lanes),
            requests.no_store.eq(stores.empty),
            requests.device_store.eq(stores.device),
            requests.reads_memory.eq(flow.wants.memory & ~dcache.busy),
            requests.reads_device.eq(flow.wants.device),
            self.mem.request.valid.eq(requests.memory.valid),
            self.mem.request.p.eq(requests.memory.p),
            requests.memory.ready.eq(self.mem.request.ready),
            self.mmio.request.valid.eq(requests.device.valid),
            self.mmio.request.p.eq(requests.device.p),
            requests.device.ready.eq(self.mmio.request.ready),

            flow.answers.memory_accepted.eq(requests.memory_accepted),
            flow.answers.memory.eq(self.mem.response.valid
                                   & (self.mem.response.p.source == MemSource.DATA)),
            flow.answers.device_accepted.eq(requests.device_accepted),
            flow.answers.device.eq(flow.reads_device & self.mmio.response.valid),
            flow.answers.device_error.eq(self.mmio.response.p.error),
            dcache.refill.eq(flow.effects.refill),
            dcache.response.valid.eq(self.mem.response.valid),
            dcache.response.p.eq(self.mem.response.p),
            dcache.invalidate.valid.eq(self.mem.invalidate.valid),
            dcache.invalidate.line.eq(self.mem.invalidate.line),
            self.event_dcache_miss.eq(dcache.refill),
        ]

    def _complete(self, m) -> None:
        """The operand takes the dword of L1D, device or memory; the result is made of it."""
        operand, align, flow = self._operand, self._load_align, self._flow
        now = self._operation.operation
        m.d.comb += [
            operand.advance.eq(self.m_advance),
            operand.x_data.eq(self.x.data),
            operand.take.eq(flow.effects.take),
            operand.taken.eq(self.mem.response.p.data),
            operand.upper.eq(now.upper),
            operand.start.eq(now.vaddr[:3]),
            operand.keep.eq(flow.effects.keep),
            operand.forget.eq(flow.effects.forget),
            align.raw.eq(Mux(operand.kept, operand.data, self._dcache.data)),
            align.shift.eq(now.shift),
            align.size.eq(now.size),
            align.unsigned.eq(now.unsigned),
            self.m_result.eq(align.result),
            self.m_fault.eq(flow.fault),
            self.m_cause.eq(flow.cause),
            self.m_addr.eq(now.vaddr),
            self.m_vaddr.eq(Mux(now.upper, self._operation.upper_addr, now.vaddr)),
        ]
        with m.If(flow.reads_device):
            m.d.comb += operand.taken.eq(self.mmio.response.p.data)
        with m.If(flow.look):
            m.d.comb += operand.taken.eq(self._dcache.data)
