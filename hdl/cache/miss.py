"""Miss handling: fetches the missing line and evicts the victim."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from hdl.bus.dram import DramSignature
from hdl.cache.l2_params import L2Params
from hdl.cache.write_back import WriteBackBuffer


class MissUnit(wiring.Component):
    """The sequence of a miss, while the pipe is stopped (``idle`` low).

    1. The cache raises ``miss`` and holds it until ``rotate``. If ``stale``, go to 4. Wait until
       the write-back buffer is free.
    2. ``evict``, one cycle: the way of the victim is known. The cache replaces the tag and
       invalidates. The line is requested from memory from this cycle on.
    3. ``fill_valid`` announces each arriving dword in the same cycle. If the victim is dirty,
       ``copy`` reads its dwords, in the order in which they will be overwritten and at least one
       cycle earlier. ``copy_data`` must follow two cycles after ``copy``.
    4. ``rotate``, two cycles: the accesses in S1 and S2 pass through the pipe again. The write-back
       of the victim continues in the background.

    ``flush`` ends this for ever: ``idle`` stays low. Then a transfer on ``clean`` (both signals
    high) takes the line of ``victim_line``, which is written back if ``victim_dirty``.
    ``clean_ready`` is low until the line has gone.
    """

    def __init__(self, params: L2Params) -> None:
        self.params = params
        super().__init__({
            "miss": In(1),
            "stale": In(1),
            "line": In(params.line_bits),  # the missing line, stable
            "dword": In(params.beat_bits),  # the dword to fetch first, stable
            "victim_line": In(params.line_bits),  # valid with ``evict``
            "victim_dirty": In(1),  # valid with ``evict``
            "idle": Out(1),
            "evict": Out(1),
            "fill_valid": Out(1),
            "fill_dword": Out(params.beat_bits),
            "fill_first": Out(1),
            "fill_last": Out(1),
            "copy": Out(1),
            "copy_dword": Out(params.beat_bits),
            "copy_captured": Out(1),  # a cycle after ``copy``
            "copy_data": In(64),
            "rotate": Out(1),
            "flush": In(1),  # with ``idle``, and no ``miss``
            "clean": In(1),
            "clean_ready": Out(1),
            "dram": Out(DramSignature(params.paddr_bits)),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        params, dram = self.params, self.dram
        m.submodules.write_back = write_back = WriteBackBuffer(params)

        last_beat = params.beats - 1
        fill_beat, copy_beat = Signal(params.beat_bits), Signal(params.beat_bits)
        store_dword = Signal(params.beat_bits, reset_less=True)
        copying, store_en, dirty = Signal(), Signal(), Signal()
        victim_line = Signal(params.line_bits, reset_less=True)
        request = Signal()

        with m.FSM():
            with m.State("IDLE"):
                m.d.comb += self.idle.eq(1)
                m.d.sync += [
                    self.fill_dword.eq(self.dword),
                    self.copy_dword.eq(self.dword),
                    store_dword.eq(self.dword),
                ]
                with m.If(self.miss & self.stale):
                    m.next = "ROTATE_FIRST"
                with m.Elif(self.miss & ~write_back.busy):
                    m.next = "EVICT"
                with m.Elif(self.flush):
                    m.next = "CLEAN"
            with m.State("EVICT"):
                m.d.comb += [self.evict.eq(1), request.eq(1)]
                m.d.sync += [
                    victim_line.eq(self.victim_line),
                    dirty.eq(self.victim_dirty),
                    copying.eq(self.victim_dirty),
                ]
                m.next = "REQUEST"
                with m.If(dram.request.ready):
                    m.next = "FILL"
            with m.State("REQUEST"):
                m.d.comb += request.eq(1)
                with m.If(dram.request.ready):
                    m.next = "FILL"
            with m.State("FILL"):
                m.d.comb += [
                    self.fill_valid.eq(dram.rdata.valid),
                    self.fill_first.eq(fill_beat == 0),
                    self.fill_last.eq(fill_beat == last_beat),
                ]
                with m.If(dram.rdata.valid):
                    m.d.sync += [
                        fill_beat.eq(fill_beat + 1),
                        self.fill_dword.eq(self.fill_dword + 1),
                    ]
                    with m.If(self.fill_last):
                        m.next = "SETTLE"
            with m.State("SETTLE"):  # the last dword of the victim is stored here at the latest
                m.d.comb += write_back.start.eq(dirty)
                m.next = "ROTATE_FIRST"
            with m.State("ROTATE_FIRST"):
                m.d.comb += self.rotate.eq(1)
                m.next = "ROTATE_SECOND"
            with m.State("ROTATE_SECOND"):
                m.d.comb += self.rotate.eq(1)
                m.next = "IDLE"
            with m.State("CLEAN"):
                m.d.comb += self.clean_ready.eq(~write_back.busy)
                with m.If(self.clean & self.clean_ready & self.victim_dirty):
                    m.d.sync += [victim_line.eq(self.victim_line), copying.eq(1)]
                    m.next = "COPY"
            with m.State("COPY"):
                with m.If(~(copying | self.copy_captured | store_en)):
                    m.d.comb += write_back.start.eq(1)
                    m.next = "CLEAN"

        m.d.comb += self.copy.eq(copying | (self.evict & self.victim_dirty))
        m.d.sync += [self.copy_captured.eq(self.copy), store_en.eq(self.copy_captured)]
        with m.If(self.copy):
            m.d.sync += [copy_beat.eq(copy_beat + 1), self.copy_dword.eq(self.copy_dword + 1)]
            with m.If(copy_beat == last_beat):
                m.d.sync += copying.eq(0)
        with m.If(store_en):
            m.d.sync += store_dword.eq(store_dword + 1)

        offset_bits = params.offset_bits
        m.d.comb += [
            write_back.store_en.eq(store_en),
            write_back.store_dword.eq(store_dword),
            write_back.store_data.eq(self.copy_data),
            write_back.request.ready.eq(dram.request.ready),
            dram.request.valid.eq(request | write_back.request.valid),
            dram.request.payload.write.eq(~request),
            dram.request.payload.addr.eq(Mux(
                request,
                Cat(C(0, 3), self.dword, self.line),
                Cat(C(0, offset_bits), victim_line))),
            dram.wdata.valid.eq(write_back.wdata.valid),
            dram.wdata.payload.eq(write_back.wdata.payload),
            write_back.wdata.ready.eq(dram.wdata.ready),
        ]
        return m
