"""Invalidations of the L1D: which way holds the line that another port wrote."""

from amaranth import *
from amaranth.lib import memory, wiring
from amaranth.lib.wiring import In, Out

from ..params import HartParams


class Snoop(wiring.Component):
    """Looks invalidated lines up in a second copy of the tags, one in each cycle.

    ``valid``, ``line`` and ``ways`` (those with an equal tag, valid or not) answer one cycle after
    ``invalidate``; the valid bits are cleared in that cycle. A load that looked the set ``m_set``
    up in that cycle or the next did so too early: it is ``stale``.

    ``tag_ways`` writes the tag of ``tag_line`` in these ways.
    """

    def __init__(self, params: HartParams, *, set_bits: int, line_bits: int) -> None:
        self.params, self.set_bits, self.line_bits = params, set_bits, line_bits
        super().__init__({
            "invalidate": In(wiring.Signature({"valid": Out(1), "line": Out(line_bits)})),
            "valid": Out(1),
            "line": Out(line_bits),
            "ways": Out(params.dcache_ways),
            "m_set": In(set_bits),
            "stale": Out(1),
            "tag_ways": In(params.dcache_ways),
            "tag_line": In(line_bits),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        line = Signal(self.line_bits, reset_less=True)
        past, past_set = Signal(), Signal(self.set_bits, reset_less=True)
        this_set = line[:self.set_bits]
        m.d.sync += [self.valid.eq(self.invalidate.valid), past.eq(self.valid)]
        with m.If(self.invalidate.valid):
            m.d.sync += line.eq(self.invalidate.line)
        with m.If(self.valid):
            m.d.sync += past_set.eq(this_set)
        m.d.comb += [
            self.line.eq(line),
            self.stale.eq((self.valid & (this_set == self.m_set))
                          | (past & (past_set == self.m_set))),
        ]
        for way in range(self.params.dcache_ways):
            tags = memory.Memory(
                shape=unsigned(self.line_bits - self.set_bits), depth=1 << self.set_bits, init=[],
                attrs={"ram_style": "block", "no_rw_check": 1})
            m.submodules[f"tags_{way}"] = tags
            write, read = tags.write_port(), tags.read_port()
            m.d.comb += [
                write.en.eq(self.tag_ways[way]),
                write.addr.eq(self.tag_line[:self.set_bits]),
                write.data.eq(self.tag_line[self.set_bits:]),
                read.addr.eq(self.invalidate.line[:self.set_bits]),
                read.en.eq(self.invalidate.valid),
                self.ways[way].eq(read.data == line[self.set_bits:]),
            ]
        return m
