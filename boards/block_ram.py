"""Main memory in block RAM, on the memory side of the L2."""

from amaranth import *
from amaranth.lib import memory, wiring
from amaranth.lib.wiring import In

from hdl.bus.dram import DramSignature


class BlockRam(wiring.Component):
    """Answers bursts from ``size_bytes`` of block RAM. They repeat throughout the address space.

    The first dword of a read comes two cycles after the request was accepted, then one a cycle. A
    write takes one dword a cycle. ``size_bytes`` is a power of two, and at least two lines.
    """

    def __init__(self, *, size_bytes: int, paddr_bits: int, line_bytes: int = 64) -> None:
        if size_bytes < 2 * line_bytes or size_bytes & (size_bytes - 1):
            raise ValueError("block RAM must be a power of two of at least "
                             f"{2 * line_bytes} bytes, not {size_bytes!r}")
        self.size_bytes, self.line_bytes = size_bytes, line_bytes
        super().__init__({"bus": In(DramSignature(paddr_bits))})

    def elaborate(self, platform) -> Module:
        m = Module()
        bus = self.bus
        beats = self.line_bytes // 8
        m.submodules.words = words = memory.Memory(
            shape=unsigned(64), depth=self.size_bytes // 8, init=[],
            attrs={"ram_style": "block", "no_rw_check": 1})
        read, write = words.read_port(), words.write_port()

        beat_bits = (beats - 1).bit_length()
        dword, beat = Signal(beat_bits), Signal(beat_bits)
        line = Signal(len(read.addr) - beat_bits, reset_less=True)
        reading, writing = Signal(), Signal()
        m.d.comb += [
            read.addr.eq(Cat(dword, line)),
            read.en.eq(reading),
            bus.rdata.data.eq(read.data),
            write.addr.eq(Cat(beat, line)),
            write.data.eq(bus.wdata.payload),
            write.en.eq(writing & bus.wdata.valid),
            bus.wdata.ready.eq(writing),
            bus.request.ready.eq(~reading & ~writing & ~bus.rdata.valid),
        ]
        m.d.sync += bus.rdata.valid.eq(reading)
        with m.If(bus.request.valid & bus.request.ready):
            m.d.sync += [
                Cat(dword, line).eq(bus.request.payload.addr[3:]),
                reading.eq(~bus.request.payload.write),
                writing.eq(bus.request.payload.write),
            ]
        with m.Elif(reading | (writing & bus.wdata.valid)):
            m.d.sync += [dword.eq(dword + 1), beat.eq(beat + 1)]
            with m.If(beat == beats - 1):
                m.d.sync += [reading.eq(0), writing.eq(0)]
        return m
