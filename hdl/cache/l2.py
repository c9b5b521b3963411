"""The shared second-level cache: the single point that orders all memory operations."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from hdl.bus.coherent import MemOp, MemoryPortSignature, MemSource
from hdl.bus.dram import DramSignature
from hdl.cache.amo import AmoUnit
from hdl.cache.arbiter import PortArbiter, near
from hdl.cache.arrays import DataArray, TagArray
from hdl.cache.flush import FlushWalk
from hdl.cache.l2_params import L2Params, PerformedSignature, access_layout
from hdl.cache.miss import MissUnit
from hdl.cache.reservation import Reservations
from hdl.cache.victim import VictimChooser


class _Pipe:
    """The accesses in the stages, and what S1 found for the one in S2."""

    def __init__(self, params: L2Params) -> None:
        layout = access_layout(params)
        self.s0_valid, self.s1_valid, self.s2_valid = Signal(), Signal(), Signal()
        self.s0 = Signal(layout)
        self.s1, self.s2 = Signal(layout, reset_less=True), Signal(layout, reset_less=True)
        self.s2_miss = Signal()  # the line is needed and not in the L2
        self.s2_way = Signal(params.way_bits, reset_less=True)
        self.s2_hit = Signal(reset_less=True)
        self.s2_stale = Signal(reset_less=True)  # the line states were read too early
        self.s2_line_valid = Signal(params.ways, reset_less=True)
        self.s2_dirty = Signal(params.ways, reset_less=True)
        self.s2_tags = _per_way("s2_tag", params.tag_bits, params)
        self.s2_presences = _per_way("s2_presence", params.ports, params)
        self.s2_presence = Signal(params.ports)  # of the way that S2 uses

        self.run = Signal()  # no miss: S2 performs its access, and all stages advance
        self.closed = Signal()  # an AMO is in the pipe, or the cache is flushed
        self.amo_compute, self.amo_write = Signal(), Signal()

        # The operation in S2.
        self.go = Signal()  # it is performed
        self.refused = Signal()  # an SC without reservation
        self.atomic, self.writes = Signal(), Signal()
        self.reads = Signal()  # a dword, and is answered with it
        self.tracks = Signal()  # the port will hold a copy of the line
        self.fill_answers = Signal()  # a dword that arrives from the DRAM is the answer


class L2Cache(wiring.Component):
    """Set-associative, write-back, write-allocate, inclusive of the first-level data caches.

    There are three stages. S0 selects a port and addresses the block RAMs, S1 compares tags, and S2
    performs the operation. Everything a hart sees (responses, ``write_done``, invalidations)
    leaves in S2, in the order of the operations. A hit that was accepted in cycle ``n`` is answered
    in ``n + 2``. A READ_LINE occupies the pipe for one cycle a dword, an AMO for four cycles, and
    everything else for one. A read waits while a write to a possibly equal set is in S1 or S2.

    Each line has a presence bit for each port, which a READ_LINE from ``MemSource.DATA`` sets. A
    WRITE invalidates the line in the other ports with that bit. AMO, SC and eviction invalidate it
    in all ports. An SC to a line that is not in the L2 is refused, because eviction ends
    reservations.

    A miss stops the pipe. The line is requested in ``n + 3``, and its dwords are forwarded to the
    reader as they arrive. Meanwhile the victim is read into a buffer, which is written back later.
    Then the accesses in S2 and S1 pass through the pipe again, unless they have been answered. A
    WRITE that misses right behind a write to its set passes through the pipe again first, because
    its copy of the dirty bits may be too old to select a victim.

    ``flush`` prepares a reset and must stay high until then. From its second cycle on no request is
    accepted. What is in the pipe is answered, then every dirty line is written to memory.
    ``flushed`` rises when the last dword has gone. That takes ``4 + 2 * ways`` cycles a set, and
    for each dirty line its burst and ``beats + 4`` more.
    """

    def __init__(self, params: L2Params) -> None:
        self.params = params
        port = MemoryPortSignature(params.paddr_bits, params.line_bytes)
        super().__init__({
            "harts": In(port).array(params.ports),
            "dram": Out(DramSignature(params.paddr_bits)),
            "flush": In(1),
            "flushed": Out(1),
            "performed": Out(PerformedSignature(params)),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        params = self.params
        m.submodules.arbiter = self._arbiter = PortArbiter(params)
        m.submodules.tags = self._tags = TagArray(params)
        m.submodules.lines = self._lines = DataArray(params)
        m.submodules.amo = self._amo = AmoUnit()
        m.submodules.reservations = self._reservations = Reservations(params)
        m.submodules.victim = self._victim = VictimChooser(params)
        m.submodules.misses = self._misses = MissUnit(params)
        m.submodules.flush_walk = self._walk = FlushWalk(params)
        wiring.connect(m, self._misses.dram, wiring.flipped(self.dram))

        pipe = _Pipe(params)
        m.d.comb += pipe.run.eq(self._misses.idle & ~pipe.s2_miss)
        self._select(m, pipe)
        self._compare(m, pipe)
        self._operation(m, pipe)
        self._miss(m, pipe)
        self._answer(m, pipe)
        self._flush(m, pipe)
        self._update_states(m, pipe)
        amo_result = self._compute_amo(m, pipe)
        self._write_data(m, pipe, amo_result)
        self._show(m, pipe)
        return m

    def _select(self, m, pipe: _Pipe) -> None:
        """S0: an access from a port, the next dword of a line, or a repeated access."""
        arbiter, misses, s0, s1, s2 = self._arbiter, self._misses, pipe.s0, pipe.s1, pipe.s2
        burst = Signal()
        m.d.comb += [
            burst.eq(pipe.run & pipe.s1_valid & ~s1.last),
            arbiter.open.eq(pipe.run & ~burst & ~pipe.closed & self._tags.initialised),
            arbiter.losers.eq(self._reservations.losers),
            arbiter.s1_write.eq(pipe.s1_valid & _is_write(s1)),
            arbiter.s1_set.eq(s1.set),
            arbiter.s2_write.eq((pipe.s2_valid & _is_write(s2)) | pipe.amo_write),
            arbiter.s2_set.eq(s2.set),
            pipe.s0_valid.eq(arbiter.accept | burst | (misses.rotate & pipe.s2_valid)),
            s0.eq(arbiter.access),
        ]
        with m.If(burst):
            m.d.comb += [
                s0.eq(s1),
                s0.dword.eq(s1.dword + 1),
                s0.beat.eq(s1.beat + 1),
                s0.first.eq(0),
                s0.last.eq(s1.beat == self.params.beats - 2),
            ]
        with m.Elif(~pipe.run):
            m.d.comb += s0.eq(s2)
        for port, hart in enumerate(self.harts):
            m.d.comb += [
                arbiter.valid[port].eq(hart.request.valid),
                arbiter.request[port].eq(hart.request.payload),
                hart.request.ready.eq(arbiter.ready[port]),
            ]
        m.d.comb += [
            self._tags.hold.eq(burst),
            self._tags.read_set.eq(s0.set),
            self._lines.read_addr.eq(
                Cat(Mux(misses.copy, misses.copy_dword, s0.dword), s0.set)),
        ]

    def _compare(self, m, pipe: _Pipe) -> None:
        """S1: the way that holds the line."""
        params, tags, s1, s2 = self.params, self._tags, pipe.s1, pipe.s2
        s1_hits = Signal(params.ways)
        for way in range(params.ways):
            m.d.comb += s1_hits[way].eq(tags.valid[way] & (tags.tag[way] == s1.tag))
        with m.If(pipe.run | self._misses.rotate):
            m.d.sync += [
                pipe.s1_valid.eq(pipe.s0_valid),
                pipe.s2_valid.eq(pipe.s1_valid),
                pipe.s2_miss.eq(pipe.s1_valid & ~s1_hits.any() & (s1.op != MemOp.SC)),
            ]
            m.d.sync += s1.eq(pipe.s0)
            with m.If(pipe.s1_valid):
                m.d.sync += [
                    s2.eq(s1),
                    pipe.s2_way.eq(_encode(s1_hits)),
                    pipe.s2_hit.eq(s1_hits.any()),
                    pipe.s2_stale.eq(pipe.run & pipe.s2_valid & _is_write(s2)
                                     & near(s1.set, s2.set)),
                    pipe.s2_line_valid.eq(tags.valid),
                    pipe.s2_dirty.eq(tags.dirty),
                ]
                for way in range(params.ways):
                    m.d.sync += [
                        pipe.s2_tags[way].eq(tags.tag[way]),
                        pipe.s2_presences[way].eq(tags.presence[way]),
                    ]
        m.d.comb += self._lines.capture.eq(
            ((pipe.run | self._misses.rotate) & pipe.s1_valid & ~_is_write(s1))
            | self._misses.copy_captured)

    def _operation(self, m, pipe: _Pipe) -> None:
        """S2: what the operation does."""
        s2 = pipe.s2
        m.d.comb += [
            pipe.go.eq(pipe.run & pipe.s2_valid),
            pipe.refused.eq((s2.op == MemOp.SC) & ~(pipe.s2_hit & self._reservations.held)),
            pipe.atomic.eq((s2.op == MemOp.AMO) | (s2.op == MemOp.SC)),
            pipe.writes.eq((s2.op == MemOp.WRITE) | (pipe.atomic & ~pipe.refused)),
            pipe.reads.eq(~_is_write(s2) & (s2.op != MemOp.AMO)),
            pipe.tracks.eq((s2.op == MemOp.READ_LINE) & (s2.source == MemSource.DATA)),
            pipe.s2_presence.eq(pipe.s2_presences[pipe.s2_way]),
        ]

    def _miss(self, m, pipe: _Pipe) -> None:
        """A miss. Reads are answered as the dwords arrive, so they are not repeated."""
        misses, victim, s2 = self._misses, self._victim, pipe.s2
        m.d.comb += [
            misses.miss.eq(pipe.s2_miss),
            misses.stale.eq(pipe.s2_stale),
            misses.line.eq(Cat(s2.set, s2.tag)),
            misses.dword.eq(s2.dword),
            misses.victim_line.eq(Cat(s2.set, pipe.s2_tags[pipe.s2_way])),
            misses.victim_dirty.eq(_of_way(pipe.s2_line_valid, pipe)
                                   & _of_way(pipe.s2_dirty, pipe)),
            misses.copy_data.eq(self._lines.data),
            victim.valid.eq(pipe.s2_line_valid),
            victim.pinned.eq(self._reservations.pinned),
            victim.step.eq(misses.evict),
            pipe.fill_answers.eq(
                misses.fill_valid & pipe.reads & (misses.fill_first | ~s2.last)),
        ]
        with m.If(misses.idle & pipe.s2_miss):
            m.d.sync += pipe.s2_way.eq(victim.way)
        with m.If(misses.evict & ~s2.last):
            m.d.sync += pipe.s1_valid.eq(0)  # the second dword of the same READ_LINE
        with m.If(pipe.fill_answers):
            m.d.sync += pipe.s2_valid.eq(0)

    def _answer(self, m, pipe: _Pipe) -> None:
        """S2: responses, acknowledgements and invalidations."""
        misses, s2 = self._misses, pipe.s2
        victim_valid = _of_way(pipe.s2_line_valid, pipe)
        for port, hart in enumerate(self.harts):
            mine, present = s2.port[port], pipe.s2_presence[port]
            m.d.comb += [
                hart.response.valid.eq(
                    mine & ((pipe.go & (s2.op != MemOp.WRITE)) | pipe.fill_answers)),
                hart.response.p.source.eq(s2.source),
                hart.response.p.last.eq(s2.last | misses.fill_last),
                hart.response.p.data.eq(self._lines.data),
                hart.write_done.eq(mine & pipe.go & (s2.op == MemOp.WRITE)),
                hart.invalidate.valid.eq(present & (
                    (pipe.go & pipe.writes & (pipe.atomic | ~mine))
                    | (misses.evict & victim_valid))),
                hart.invalidate.line.eq(Mux(misses.evict, misses.victim_line, misses.line)),
            ]
            with m.If(s2.op == MemOp.SC):
                m.d.comb += hart.response.p.data.eq(pipe.refused)
            with m.Elif(misses.fill_valid):
                m.d.comb += hart.response.p.data.eq(self.dram.rdata.data)

    def _flush(self, m, pipe: _Pipe) -> None:
        """A flush: S2 stands still and lends its registers, with which a victim is read."""
        misses, walk, tags = self._misses, self._walk, self._tags
        in_the_pipe = pipe.s1_valid | pipe.s2_valid | pipe.amo_compute | pipe.amo_write
        m.d.comb += [
            misses.flush.eq(self.flush & pipe.closed & ~in_the_pipe),
            walk.start.eq(misses.clean_ready),
            walk.clean_ready.eq(misses.clean_ready),
            misses.clean.eq(walk.clean),
            self.flushed.eq(walk.done),
        ]
        with m.If(walk.seek):
            m.d.sync += pipe.s2.set.eq(walk.set)
        with m.If(walk.load):
            m.d.sync += [pipe.s2_line_valid.eq(tags.valid), pipe.s2_dirty.eq(tags.dirty)]
            m.d.sync += [pipe.s2_tags[way].eq(tags.tag[way]) for way in range(self.params.ways)]
        with m.If(walk.seek_way):
            m.d.sync += pipe.s2_way.eq(walk.way)

    def _update_states(self, m, pipe: _Pipe) -> None:
        """S2: state of the lines, and reservations."""
        params, tags, reservations, s2 = self.params, self._tags, self._reservations, pipe.s2
        evict = self._misses.evict
        way_select = Signal(params.ways)
        m.d.comb += [
            way_select.eq(1 << pipe.s2_way),
            tags.write_set.eq(s2.set),
            tags.write_tag.eq(s2.tag),
            tags.tag_en.eq(Mux(evict, way_select, 0)),
            tags.state_en.eq(Mux(
                evict | (pipe.go & (pipe.writes | (pipe.tracks & s2.first))), way_select, 0)),
            tags.write_dirty.eq(~evict & (pipe.writes | _of_way(pipe.s2_dirty, pipe))),
            reservations.port.eq(s2.port),
            reservations.set.eq(s2.set),
            reservations.way.eq(pipe.s2_way),
            reservations.reserve.eq((pipe.go | pipe.fill_answers) & (s2.op == MemOp.LR)),
            reservations.write.eq(pipe.go & pipe.writes),
            reservations.release.eq(pipe.go & (s2.op == MemOp.SC)),
            reservations.evict.eq(evict),
        ]
        for port in range(params.ports):
            present = pipe.s2_presence[port]
            m.d.comb += tags.write_presence[port].eq(Mux(
                s2.port[port],
                pipe.tracks | (~evict & present & (s2.op == MemOp.WRITE)),
                ~evict & pipe.tracks & present))

    def _compute_amo(self, m, pipe: _Pipe) -> Signal:
        """An AMO reads and returns the old dword in S2, computes the new one in the next cycle, and
        writes it one cycle later. Nothing enters the pipe meanwhile. Returns the new dword, for the
        cycle of the write."""
        arbiter, amo, s2 = self._arbiter, self._amo, pipe.s2
        result = Signal(64, name="amo_result", reset_less=True)
        with m.If(self.flush | (arbiter.accept & (arbiter.access.op == MemOp.AMO))):
            m.d.sync += pipe.closed.eq(1)
        with m.Elif(pipe.amo_compute):
            m.d.sync += pipe.closed.eq(0)
        m.d.sync += [
            pipe.amo_compute.eq(pipe.go & (s2.op == MemOp.AMO)),
            pipe.amo_write.eq(pipe.amo_compute),
        ]
        m.d.comb += [
            amo.op.eq(s2.amo),
            amo.mask.eq(s2.mask),
            amo.old.eq(self._lines.data),
            amo.operand.eq(s2.data),
        ]
        with m.If(pipe.amo_compute):
            m.d.sync += result.eq(amo.result)
        return result

    def _write_data(self, m, pipe: _Pipe, amo_result: Signal) -> None:
        """The data port: fill, AMO result, or the bytes of a WRITE or SC."""
        lines, misses, s2 = self._lines, self._misses, pipe.s2
        m.d.comb += [
            lines.way.eq(pipe.s2_way),
            lines.write_en.eq(misses.fill_valid | pipe.amo_write
                              | (pipe.go & pipe.writes & (s2.op != MemOp.AMO))),
            lines.write_addr.eq(Cat(Mux(misses.idle, s2.dword, misses.fill_dword), s2.set)),
            lines.write_mask.eq(Mux(misses.fill_valid, 0xFF, s2.mask)),
            lines.write_data.eq(s2.data),
        ]
        with m.If(misses.fill_valid):
            m.d.comb += lines.write_data.eq(self.dram.rdata.data)
        with m.Elif(pipe.amo_write):
            m.d.comb += lines.write_data.eq(amo_result)

    def _show(self, m, pipe: _Pipe) -> None:
        """The AMO is shown with its result, and before anything that follows it."""
        s2 = pipe.s2
        performs = pipe.amo_compute | (pipe.go & pipe.writes & (s2.op != MemOp.AMO))
        m.d.comb += [
            self.performed.port.eq(Mux(performs, s2.port, 0)),
            self.performed.atomic.eq(pipe.amo_compute | (s2.op == MemOp.SC)),
            self.performed.addr.eq(Cat(C(0, 3), s2.dword, s2.set, s2.tag)),
            self.performed.data.eq(Mux(pipe.amo_compute, self._amo.result, s2.data)),
            self.performed.mask.eq(s2.mask),
        ]


def _is_write(access) -> Value:
    """Whether the access changes a line without reading it."""
    return (access.op == MemOp.WRITE) | (access.op == MemOp.SC)


def _of_way(bits: Value, pipe: _Pipe) -> Value:
    """The bit of the way that S2 uses."""
    return bits.bit_select(pipe.s2_way, 1)


def _encode(one_hot: Signal) -> Value:
    """The number of the bit that is set."""
    bits = range((len(one_hot) - 1).bit_length())
    return Cat(
        Cat(one_hot[i] for i in range(len(one_hot)) if i >> bit & 1).any() for bit in bits)


def _per_way(name: str, width: int, params: L2Params) -> Array:
    return Array(
        Signal(width, name=f"{name}_{way}", reset_less=True) for way in range(params.ways))
