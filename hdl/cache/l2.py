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
        m.submodules.arbiter = arbiter = PortArbiter(params)
        m.submodules.tags = tags = TagArray(params)
        m.submodules.lines = lines = DataArray(params)
        m.submodules.amo = amo = AmoUnit()
        m.submodules.reservations = reservations = Reservations(params)
        m.submodules.victim = victim = VictimChooser(params)
        m.submodules.misses = misses = MissUnit(params)
        m.submodules.flush_walk = walk = FlushWalk(params)
        wiring.connect(m, misses.dram, wiring.flipped(self.dram))

        layout = access_layout(params)
        s0_valid, s1_valid, s2_valid = Signal(), Signal(), Signal()
        s0 = Signal(layout)
        s1, s2 = Signal(layout, reset_less=True), Signal(layout, reset_less=True)
        s2_miss = Signal()  # the line is needed and not in the L2
        run = Signal()  # no miss: S2 performs its access, and all stages advance
        rotate = misses.rotate
        m.d.comb += run.eq(misses.idle & ~s2_miss)

        # Stage S0: an access from a port, the next dword of a line, or a repeated access.
        burst = Signal()
        closed = Signal()  # an AMO is in the pipe, or the cache is flushed
        amo_compute, amo_write = Signal(), Signal()
        m.d.comb += [
            burst.eq(run & s1_valid & ~s1.last),
            arbiter.open.eq(run & ~burst & ~closed & tags.initialised),
            arbiter.losers.eq(reservations.losers),
            arbiter.s1_write.eq(s1_valid & _is_write(s1)),
            arbiter.s1_set.eq(s1.set),
            arbiter.s2_write.eq((s2_valid & _is_write(s2)) | amo_write),
            arbiter.s2_set.eq(s2.set),
            s0_valid.eq(arbiter.accept | burst | (rotate & s2_valid)),
            s0.eq(arbiter.access),
        ]
        with m.If(burst):
            m.d.comb += [
                s0.eq(s1),
                s0.dword.eq(s1.dword + 1),
                s0.beat.eq(s1.beat + 1),
                s0.first.eq(0),
                s0.last.eq(s1.beat == params.beats - 2),
            ]
        with m.Elif(~run):
            m.d.comb += s0.eq(s2)
        for port, hart in enumerate(self.harts):
            m.d.comb += [
                arbiter.valid[port].eq(hart.request.valid),
                arbiter.request[port].eq(hart.request.payload),
                hart.request.ready.eq(arbiter.ready[port]),
            ]
        m.d.comb += [
            tags.hold.eq(burst),
            tags.read_set.eq(s0.set),
            lines.read_addr.eq(Cat(Mux(misses.copy, misses.copy_dword, s0.dword), s0.set)),
        ]

        # Stage S1: the way that holds the line.
        s1_hits = Signal(params.ways)
        s2_way = Signal(params.way_bits, reset_less=True)
        s2_hit = Signal(reset_less=True)
        s2_stale = Signal(reset_less=True)  # the line states were read too early
        s2_line_valid = Signal(params.ways, reset_less=True)
        s2_dirty = Signal(params.ways, reset_less=True)
        s2_tags = _per_way("s2_tag", params.tag_bits, params)
        s2_presences = _per_way("s2_presence", params.ports, params)
        for way in range(params.ways):
            m.d.comb += s1_hits[way].eq(tags.valid[way] & (tags.tag[way] == s1.tag))
        with m.If(run | rotate):
            m.d.sync += [
                s1_valid.eq(s0_valid),
                s2_valid.eq(s1_valid),
                s2_miss.eq(s1_valid & ~s1_hits.any() & (s1.op != MemOp.SC)),
            ]
            m.d.sync += s1.eq(s0)
            with m.If(s1_valid):
                m.d.sync += [
                    s2.eq(s1),
                    s2_way.eq(_encode(s1_hits)),
                    s2_hit.eq(s1_hits.any()),
                    s2_stale.eq(run & s2_valid & _is_write(s2) & near(s1.set, s2.set)),
                    s2_line_valid.eq(tags.valid),
                    s2_dirty.eq(tags.dirty),
                ]
                for way in range(params.ways):
                    m.d.sync += [
                        s2_tags[way].eq(tags.tag[way]),
                        s2_presences[way].eq(tags.presence[way]),
                    ]
        m.d.comb += lines.capture.eq(
            ((run | rotate) & s1_valid & ~_is_write(s1)) | misses.copy_captured)

        # Stage S2: the operation.
        s2_go = Signal()
        s2_refused = Signal()  # an SC without reservation
        s2_atomic, s2_writes, s2_reads, s2_tracks = Signal(), Signal(), Signal(), Signal()
        m.d.comb += [
            s2_go.eq(run & s2_valid),
            s2_refused.eq((s2.op == MemOp.SC) & ~(s2_hit & reservations.held)),
            s2_atomic.eq((s2.op == MemOp.AMO) | (s2.op == MemOp.SC)),
            s2_writes.eq((s2.op == MemOp.WRITE) | (s2_atomic & ~s2_refused)),
            s2_reads.eq(~_is_write(s2) & (s2.op != MemOp.AMO)),
            s2_tracks.eq((s2.op == MemOp.READ_LINE) & (s2.source == MemSource.DATA)),
        ]
        s2_presence = Signal(params.ports)
        m.d.comb += s2_presence.eq(s2_presences[s2_way])

        # A miss. Reads are answered as the dwords arrive, so they are not repeated.
        evict = misses.evict
        fill_answers = Signal()
        victim_valid = s2_line_valid.bit_select(s2_way, 1)
        m.d.comb += [
            misses.miss.eq(s2_miss),
            misses.stale.eq(s2_stale),
            misses.line.eq(Cat(s2.set, s2.tag)),
            misses.dword.eq(s2.dword),
            misses.victim_line.eq(Cat(s2.set, s2_tags[s2_way])),
            misses.victim_dirty.eq(victim_valid & s2_dirty.bit_select(s2_way, 1)),
            misses.copy_data.eq(lines.data),
            victim.valid.eq(s2_line_valid),
            victim.pinned.eq(reservations.pinned),
            victim.step.eq(evict),
            fill_answers.eq(misses.fill_valid & s2_reads & (misses.fill_first | ~s2.last)),
        ]
        with m.If(misses.idle & s2_miss):
            m.d.sync += s2_way.eq(victim.way)
        with m.If(evict & ~s2.last):
            m.d.sync += s1_valid.eq(0)  # the second dword of the same READ_LINE
        with m.If(fill_answers):
            m.d.sync += s2_valid.eq(0)

        # Outputs to the harts.
        for port, hart in enumerate(self.harts):
            mine, present = s2.port[port], s2_presence[port]
            m.d.comb += [
                hart.response.valid.eq(
                    mine & ((s2_go & (s2.op != MemOp.WRITE)) | fill_answers)),
                hart.response.p.source.eq(s2.source),
                hart.response.p.last.eq(s2.last | misses.fill_last),
                hart.response.p.data.eq(lines.data),
                hart.write_done.eq(mine & s2_go & (s2.op == MemOp.WRITE)),
                hart.invalidate.valid.eq(present & (
                    (s2_go & s2_writes & (s2_atomic | ~mine)) | (evict & victim_valid))),
                hart.invalidate.line.eq(Mux(evict, misses.victim_line, misses.line)),
            ]
            with m.If(s2.op == MemOp.SC):
                m.d.comb += hart.response.p.data.eq(s2_refused)
            with m.Elif(misses.fill_valid):
                m.d.comb += hart.response.p.data.eq(self.dram.rdata.data)

        # A flush: S2 stands still and lends its registers, with which a victim is read.
        m.d.comb += [
            misses.flush.eq(self.flush & closed & ~(s1_valid | s2_valid | amo_compute | amo_write)),
            walk.start.eq(misses.clean_ready),
            walk.clean_ready.eq(misses.clean_ready),
            misses.clean.eq(walk.clean),
            self.flushed.eq(walk.done),
        ]
        with m.If(walk.seek):
            m.d.sync += s2.set.eq(walk.set)
        with m.If(walk.load):
            m.d.sync += [s2_line_valid.eq(tags.valid), s2_dirty.eq(tags.dirty)]
            m.d.sync += [s2_tags[way].eq(tags.tag[way]) for way in range(params.ways)]
        with m.If(walk.seek_way):
            m.d.sync += s2_way.eq(walk.way)

        # State of the lines and reservations.
        way_select = Signal(params.ways)
        m.d.comb += [
            way_select.eq(1 << s2_way),
            tags.write_set.eq(s2.set),
            tags.write_tag.eq(s2.tag),
            tags.tag_en.eq(Mux(evict, way_select, 0)),
            tags.state_en.eq(Mux(
                evict | (s2_go & (s2_writes | (s2_tracks & s2.first))), way_select, 0)),
            tags.write_dirty.eq(~evict & (s2_writes | s2_dirty.bit_select(s2_way, 1))),
            reservations.port.eq(s2.port),
            reservations.set.eq(s2.set),
            reservations.way.eq(s2_way),
            reservations.reserve.eq((s2_go | fill_answers) & (s2.op == MemOp.LR)),
            reservations.write.eq(s2_go & s2_writes),
            reservations.release.eq(s2_go & (s2.op == MemOp.SC)),
            reservations.evict.eq(evict),
        ]
        for port in range(params.ports):
            m.d.comb += tags.write_presence[port].eq(Mux(
                s2.port[port],
                s2_tracks | (~evict & s2_presence[port] & (s2.op == MemOp.WRITE)),
                ~evict & s2_tracks & s2_presence[port]))

        # An AMO reads and returns the old dword in S2, computes the new one in the next cycle, and
        # writes it one cycle later. Nothing enters the pipe meanwhile.
        amo_result = Signal(64, reset_less=True)
        with m.If(self.flush | (arbiter.accept & (arbiter.access.op == MemOp.AMO))):
            m.d.sync += closed.eq(1)
        with m.Elif(amo_compute):
            m.d.sync += closed.eq(0)
        m.d.sync += [amo_compute.eq(s2_go & (s2.op == MemOp.AMO)), amo_write.eq(amo_compute)]
        m.d.comb += [
            amo.op.eq(s2.amo),
            amo.mask.eq(s2.mask),
            amo.old.eq(lines.data),
            amo.operand.eq(s2.data),
        ]
        with m.If(amo_compute):
            m.d.sync += amo_result.eq(amo.result)

        # The data port: fill, AMO result, or the bytes of a WRITE or SC.
        m.d.comb += [
            lines.way.eq(s2_way),
            lines.write_en.eq(
                misses.fill_valid | amo_write | (s2_go & s2_writes & (s2.op != MemOp.AMO))),
            lines.write_addr.eq(Cat(Mux(misses.idle, s2.dword, misses.fill_dword), s2.set)),
            lines.write_mask.eq(Mux(misses.fill_valid, 0xFF, s2.mask)),
            lines.write_data.eq(s2.data),
        ]
        with m.If(misses.fill_valid):
            m.d.comb += lines.write_data.eq(self.dram.rdata.data)
        with m.Elif(amo_write):
            m.d.comb += lines.write_data.eq(amo_result)

        # The AMO is shown with its result, and before anything that follows it.
        performs = amo_compute | (s2_go & s2_writes & (s2.op != MemOp.AMO))
        m.d.comb += [
            self.performed.port.eq(Mux(performs, s2.port, 0)),
            self.performed.atomic.eq(amo_compute | (s2.op == MemOp.SC)),
            self.performed.addr.eq(Cat(C(0, 3), s2.dword, s2.set, s2.tag)),
            self.performed.data.eq(Mux(amo_compute, amo.result, s2.data)),
            self.performed.mask.eq(s2.mask),
        ]
        return m


def _is_write(access) -> Value:
    """Whether the access changes a line without reading it."""
    return (access.op == MemOp.WRITE) | (access.op == MemOp.SC)


def _encode(one_hot: Signal) -> Value:
    """The number of the bit that is set."""
    bits = range((len(one_hot) - 1).bit_length())
    return Cat(
        Cat(one_hot[i] for i in range(len(one_hot)) if i >> bit & 1).any() for bit in bits)


def _per_way(name: str, width: int, params: L2Params) -> Array:
    return Array(
        Signal(width, name=f"{name}_{way}", reset_less=True) for way in range(params.ways))
