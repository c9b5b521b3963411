"""Serial line of a UART: byte streams to and from start, data, parity and stop bits."""

from amaranth import *
from amaranth.lib import stream, wiring
from amaranth.lib.cdc import FFSynchronizer
from amaranth.lib.wiring import In, Out

from .uart16550 import LineFormat, RxByte

OVERSAMPLING = 16


class Sixteenths(wiring.Component):
    """Divides the clock by ``divisor``: ``tick`` is high in the last cycle of each sixteenth of a
    bit, counted from ``restart``. A divisor of 0 counts as 1."""

    divisor: In(16)
    restart: In(1)
    tick: Out(1)

    def elaborate(self, platform) -> Module:
        m = Module()
        count = Signal(16)
        m.d.comb += self.tick.eq(count + 1 >= self.divisor)
        m.d.sync += count.eq(Mux(self.tick | self.restart, 0, count + 1))
        return m


def parity_bit(line, byte: Value) -> Value:
    """The parity bit of the ``5 + line.word`` lower bits of ``byte``."""
    used = Cat(C(0x1F, 5), line.word >= 1, line.word >= 2, line.word >= 3)
    return Mux(line.stick, ~line.even, (byte & used).xor() ^ ~line.even)


class SerialTransmitter(wiring.Component):
    """Sends the bytes of ``i``. ``busy`` is high while a frame is on the line. The format may
    change only while nothing is sent, except for ``break_``, which holds the line low at once."""

    i: In(stream.Signature(8))
    format: In(LineFormat)
    busy: Out(1)
    txd: Out(1, init=1)

    def elaborate(self, platform) -> Module:
        m = Module()
        m.submodules.sixteenths = ticks = Sixteenths()
        line = self.format
        frame = Signal(11, init=-1)  # start, data and parity bits, followed by ones
        left = Signal(range(16 * 12 + 1))  # sixteenths of the frame that are still to come
        phase = Signal(range(OVERSAMPLING))
        data_bits = Signal(4)
        byte, stop = Signal(8), Signal(range(33))
        m.d.comb += [
            ticks.divisor.eq(line.divisor),
            ticks.restart.eq(~self.busy),
            data_bits.eq(5 + line.word),
            byte.eq(self.i.p | (C(0xFF, 8) << data_bits)[:8]),
            stop.eq(Mux(line.stop, Mux(line.word == 0, 24, 32), 16)),
            self.busy.eq(left != 0),
            self.i.ready.eq(~self.busy),
        ]
        m.d.sync += self.txd.eq(frame[0] & ~line.break_)
        with m.If(self.i.valid & self.i.ready):
            gap = ~(1 << data_bits)  # 0 where the parity bit goes
            hole = Mux(line.parity & ~parity_bit(line, self.i.p), gap, -1)
            m.d.sync += [
                frame.eq(Cat(C(0, 1), Cat(byte, C(3, 2)) & hole)),
                left.eq(((1 + data_bits + line.parity) << 4) + stop),
                phase.eq(0),
            ]
        with m.Elif(self.busy & ticks.tick):
            m.d.sync += [left.eq(left - 1), phase.eq(phase + 1)]
            with m.If(phase == OVERSAMPLING - 1):
                m.d.sync += frame.eq(Cat(frame[1:], C(1, 1)))
        return m


class SerialReceiver(wiring.Component):
    """Receives bytes, sampling each bit in its middle.

    A byte is offered from the middle of its first stop bit on. If the previous byte has not been
    accepted by then, the new byte is lost, with a pulse of ``overrun``. After a frame without a
    stop bit the line must go high before the next start bit.
    """

    o: Out(stream.Signature(RxByte))
    format: In(LineFormat)
    overrun: Out(1)
    rxd: In(1, init=1)

    def elaborate(self, platform) -> Module:
        m = Module()
        m.submodules.sixteenths = ticks = Sixteenths()
        rxd = Signal(init=1)
        m.submodules.synchronizer = FFSynchronizer(self.rxd, rxd, init=1)
        line = self.format
        phase = Signal(range(OVERSAMPLING))
        sample = Signal()
        data_bits, count = Signal(4), Signal(4)
        shift, parity, ones = Signal(8), Signal(), Signal()
        byte, done = Signal(RxByte), Signal()
        m.d.comb += [
            ticks.divisor.eq(line.divisor),
            sample.eq(ticks.tick & (phase == OVERSAMPLING // 2 - 1)),
            data_bits.eq(5 + line.word),
            byte.data.eq(shift >> ~line.word),  # by 8 - data_bits
            byte.parity_error.eq(line.parity & (parity != parity_bit(line, byte.data))),
            byte.framing_error.eq(~rxd),
            byte.break_.eq(~rxd & ~ones),
            self.overrun.eq(done & self.o.valid & ~self.o.ready),
        ]
        with m.If(ticks.tick):
            m.d.sync += phase.eq(phase + 1)
        with m.If(sample):
            m.d.sync += ones.eq(ones | rxd)
        with m.FSM():
            with m.State("IDLE"):
                m.d.comb += ticks.restart.eq(1)
                m.d.sync += [phase.eq(0), ones.eq(0), count.eq(0)]
                with m.If(~rxd):
                    m.next = "START"
            with m.State("START"):
                with m.If(sample):
                    m.next = "DATA"
                    with m.If(rxd):
                        m.next = "IDLE"
            with m.State("DATA"):
                with m.If(sample):
                    m.d.sync += [shift.eq(Cat(shift[1:], rxd)), count.eq(count + 1)]
                    with m.If(count == data_bits - 1):
                        m.next = "STOP"
                        with m.If(line.parity):
                            m.next = "PARITY"
            with m.State("PARITY"):
                with m.If(sample):
                    m.d.sync += parity.eq(rxd)
                    m.next = "STOP"
            with m.State("STOP"):
                with m.If(sample):
                    m.d.comb += done.eq(1)
                    m.next = "IDLE"
                    with m.If(~rxd):
                        m.next = "HIGH"
            with m.State("HIGH"):
                with m.If(rxd):
                    m.next = "IDLE"

        with m.If(self.o.ready):
            m.d.sync += self.o.valid.eq(0)
        with m.If(done & (~self.o.valid | self.o.ready)):
            m.d.sync += [self.o.valid.eq(1), self.o.p.eq(byte)]
        return m


class UartSerialPhy(wiring.Component):
    """Both directions of a line, to be connected to the ports of the same names of a
    ``Uart16550``. The bit rate is the clock divided by 16 and by the divisor."""

    tx: In(stream.Signature(8))
    rx: Out(stream.Signature(RxByte))
    format: In(LineFormat)
    tx_busy: Out(1)
    overrun: Out(1)
    txd: Out(1, init=1)
    rxd: In(1, init=1)

    def elaborate(self, platform) -> Module:
        m = Module()
        m.submodules.transmitter = transmitter = SerialTransmitter()
        m.submodules.receiver = receiver = SerialReceiver()
        wiring.connect(m, wiring.flipped(self.tx), transmitter.i)
        wiring.connect(m, receiver.o, wiring.flipped(self.rx))
        m.d.comb += [
            transmitter.format.eq(self.format),
            receiver.format.eq(self.format),
            receiver.rxd.eq(self.rxd),
            self.tx_busy.eq(transmitter.busy),
            self.overrun.eq(receiver.overrun),
            self.txd.eq(transmitter.txd),
        ]
        return m
