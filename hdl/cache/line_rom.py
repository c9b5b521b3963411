"""A boot ROM on the memory side of the L2, and the decoder between ROM and memory."""

from amaranth import *
from amaranth.lib import memory, wiring
from amaranth.lib.wiring import In, Out

from hdl.bus.dram import DramSignature


class LineRom(wiring.Component):
    """Answers bursts from block RAM with fixed contents.

    The first dword comes two cycles after the request was accepted, then one a cycle. Writes are
    accepted and ignored. The ROM answers to every address. Its contents repeat after its size: the
    length of ``contents`` (little-endian), rounded up to a power of two of lines.

    ``base`` is its address, a multiple of the line. ``end`` is the address behind the contents,
    rounded up to a line. With ``hole``, the dword at this offset is not in the contents: it is what
    the port ``filling`` has when it is read.
    """

    def __init__(self, contents: bytes, base: int, paddr_bits: int, line_bytes: int = 64, *,
                 hole: int | None = None) -> None:
        if not contents:
            raise ValueError("contents must not be empty")
        if base % line_bytes:
            raise ValueError(f"base must be a multiple of {line_bytes}, not {base:#x}")
        if hole is not None and (hole % 8 or not 0 <= hole < len(contents)):
            raise ValueError(f"hole must be the offset of a dword of the contents, not {hole:#x}")
        self.base, self.paddr_bits, self.line_bytes = base, paddr_bits, line_bytes
        lines = -(-len(contents) // line_bytes)
        self.end = base + lines * line_bytes
        if self.end > 1 << paddr_bits:
            raise ValueError(f"contents must end within {paddr_bits} address bits, not at "
                             f"{self.end:#x}")
        self._words = 1 << (lines * line_bytes // 8 - 1).bit_length()
        # Addresses count from 0, not from ``base``: the contents are rotated into place.
        self._init = [0] * self._words
        for offset in range(0, len(contents), 8):
            word = int.from_bytes(contents[offset:offset + 8], "little")
            self._init[((base + offset) // 8) % self._words] = word
        self._hole = None if hole is None else (base + hole) // 8 % self._words
        super().__init__({
            "bus": In(DramSignature(paddr_bits)),
            **({} if hole is None else {"filling": In(64)}),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        bus = self.bus
        beats = self.line_bytes // 8
        beat_bits = (beats - 1).bit_length()
        m.submodules.words = words = memory.Memory(
            shape=unsigned(64), depth=self._words, init=self._init)
        read = words.read_port()

        line = Signal(max(1, len(read.addr) - beat_bits), reset_less=True)
        dword, beat = Signal(beat_bits), Signal(beat_bits)
        reading = Signal()
        m.d.comb += [
            read.addr.eq(Cat(dword, line)),
            read.en.eq(reading),
            bus.rdata.data.eq(read.data),
        ]
        m.d.sync += bus.rdata.valid.eq(reading)
        if self._hole is not None:
            in_hole = Signal()
            m.d.sync += in_hole.eq(read.addr == self._hole)
            with m.If(in_hole):
                m.d.comb += bus.rdata.data.eq(self.filling)
        last = beat == beats - 1
        with m.FSM():
            with m.State("IDLE"):
                m.d.comb += bus.request.ready.eq(~bus.rdata.valid)
                with m.If(bus.request.ready & bus.request.valid):
                    m.d.sync += Cat(dword, line).eq(bus.request.payload.addr[3:])
                    m.next = "READ"
                    with m.If(bus.request.payload.write):
                        m.next = "WRITE"
            with m.State("READ"):
                m.d.comb += reading.eq(1)
                m.d.sync += [beat.eq(beat + 1), dword.eq(dword + 1)]
                with m.If(last):
                    m.next = "IDLE"
            with m.State("WRITE"):
                m.d.comb += bus.wdata.ready.eq(1)
                with m.If(bus.wdata.valid):
                    m.d.sync += beat.eq(beat + 1)
                    with m.If(last):
                        m.next = "IDLE"
        return m


class DramMux(wiring.Component):
    """Routes bursts for the lines of ``rom`` to it, and all others to ``dram``. Combinational.

    ``rom`` becomes a submodule. The initiator is the L2.
    """

    def __init__(self, rom: LineRom) -> None:
        self.rom = rom
        signature = DramSignature(rom.paddr_bits)
        super().__init__({"initiator": In(signature), "dram": Out(signature)})

    def elaborate(self, platform) -> Module:
        m = Module()
        m.submodules.rom = self.rom
        rom, dram, initiator = self.rom.bus, self.dram, self.initiator

        address = initiator.request.payload.addr
        inside, to_rom = Signal(), Signal()  # ``to_rom``: the burst in progress goes to the ROM
        m.d.comb += inside.eq((address >= self.rom.base) & (address < self.rom.end))
        with m.If(initiator.request.valid & initiator.request.ready):
            m.d.sync += to_rom.eq(inside)
        m.d.comb += [
            rom.request.valid.eq(initiator.request.valid & inside),
            dram.request.valid.eq(initiator.request.valid & ~inside),
            rom.request.payload.eq(initiator.request.payload),
            dram.request.payload.eq(initiator.request.payload),
            initiator.request.ready.eq(Mux(inside, rom.request.ready, dram.request.ready)),
            rom.wdata.valid.eq(initiator.wdata.valid & to_rom),
            dram.wdata.valid.eq(initiator.wdata.valid & ~to_rom),
            rom.wdata.payload.eq(initiator.wdata.payload),
            dram.wdata.payload.eq(initiator.wdata.payload),
            initiator.wdata.ready.eq(Mux(to_rom, rom.wdata.ready, dram.wdata.ready)),
            initiator.rdata.valid.eq(rom.rdata.valid | dram.rdata.valid),
            initiator.rdata.data.eq(Mux(to_rom, rom.rdata.data, dram.rdata.data)),
        ]
        return m
