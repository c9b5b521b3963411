"""An SPI flash for a simulated board. Its clock may rise in every fourth cycle at most."""

from amaranth import *
from amaranth.lib import memory, wiring
from amaranth.lib.wiring import In

from hdl.peripheral.spi_flash import FAST_READ, SpiFlashSignature


class FlashChip(wiring.Component):
    """Knows only FAST_READ and ignores other commands. Holds ``contents`` from ``offset`` on; the
    rest is erased. The lowest bit of the last byte is wrong on its first read."""

    pins: In(SpiFlashSignature())

    def __init__(self, offset: int, contents: bytes) -> None:
        self.offset, self.contents = offset, contents
        super().__init__()

    def elaborate(self, platform) -> Module:
        m = Module()
        m.submodules.bytes = storage = memory.Memory(
            shape=unsigned(8), depth=len(self.contents), init=self.contents)
        read = storage.read_port(domain="comb")
        clk, bits = Signal(), Signal(6)  # bits of the command: 8, address 24, dummy 8
        command, address = Signal(32), Signal(24)
        byte, here, spoilt = Signal(8), Signal(), Signal(init=1)
        rises, falls = Signal(), Signal()
        m.d.comb += [
            rises.eq(self.pins.clk & ~clk),
            falls.eq(~self.pins.clk & clk),
            read.addr.eq(address - self.offset),
            here.eq((address >= self.offset) & (address < self.offset + len(self.contents))),
            byte.eq(Mux(here, read.data, 0xFF)
                    ^ (spoilt & (address == self.offset + len(self.contents) - 1))),
        ]
        m.d.sync += clk.eq(self.pins.clk)
        with m.If(~self.pins.cs):
            m.d.sync += [bits.eq(0), self.pins.cipo.eq(1)]
            with m.If((bits >= 40) & (address >= self.offset + len(self.contents))):
                m.d.sync += spoilt.eq(0)
        with m.Elif(rises & (bits < 40)):
            m.d.sync += bits.eq(bits + 1)
            with m.If(bits < 32):
                m.d.sync += command.eq(Cat(self.pins.copi, command[:-1]))
        with m.Elif(falls & (bits >= 40)):
            m.d.sync += self.pins.cipo.eq(byte.bit_select(~bits[:3], 1))
            m.d.sync += bits.eq(Mux(bits == 47, 40, bits + 1))
            with m.If(bits == 47):
                m.d.sync += address.eq(address + 1)
        with m.If(self.pins.cs & rises & (bits == 39)):
            m.d.sync += address.eq(Mux(command[24:] == FAST_READ, command[:24], 0))
        return m
