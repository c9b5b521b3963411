"""L1 instruction cache."""

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out
from amaranth.utils import exact_log2

from ...bus.coherent import MemOp, MemoryPortSignature, MemSource
from ..params import PAGE_BYTES, HartParams
from .itlb import RECENT_PAGES


class ICache(wiring.Component):
    """Virtually indexed, physically tagged instruction cache, read 8 bytes at a time.

    A look-up has two stages. ``p_en`` reads the dword ``p_index``. From the next cycle until the
    next ``p_en``, ``hit`` and ``data`` are combinational for the physical page. ``f_index`` must be
    the index that was read. ``f_select`` (one-hot, or 0 for no hit) selects the page from
    ``f_ppn``.

    ``look`` makes the look-up count. If the line is not in the cache, its refill starts, unless a
    refill or a flush is in progress or ``cancel`` is high (which may come late in the cycle). The
    dword of ``f_index`` arrives first, and each dword can be read from the cycle after its arrival.
    Look-ups continue during a refill, also in other lines. After a miss, ``retry`` is high when
    ``f_index`` may hit if it is read again.

    ``flush`` drops all lines. No look-up hits until ``flush_busy`` falls. It waits for a refill in
    progress. The same happens after reset.

    A refill replaces an empty way, or else any; that choice changes with every look.

    A memory word that is read in the cycle of its write is never used, so the memories need not
    define its value (``no_rw_check``).
    """

    def __init__(self, params: HartParams) -> None:
        if params.icache_way_bytes < PAGE_BYTES:
            raise ValueError(
                f"icache_way_bytes must be at least {PAGE_BYTES} (tags are page numbers), "
                f"not {params.icache_way_bytes!r}")
        self.params = params
        self.dword_bits = exact_log2(params.line_beats)
        self.index_bits = exact_log2(params.icache_way_bytes // 8)
        super().__init__({
            "p_en": In(1),
            "p_index": In(self.index_bits),
            "f_index": In(self.index_bits),
            "f_ppn": In(data.ArrayLayout(params.ppn_bits, RECENT_PAGES)),
            "f_select": In(RECENT_PAGES),
            "hit": Out(1),
            "data": Out(64),
            "look": In(1),
            "cancel": In(1),
            "retry": Out(1),
            "refill_start": Out(1),  # for counting
            "flush": In(1),
            "flush_busy": Out(1),
            "mem": Out(MemoryPortSignature(params.paddr_bits, params.line_bytes)),
        })

    def elaborate(self, platform):
        m = Module()
        params, dword_bits = self.params, self.dword_bits
        ways = params.icache_ways
        tag_layout = data.StructLayout({"valid": 1, "ppn": params.ppn_bits})
        set_bits = self.index_bits - dword_bits
        f_set, f_dword = self.f_index[dword_bits:], self.f_index[:dword_bits]

        fill_set = Signal(set_bits)  # also counts through the sets in a flush
        fill_dword = Signal(dword_bits, reset_less=True)
        fill_ppn = Signal(params.ppn_bits, reset_less=True)
        fill_way = Signal(range(max(ways, 2)), reset_less=True)
        arrived = Signal(params.line_beats, init=-1)  # dwords of the last refill that have arrived
        write_tag, write_tags, write_data = Signal(), Signal(), Signal()
        m.d.sync += write_tag.eq(self.refill_start)
        response = self.mem.response
        f_ppn = self.f_ppn[RECENT_PAGES - 1]
        for page in reversed(range(RECENT_PAGES - 1)):
            f_ppn = Mux(self.f_select[page], self.f_ppn[page], f_ppn)

        # Memories, and the look-up.
        matches, valids, words = [], [], []
        for way in range(ways):
            tags = Memory(shape=tag_layout, depth=1 << set_bits, init=[],
                          attrs={"no_rw_check": 1})
            dwords = Memory(shape=64, depth=1 << self.index_bits, init=[],
                            attrs={"no_rw_check": 1})
            m.submodules[f"tags_{way}"] = tags
            m.submodules[f"dwords_{way}"] = dwords
            tag, tag_write = tags.read_port(), tags.write_port()
            dword, dword_write = dwords.read_port(), dwords.write_port()
            m.d.comb += [
                tag.en.eq(self.p_en),
                tag.addr.eq(self.p_index[dword_bits:]),
                dword.en.eq(self.p_en),
                dword.addr.eq(self.p_index),
                tag_write.en.eq(write_tags | (write_tag & (fill_way == way))),
                tag_write.addr.eq(fill_set),
                tag_write.data.valid.eq(~write_tags),
                tag_write.data.ppn.eq(fill_ppn),
                dword_write.en.eq(write_data & (fill_way == way)),
                dword_write.addr.eq(Cat(fill_dword, fill_set)),
                dword_write.data.eq(response.p.data),
            ]
            match = Signal(name=f"match_{way}")
            # Comparing with every page is faster than waiting for the selection.
            m.d.comb += match.eq(tag.data.valid & Cat(
                self.f_select[page] & (tag.data.ppn == self.f_ppn[page])
                for page in range(RECENT_PAGES)).any())
            matches.append(match)
            valids.append(tag.data.valid)
            words.append(dword.data)

        f_arrived = Signal.like(arrived)  # when the look-up was read
        with m.If(self.p_en):
            m.d.sync += f_arrived.eq(arrived)
        f_same_set = Signal()
        f_flushing = Signal(init=1)
        with m.If(self.p_en | self.flush_busy):
            m.d.sync += f_flushing.eq(self.flush_busy)
        m.d.comb += [
            f_same_set.eq(f_set == fill_set),
            self.hit.eq(Cat(matches).any() & ~(self.flush_busy | f_flushing)
                        & ~(f_same_set & ~f_arrived.bit_select(f_dword, 1))),
            self.data.eq(words[-1]),
        ]
        for match, word in zip(matches[-2::-1], words[-2::-1], strict=True):
            with m.If(match):
                m.d.comb += self.data.eq(word)

        # Refill and flush.
        turn = Signal(range(max(ways, 2)))
        miss = Signal()
        m.d.comb += miss.eq(self.look & ~self.cancel & ~Cat(matches).any())
        victim = Signal.like(turn)
        m.d.comb += victim.eq(turn)
        for way in reversed(range(ways)):
            with m.If(~valids[way]):
                m.d.comb += victim.eq(way)

        flush_pending = Signal(init=1)
        m.d.comb += self.flush_busy.eq(flush_pending)

        request = self.mem.request
        m.d.comb += [
            request.p.op.eq(MemOp.READ_LINE),
            request.p.source.eq(MemSource.FETCH),
            request.p.addr.eq(Cat(C(0, 3), Cat(fill_dword, fill_set)[:9], fill_ppn)),
        ]
        with m.FSM():
            with m.State("IDLE"):
                m.d.comb += self.retry.eq(~flush_pending)
                with m.If(flush_pending):
                    m.d.sync += fill_set.eq(0)
                    m.next = "FLUSH"
                with m.Elif(self.look):
                    # Also loaded on a hit, because a hit is known too late.
                    m.d.sync += [
                        fill_set.eq(f_set),
                        fill_dword.eq(f_dword),
                        fill_ppn.eq(f_ppn),
                        fill_way.eq(victim),
                        turn.eq(Mux(turn == ways - 1, 0, turn + 1)),
                    ]
                    with m.If(miss):
                        m.d.comb += self.refill_start.eq(1)
                        m.d.sync += arrived.eq(0)
                        m.next = "REQUEST"
            with m.State("REQUEST"):
                m.d.comb += request.valid.eq(1)
                with m.If(request.ready):
                    m.next = "FILL"
            with m.State("FILL"):
                m.d.comb += [
                    self.retry.eq(~flush_pending & f_same_set & arrived.bit_select(f_dword, 1)),
                    write_data.eq(response.valid & (response.p.source == MemSource.FETCH)),
                ]
                with m.If(write_data):
                    m.d.sync += [
                        fill_dword.eq(fill_dword + 1),
                        arrived.bit_select(fill_dword, 1).eq(1),
                    ]
                    with m.If(response.p.last):
                        m.next = "IDLE"
            with m.State("FLUSH"):
                m.d.comb += write_tags.eq(1)
                m.d.sync += fill_set.eq(fill_set + 1)
                with m.If(fill_set.all()):
                    m.d.sync += flush_pending.eq(0)
                    m.next = "IDLE"
        with m.If(self.flush):
            m.d.sync += flush_pending.eq(1)
        return m
