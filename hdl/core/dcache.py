"""L1D: the hart's data cache, write-through, kept coherent by invalidations."""

from amaranth import *
from amaranth.lib import data, memory, wiring
from amaranth.lib.wiring import In, Out

from ..bus.coherent import MEM_RESPONSE, MemSource
from .params import HartParams


class DCache(wiring.Component):
    """Tags, data, refill and invalidation of the L1D.

    ``x_index`` selects a dword at the end of Execute. In Memory, ``m_addr`` must be the physical
    address of the same dword; ``hit`` (one bit a way; late, but earlier than the data) and ``data``
    answer. Two conditions invalidate a look-up; the dword must then be selected again, in a cycle
    without ``filling``:

    - ``unready``: the set is being refilled and this dword has not arrived, or the cache is being
      cleared after reset. The look-up is undefined.
    - ``stale``: the look-up may have missed a store or an invalidation of the last two cycles. A
      load must not use it.

    In a cycle with a valid look-up, one of these may be given:

    - ``store``: the bytes are written to the way that hit, if any, in the next cycle;
    - ``drop``: the line is invalidated if it hit, at the latest when ``busy`` is low again.

    ``refill`` (when ``~busy``) replaces a victim by the line of ``m_addr``. Its dwords come with
    ``response``, the addressed one first. Each is stored until a cycle without a write of a store.
    The line is valid from the start, unless it is invalidated.

    Invalidations are accepted in every cycle and always have priority.
    """

    def __init__(self, params: HartParams) -> None:
        self.params = params
        self.offset_bits = (params.line_bytes - 1).bit_length()
        self.way_bits = (params.dcache_way_bytes - 1).bit_length()
        self.set_bits = self.way_bits - self.offset_bits
        self.tag_bits = params.paddr_bits - self.way_bits
        super().__init__({
            "x_index": In(self.way_bits - 3),
            "m_addr": In(params.paddr_bits - 3),
            "hit": Out(params.dcache_ways),
            "data": Out(64),
            "unready": Out(1),
            "filling": Out(1),
            "stale": Out(1),
            "store": In(1),
            "store_data": In(64),
            "store_mask": In(8),
            "drop": In(1),
            "refill": In(1),
            "busy": Out(1),
            "response": In(wiring.Signature({"valid": Out(1), "p": Out(MEM_RESPONSE)})),
            "invalidate": In(wiring.Signature({
                "valid": Out(1), "line": Out(params.paddr_bits - self.offset_bits),
            })),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        ways, sets, beats = self.params.dcache_ways, 1 << self.set_bits, self.params.line_beats
        beat_bits = self.offset_bits - 3
        tag_layout = data.StructLayout({"valid": 1, "tag": self.tag_bits})

        m_index = self.m_addr[:self.way_bits - 3]
        m_set = m_index[beat_bits:]
        m_line = self.m_addr[beat_bits:]
        m_tag = self.m_addr[self.way_bits - 3:]

        # A word that is read in the cycle of its write is not used: see ``stale`` and ``unready``.
        block = {"ram_style": "block", "no_rw_check": 1}
        distributed = {"ram_style": "distributed"}

        # The tags, read at the end of X into flip-flops, so that a hit is known before the data.
        tag_we = Signal(ways)
        tag_set = Signal(self.set_bits)
        tag_in = Signal(tag_layout)
        for way in range(ways):
            tags = memory.Memory(shape=unsigned(tag_layout.size), depth=sets, init=[],
                                 attrs=distributed)
            m.submodules[f"tags_{way}"] = tags
            write, read = tags.write_port(), tags.read_port(domain="comb")
            found = Signal(tag_layout, name=f"m_tag_{way}", reset_less=True)
            m.d.comb += [
                write.en.eq(tag_we[way]),
                write.addr.eq(tag_set),
                write.data.eq(tag_in),
                read.addr.eq(self.x_index[beat_bits:]),
                self.hit[way].eq(found.valid & (found.tag == m_tag)),
            ]
            m.d.sync += found.eq(read.data)

        # The data: one write port for stores and refill, stores first.
        data_we = Signal(ways)
        data_index = Signal(self.way_bits - 3)
        data_in = Signal(64)
        data_mask = Signal(8)
        selected = []
        for way in range(ways):
            dwords = memory.Memory(shape=unsigned(64), depth=sets * beats, init=[], attrs=block)
            m.submodules[f"data_{way}"] = dwords
            write, read = dwords.write_port(granularity=8), dwords.read_port()
            m.d.comb += [
                write.en.eq(Mux(data_we[way], data_mask, 0)),
                write.addr.eq(data_index),
                write.data.eq(data_in),
                read.addr.eq(self.x_index),
            ]
            selected.append(Mux(self.hit[way], read.data, 0))
        m.d.comb += self.data.eq(selected[0] if ways == 1 else
                                 sum_of_products(selected))

        # W: the store or drop of the previous cycle.
        w_ways = Signal(ways)
        w_index = Signal(self.way_bits - 3, reset_less=True)
        w_data = Signal(64, reset_less=True)
        w_mask = Signal(8, reset_less=True)
        drop_ways = Signal(ways)
        past_store = Signal()  # W of the previous cycle wrote
        past_index = Signal(self.way_bits - 3, reset_less=True)
        m.d.sync += [
            w_ways.eq(Mux(self.store, self.hit, 0)),
            past_store.eq(w_ways.any()),
        ]
        with m.If(self.store | self.drop):
            m.d.sync += w_index.eq(m_index)
        with m.If(self.store):
            m.d.sync += [w_data.eq(self.store_data), w_mask.eq(self.store_mask)]
        with m.If(w_ways.any()):
            m.d.sync += past_index.eq(w_index)

        # Refill. The dwords from r_out to r_in have arrived and wait for the write port.
        r_busy = Signal()
        r_line = Signal(self.tag_bits + self.set_bits, reset_less=True)
        r_first = Signal(beat_bits, reset_less=True)
        r_way = Signal(ways, init=1)  # victim of the current refill, or of the next one
        r_begin = Signal()  # the tag is to be written, then the dwords
        r_killed = Signal()  # the line was invalidated before that
        r_in, r_out = Signal(beat_bits + 1), Signal(beat_bits + 1)
        r_missing = Signal(beats)  # dwords not yet written
        r_unseen = Signal(beats)  # dwords not yet written when the look-up in M was read
        r_set = r_line[:self.set_bits]
        m.submodules.beats = arrived = memory.Memory(shape=unsigned(64), depth=beats, init=[],
                                                     attrs=distributed)
        arrive, depart = arrived.write_port(), arrived.read_port(domain="comb")
        m.d.comb += [
            arrive.en.eq(r_busy & ~r_in[-1] & self.response.valid
                         & (self.response.p.source == MemSource.DATA)),
            arrive.addr.eq(r_in),
            arrive.data.eq(self.response.p.data),
            depart.addr.eq(r_out),
        ]
        with m.If(w_ways.any()):
            m.d.comb += [
                data_we.eq(w_ways),
                data_index.eq(w_index),
                data_in.eq(w_data),
                data_mask.eq(w_mask),
            ]
        with m.Else():
            r_dword = (r_first + r_out)[:beat_bits]
            m.d.comb += [
                data_index.eq(Cat(r_dword, r_set)),
                data_in.eq(depart.data),
                data_mask.eq(0xFF),
            ]
            with m.If((r_in != r_out) & ~r_begin):
                m.d.comb += data_we.eq(r_way)
                m.d.sync += [r_out.eq(r_out + 1), r_missing.bit_select(r_dword, 1).eq(0)]
        with m.If(arrive.en):
            m.d.sync += r_in.eq(r_in + 1)

        # Invalidations: a second copy of the tags is read at once, the valid bit cleared one cycle
        # later. A load in that cycle or the next looked the tags up too early: it is stale.
        s_valid, s_past = Signal(), Signal()
        s_line = Signal.like(self.invalidate.line, reset_less=True)
        s_past_set = Signal(self.set_bits, reset_less=True)
        s_set = s_line[:self.set_bits]
        s_ways = Signal(ways)
        r_tag_we = Signal()
        m.d.sync += [s_valid.eq(self.invalidate.valid), s_past.eq(s_valid)]
        with m.If(self.invalidate.valid):
            m.d.sync += s_line.eq(self.invalidate.line)
        with m.If(s_valid):
            m.d.sync += s_past_set.eq(s_set)
        for way in range(ways):
            tags = memory.Memory(shape=unsigned(self.tag_bits), depth=sets, init=[], attrs=block)
            m.submodules[f"snoop_tags_{way}"] = tags
            write, read = tags.write_port(), tags.read_port()
            m.d.comb += [
                write.en.eq(r_tag_we & r_way[way]),
                write.addr.eq(r_set),
                write.data.eq(r_line[self.set_bits:]),
                read.addr.eq(self.invalidate.line[:self.set_bits]),
                read.en.eq(self.invalidate.valid),
                s_ways[way].eq(read.data == s_line[self.set_bits:]),
            ]

        # The write port of the tags: an invalidation owns it, the others wait.
        sweep = Signal(self.set_bits + 1)  # sets cleared after reset
        sweeping = ~sweep[-1]
        m.d.comb += [
            tag_in.valid.eq(r_tag_we & ~r_killed),
            tag_in.tag.eq(r_line[self.set_bits:]),
        ]
        with m.If(sweeping):
            m.d.comb += [tag_set.eq(sweep), tag_we.eq(~0)]
            m.d.sync += sweep.eq(sweep + 1)
        with m.Elif(s_valid):
            m.d.comb += [tag_set.eq(s_set), tag_we.eq(s_ways)]
        with m.Elif(drop_ways.any()):
            m.d.comb += [tag_set.eq(w_index[beat_bits:]), tag_we.eq(drop_ways)]
            m.d.sync += drop_ways.eq(0)
        with m.Elif(r_begin & ~self.invalidate.valid):  # r_killed covers all earlier invalidations
            m.d.comb += [tag_set.eq(r_set), tag_we.eq(r_way), r_tag_we.eq(1)]
            m.d.sync += r_begin.eq(0)
        with m.If(s_valid & (s_line == r_line)):
            m.d.sync += r_killed.eq(1)
        m.d.sync += r_unseen.eq(r_missing)
        with m.If(r_busy & r_out[-1]):
            m.d.sync += [r_busy.eq(0), r_way.eq(r_way.rotate_left(1))]
        with m.If(self.drop):
            m.d.sync += drop_ways.eq(self.hit)
        with m.If(self.refill):
            m.d.sync += [
                r_busy.eq(1),
                r_line.eq(m_line),
                r_first.eq(m_index),
                r_begin.eq(1),
                r_killed.eq(0),
                r_in.eq(0),
                r_out.eq(0),
                r_missing.eq(~0),
                r_unseen.eq(~0),
            ]

        same_set = r_busy & (r_set == m_set)
        m.d.comb += [
            self.busy.eq(r_busy | drop_ways.any()),
            self.unready.eq(sweeping | (same_set & r_unseen.bit_select(m_index[:beat_bits], 1))),
            self.filling.eq(sweeping | (same_set & r_missing.bit_select(m_index[:beat_bits], 1))),
            self.stale.eq(
                (w_ways.any() & (w_index == m_index))
                | (past_store & (past_index == m_index))
                | (s_valid & (s_set == m_set))
                | (s_past & (s_past_set == m_set))),
        ]
        return m


def sum_of_products(terms: list[Value]) -> Value:
    """Merges the terms of a selection; at most one term is not 0."""
    merged = terms[0]
    for term in terms[1:]:
        merged = merged | term
    return merged
