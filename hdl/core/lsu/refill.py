"""The refill of the L1D: a line on its way from the L2 into the arrays."""

from amaranth import *
from amaranth.lib import memory, wiring
from amaranth.lib.wiring import In, Out

from ...bus.coherent import MEM_RESPONSE, MemSource
from ..params import HartParams


class Refill(wiring.Component):
    """Collects the dwords of a line, the addressed one first, and writes one in each cycle with
    ``free``.

    ``start`` (when ``~busy``) begins with the dword at ``start_addr``. ``busy`` lasts until the
    last dword is written. ``tag_due`` asks for the tag to be written before any dword;
    ``tag_written`` answers in the same cycle. ``killed`` says that the line was invalidated before
    that.

    - ``way``: the victim of this refill, or of the next one (one-hot, in turn);
    - ``we``, ``index``, ``data``: the dword to be written, with ``free``;
    - ``missing``: whether the dword at ``m_index`` belongs to the set that is refilled and is not
      yet written. ``unseen``: whether it was not when the look-up in M was read.
    """

    def __init__(self, params: HartParams, *, index_bits: int, line_bits: int) -> None:
        self.params, self.line_bits = params, line_bits
        self.beat_bits = (params.line_beats - 1).bit_length()
        self.set_bits = index_bits - self.beat_bits
        super().__init__({
            "start": In(1),
            "start_addr": In(line_bits + self.beat_bits),
            "busy": Out(1),
            "line": Out(line_bits),
            "way": Out(params.dcache_ways, init=1),
            "tag_due": Out(1),
            "tag_written": In(1),
            "invalidated": In(1),  # the line ``invalid_line``
            "invalid_line": In(line_bits),
            "killed": Out(1),
            "response": In(wiring.Signature({"valid": Out(1), "p": Out(MEM_RESPONSE)})),
            "free": In(1),
            "we": Out(1),
            "index": Out(index_bits),
            "data": Out(64),
            "m_index": In(index_bits),
            "missing": Out(1),
            "unseen": Out(1),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        beats, beat_bits = self.params.line_beats, self.beat_bits
        line = Signal(self.line_bits, reset_less=True)
        first = Signal(beat_bits, reset_less=True)
        m.d.comb += self.line.eq(line)

        # The dwords from ``departed`` to ``arrived`` wait for the write port.
        arrived, departed = Signal(beat_bits + 1), Signal(beat_bits + 1)
        missing, unseen = Signal(beats), Signal(beats)
        m.submodules.beats = waiting = memory.Memory(
            shape=unsigned(64), depth=beats, init=[], attrs={"ram_style": "distributed"})
        arrive, depart = waiting.write_port(), waiting.read_port(domain="comb")
        dword = (first + departed)[:beat_bits]
        m.d.comb += [
            arrive.en.eq(self.busy & ~arrived[-1] & self.response.valid
                         & (self.response.p.source == MemSource.DATA)),
            arrive.addr.eq(arrived),
            arrive.data.eq(self.response.p.data),
            depart.addr.eq(departed),
            self.index.eq(Cat(dword, line[:self.set_bits])),
            self.data.eq(depart.data),
            self.we.eq(self.free & (arrived != departed) & ~self.tag_due),
        ]
        with m.If(self.we):
            m.d.sync += [departed.eq(departed + 1), missing.bit_select(dword, 1).eq(0)]
        with m.If(arrive.en):
            m.d.sync += arrived.eq(arrived + 1)

        same_set = self.busy & (line[:self.set_bits] == self.m_index[beat_bits:])
        beat = self.m_index[:beat_bits]
        m.d.comb += [
            self.missing.eq(same_set & missing.bit_select(beat, 1)),
            self.unseen.eq(same_set & unseen.bit_select(beat, 1)),
        ]

        with m.If(self.tag_written):
            m.d.sync += self.tag_due.eq(0)
        with m.If(self.invalidated & (self.invalid_line == line)):
            m.d.sync += self.killed.eq(1)
        m.d.sync += unseen.eq(missing)
        with m.If(self.busy & departed[-1]):
            m.d.sync += [self.busy.eq(0), self.way.eq(self.way.rotate_left(1))]
        with m.If(self.start):
            m.d.sync += [
                self.busy.eq(1),
                line.eq(self.start_addr[beat_bits:]),
                first.eq(self.start_addr),
                self.tag_due.eq(1),
                self.killed.eq(0),
                arrived.eq(0),
                departed.eq(0),
                missing.eq(~0),
                unseen.eq(~0),
            ]
        return m
