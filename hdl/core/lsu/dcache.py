"""L1D: the hart's data cache, write-through, kept coherent by invalidations."""

from amaranth import *
from amaranth.lib import data, memory, wiring
from amaranth.lib.wiring import In, Out

from ...bus.coherent import MEM_RESPONSE
from ..params import HartParams
from .refill import Refill
from .snoop import Snoop


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
        ways, line_bits = self.params.dcache_ways, self.tag_bits + self.set_bits
        index_bits = self.way_bits - 3
        m.submodules.refill = self._refill = refill = Refill(
            self.params, index_bits=index_bits, line_bits=line_bits)
        m.submodules.snoop = self._snoop = snoop = Snoop(
            self.params, set_bits=self.set_bits, line_bits=line_bits)

        # W: the store of the previous cycle.
        store = Signal(data.StructLayout({
            "index": index_bits, "data": 64, "mask": 8}), reset_less=True)
        store_ways = Signal(ways)
        m_index = self.m_addr[:index_bits]
        m.d.sync += store_ways.eq(Mux(self.store, self.hit, 0))
        with m.If(self.store | self.drop):
            m.d.sync += store.index.eq(m_index)
        with m.If(self.store):
            m.d.sync += [store.data.eq(self.store_data), store.mask.eq(self.store_mask)]
        past_store = Signal()  # W of the previous cycle wrote
        past_index = Signal(index_bits, reset_less=True)
        m.d.sync += past_store.eq(store_ways.any())
        with m.If(store_ways.any()):
            m.d.sync += past_index.eq(store.index)

        self._data(m, store_ways, store)
        sweeping, drop_ways = self._tags(m, store.index)
        m.d.comb += [
            refill.start.eq(self.refill),
            refill.start_addr.eq(self.m_addr),
            refill.invalidated.eq(snoop.valid),
            refill.invalid_line.eq(snoop.line),
            refill.response.valid.eq(self.response.valid),
            refill.response.p.eq(self.response.p),
            refill.free.eq(~store_ways.any()),
            refill.m_index.eq(m_index),
            snoop.invalidate.valid.eq(self.invalidate.valid),
            snoop.invalidate.line.eq(self.invalidate.line),
            snoop.m_set.eq(m_index[self.offset_bits - 3:]),
            snoop.tag_ways.eq(Mux(refill.tag_written, refill.way, 0)),
            snoop.tag_line.eq(refill.line),
            self.busy.eq(refill.busy | drop_ways.any()),
            self.unready.eq(sweeping | refill.unseen),
            self.filling.eq(sweeping | refill.missing),
            self.stale.eq((store_ways.any() & (store.index == m_index))
                          | (past_store & (past_index == m_index)) | snoop.stale),
        ]
        return m

    def _data(self, m, store_ways: Signal, store) -> None:
        """The data: one write port for stores and refill, stores first."""
        ways, refill = self.params.dcache_ways, self._refill
        we, index, dword, mask = Signal(ways), Signal(self.way_bits - 3), Signal(64), Signal(8)
        with m.If(store_ways.any()):
            m.d.comb += [
                we.eq(store_ways), index.eq(store.index), dword.eq(store.data), mask.eq(store.mask),
            ]
        with m.Else():
            m.d.comb += [
                we.eq(Mux(refill.we, refill.way, 0)), index.eq(refill.index),
                dword.eq(refill.data), mask.eq(0xFF),
            ]
        selected = []
        for way in range(ways):
            # A word that is read in the cycle of its write is not used: see ``stale``, ``unready``.
            dwords = memory.Memory(shape=unsigned(64), depth=1 << self.way_bits - 3, init=[],
                                   attrs={"ram_style": "block", "no_rw_check": 1})
            m.submodules[f"data_{way}"] = dwords
            write, read = dwords.write_port(granularity=8), dwords.read_port()
            m.d.comb += [
                write.en.eq(Mux(we[way], mask, 0)),
                write.addr.eq(index),
                write.data.eq(dword),
                read.addr.eq(self.x_index),
            ]
            selected.append(Mux(self.hit[way], read.data, 0))
        m.d.comb += self.data.eq(selected[0] if ways == 1 else sum_of_products(selected))

    def _tags(self, m, w_index: Value) -> tuple[Value, Signal]:
        """The tags. An invalidation owns their write port, the others wait. Returns whether the
        sets are being cleared after reset, and the ways that a ``drop`` is to clear."""
        refill, snoop, ways = self._refill, self._snoop, self.params.dcache_ways
        beat_bits = self.offset_bits - 3
        layout = data.StructLayout({"valid": 1, "tag": self.tag_bits})
        we, at, entry = Signal(ways), Signal(self.set_bits), Signal(layout)
        drop_ways = Signal(ways)
        sweep = Signal(self.set_bits + 1)  # sets cleared after reset
        sweeping = ~sweep[-1]
        m.d.comb += [
            entry.valid.eq(refill.tag_written & ~refill.killed),
            entry.tag.eq(refill.line[self.set_bits:]),
        ]
        with m.If(sweeping):
            m.d.comb += [at.eq(sweep), we.eq(~0)]
            m.d.sync += sweep.eq(sweep + 1)
        with m.Elif(snoop.valid):
            m.d.comb += [at.eq(snoop.line), we.eq(snoop.ways)]
        with m.Elif(drop_ways.any()):
            m.d.comb += [at.eq(w_index[beat_bits:]), we.eq(drop_ways)]
            m.d.sync += drop_ways.eq(0)
        with m.Elif(refill.tag_due & ~self.invalidate.valid):
            # ``killed`` covers all earlier invalidations.
            m.d.comb += [at.eq(refill.line), we.eq(refill.way), refill.tag_written.eq(1)]
        with m.If(self.drop):
            m.d.sync += drop_ways.eq(self.hit)

        # Read at the end of X into flip-flops, so that a hit is known before the data.
        for way in range(ways):
            tags = memory.Memory(shape=unsigned(layout.size), depth=1 << self.set_bits, init=[],
                                 attrs={"ram_style": "distributed"})
            m.submodules[f"tags_{way}"] = tags
            write, read = tags.write_port(), tags.read_port(domain="comb")
            found = Signal(layout, name=f"m_tag_{way}", reset_less=True)
            m.d.comb += [
                write.en.eq(we[way]),
                write.addr.eq(at),
                write.data.eq(entry),
                read.addr.eq(self.x_index[beat_bits:]),
                self.hit[way].eq(found.valid & (found.tag == self.m_addr[self.way_bits - 3:])),
            ]
            m.d.sync += found.eq(read.data)
        return sweeping, drop_ways


def sum_of_products(terms: list[Value]) -> Value:
    """Merges the terms of a selection; at most one term is not 0."""
    merged = terms[0]
    for term in terms[1:]:
        merged = merged | term
    return merged
