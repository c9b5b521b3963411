"""A board model whose host can change the rate of its end of the serial line."""

from amaranth import *
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from sim.board.serial_line import SerialLine

ESCAPE = 0x1B


class DivisorFilter(wiring.Component):
    """Takes ``ESCAPE`` and a divisor out of the passing bytes. ``ESCAPE`` twice is one byte
    ``ESCAPE``."""

    i: In(stream.Signature(8))
    o: Out(stream.Signature(8))
    busy: In(1)  # the line is still sending
    divisor: Out(8, init=ESCAPE)

    def elaborate(self, platform) -> Module:
        m = Module()
        escaped = Signal()
        m.d.comb += self.o.payload.eq(self.i.payload)
        with m.If(escaped & (self.i.payload != ESCAPE)):
            m.d.comb += self.i.ready.eq(~self.busy)
            with m.If(self.i.valid & self.i.ready):
                m.d.sync += [escaped.eq(0), self.divisor.eq(self.i.payload)]
        with m.Elif(~escaped & (self.i.payload == ESCAPE)):
            m.d.comb += self.i.ready.eq(1)
            with m.If(self.i.valid):
                m.d.sync += escaped.eq(1)
        with m.Else():
            m.d.comb += [self.o.valid.eq(self.i.valid), self.i.ready.eq(self.o.ready)]
            with m.If(self.i.valid & self.i.ready):
                m.d.sync += escaped.eq(0)
        return m


class ModelLine(SerialLine):
    """The host's end. Every byte that it sends above ``limit`` bits a second is damaged."""

    def __init__(self, port: str, clock_hz: int, baud: int, limit: float = float("inf")) -> None:
        super().__init__(port, 115_200)
        self.clock_hz, self.limit = clock_hz, limit
        self.baud = baud

    @property
    def baud(self) -> int:
        return self._baud

    @baud.setter
    def baud(self, baud: int) -> None:
        self._baud = baud
        super().write(bytes([ESCAPE, round(self.clock_hz / (16 * baud))]))

    def write(self, data: bytes) -> None:
        if self.baud > self.limit:
            data = bytes(byte ^ 0x55 for byte in data)
        super().write(data.replace(bytes([ESCAPE]), bytes([ESCAPE, ESCAPE])))
