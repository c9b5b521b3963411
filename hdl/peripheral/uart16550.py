"""UART with the programming model of the 16550A."""

from amaranth import *
from amaranth.hdl import ResetInserter
from amaranth.lib import data, enum, fifo, stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from ..bus.mmio import MmioSignature
from . import mmio
from .uart16550_registers import ADDR_BITS, uart_registers

DEPTH = 16


class RxByte(data.Struct):
    """A received byte and its errors."""

    data: 8
    parity_error: 1
    framing_error: 1
    break_: 1


class LineFormat(data.Struct):
    """The format of the line: the fields of LCR, and the divisor latch."""

    divisor: 16
    word: 2
    stop: 1
    parity: 1
    even: 1
    stick: 1
    break_: 1


class Modem(data.Struct):
    """Modem inputs; 1 is asserted."""

    cts: 1
    dsr: 1
    ri: 1
    dcd: 1


class Cause(enum.Enum, shape=3):
    """Interrupt causes, as in IIR."""

    MODEM = 0
    TX = 1
    RX = 2
    LINE = 3
    TIMEOUT = 6


class Uart16550(wiring.Component):
    """A 16550A whose line side is a stream of bytes each way.

    The other side (``UartSerialPhy``, or a simulator) paces the streams. ``tx`` offers a byte as
    soon as one is queued. ``rx`` is not ready while the receive FIFO is full; if the other side
    must then drop a byte, it reports ``overrun``. Register reads are answered after one cycle. The
    receive time-out is four characters long, from the divisor and the format.
    """

    def __init__(self, *, divisor: int) -> None:
        if not 1 <= divisor <= 0xFFFF:
            raise ValueError(f"divisor must be 1 to 65535, not {divisor!r}")
        self._bridge = mmio.Bridge(uart_registers(divisor))
        super().__init__({
            "bus": In(MmioSignature(ADDR_BITS)),
            "tx": Out(stream.Signature(8)),
            "rx": In(stream.Signature(RxByte)),
            "tx_busy": In(1),  # a byte from ``tx`` is still being sent
            "overrun": In(1),  # a received byte was dropped
            "format": Out(LineFormat),
            "modem": In(Modem),
            "irq": Out(1),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        m.submodules.bridge = regs = self._bridge
        connect(m, flipped(self.bus), regs.bus)

        dlab = Signal()
        for name in ("rbr", "thr", "ier"):
            m.d.comb += regs[name].here.eq(~dlab)
        for name in ("dll", "dlm"):
            m.d.comb += regs[name].here.eq(dlab)
        dll, dlm, ier, lcr, mcr, _ = (
            self._stored(m, name) for name in ("dll", "dlm", "ier", "lcr", "mcr", "scr"))
        m.d.comb += [
            dlab.eq(lcr.dlab),
            self.format.eq(Cat(dll.data, dlm.data, Value.cast(lcr)[:7])),
        ]

        fcr = regs["fcr"]
        fifos, trigger = Signal(), Signal(2)
        clear_tx, clear_rx = Signal(), Signal()
        with m.If(fcr.write):
            m.d.sync += fifos.eq(fcr.w_data.enable)
            with m.If(fcr.w_data.enable):
                m.d.sync += trigger.eq(fcr.w_data.trigger)
            changed = fcr.w_data.enable ^ fifos
            m.d.comb += [
                clear_tx.eq(changed | fcr.w_data.enable & fcr.w_data.clear_tx),
                clear_rx.eq(changed | fcr.w_data.enable & fcr.w_data.clear_rx),
            ]

        tx_fifo = fifo.SyncFIFO(width=8, depth=DEPTH)
        rx_fifo = fifo.SyncFIFO(width=RxByte.as_shape().size, depth=DEPTH)
        m.submodules.tx_fifo = ResetInserter(clear_tx)(tx_fifo)
        m.submodules.rx_fifo = ResetInserter(clear_rx)(rx_fifo)
        limit = Mux(fifos, DEPTH, 1)

        # the line side; in loopback the transmitter feeds the receiver
        rx_space, rx_push = Signal(), Signal()
        m.d.comb += [
            rx_space.eq(rx_fifo.level < limit),
            rx_push.eq(rx_fifo.w_en & rx_fifo.w_rdy),
        ]
        with m.If(mcr.loop):
            m.d.comb += [
                rx_fifo.w_en.eq(tx_fifo.r_rdy & rx_space),
                rx_fifo.w_data.eq(tx_fifo.r_data),
                tx_fifo.r_en.eq(rx_space),
            ]
        with m.Else():
            m.d.comb += [
                rx_fifo.w_en.eq(self.rx.valid & rx_space),
                rx_fifo.w_data.eq(self.rx.p),
                self.rx.ready.eq(rx_space),
                self.tx.valid.eq(tx_fifo.r_rdy),
                self.tx.p.eq(tx_fifo.r_data),
                tx_fifo.r_en.eq(self.tx.ready),
            ]

        # registers that move bytes
        thr, rbr = regs["thr"], regs["rbr"]
        head = Signal(RxByte)
        tx_empty = ~tx_fifo.r_rdy
        m.d.comb += [
            tx_fifo.w_data.eq(thr.w_data),
            tx_fifo.w_en.eq(thr.write & (tx_fifo.level < limit)),
            head.eq(Mux(rx_fifo.r_rdy, rx_fifo.r_data, 0)),
            rbr.r_data.eq(head.data),
            rx_fifo.r_en.eq(rbr.read),
        ]

        line_irq = self._line_status(m, regs["lsr"], rx_fifo, head, clear_rx, tx_empty, mcr.loop)
        modem_irq = self._modem_status(m, regs["msr"], mcr)
        timeout = self._timeout(m, active=rx_fifo.r_rdy & fifos, restart=rx_push | rbr.read)
        level_irq = Signal()
        with m.Switch(Mux(fifos, trigger, 0)):
            for value, level in enumerate((1, 4, 8, 14)):
                with m.Case(value):
                    m.d.comb += level_irq.eq(rx_fifo.level >= level)

        iir, ier_port = regs["iir"], regs["ier"]
        tx_irq, tx_was_empty = Signal(), Signal(init=1)
        m.d.sync += tx_was_empty.eq(tx_empty)
        with m.If(iir.read & (iir.r_data.cause == Cause.TX)):
            m.d.sync += tx_irq.eq(0)
        with m.If(tx_empty & ~tx_was_empty):
            m.d.sync += tx_irq.eq(1)
        with m.If(ier_port.write & (ier_port.w_data.tx != ier.tx)):
            m.d.sync += tx_irq.eq(ier_port.w_data.tx & tx_empty)
        with m.If(thr.write):
            m.d.sync += tx_irq.eq(0)

        m.d.comb += [
            iir.r_data.fifos.eq(fifos.replicate(2)),
            self.irq.eq(~iir.r_data.none),
        ]
        with m.If(ier.line & line_irq):
            m.d.comb += iir.r_data.cause.eq(Cause.LINE)
        with m.Elif(ier.rx & level_irq):
            m.d.comb += iir.r_data.cause.eq(Cause.RX)
        with m.Elif(ier.rx & timeout):
            m.d.comb += iir.r_data.cause.eq(Cause.TIMEOUT)
        with m.Elif(ier.tx & tx_irq):
            m.d.comb += iir.r_data.cause.eq(Cause.TX)
        with m.Else():
            m.d.comb += iir.r_data.none.eq(~(ier.modem & modem_irq))
        return m

    def _stored(self, m: Module, name: str) -> data.View:
        """A register without further effect."""
        port = self._bridge[name]
        register = port.entry.register
        init = {field: description.init for field, description in register.fields.items()}
        value = Signal(register.layout, name=name, init=init)
        m.d.comb += port.r_data.eq(value)
        with m.If(port.write):
            m.d.sync += value.eq(port.w_data)
        return value

    def _line_status(self, m: Module, lsr: mmio.Port, rx_fifo: fifo.SyncFIFO, head: data.View,
                     clear_rx: Value, tx_empty: Value, loop: Value) -> Value:
        """LSR. Returns whether one of its errors is set."""
        def bad(byte):
            return byte.parity_error | byte.framing_error | byte.break_

        head_seen = Signal()  # LSR was read since this byte came to the head
        overrun = Signal()
        errors = Signal(range(DEPTH + 1))  # bytes with an error in the FIFO
        popped = rx_fifo.r_en & rx_fifo.r_rdy
        pushed_bad = rx_fifo.w_en & rx_fifo.w_rdy & bad(data.View(RxByte, rx_fifo.w_data))
        m.d.sync += errors.eq(errors + pushed_bad - (popped & bad(head)))
        with m.If(lsr.read):
            m.d.sync += [head_seen.eq(rx_fifo.r_rdy), overrun.eq(0)]
        with m.If(popped):
            m.d.sync += head_seen.eq(0)
        with m.If(clear_rx):
            m.d.sync += [head_seen.eq(0), errors.eq(0)]
        with m.If(self.overrun & ~loop):
            m.d.sync += overrun.eq(1)
        m.d.comb += [
            lsr.r_data.dr  .eq(rx_fifo.r_rdy),
            lsr.r_data.oe  .eq(overrun),
            lsr.r_data.pe  .eq(head.parity_error & ~head_seen),
            lsr.r_data.fe  .eq(head.framing_error & ~head_seen),
            lsr.r_data.bi  .eq(head.break_ & ~head_seen),
            lsr.r_data.thre.eq(tx_empty),
            lsr.r_data.temt.eq(tx_empty & (loop | ~self.tx_busy)),
            lsr.r_data.fifo_error.eq(errors != 0),
        ]
        return Value.cast(lsr.r_data)[1:5].any()

    def _modem_status(self, m: Module, msr: mmio.Port, mcr: data.View) -> Value:
        """MSR. Returns whether one of its change bits is set. A change has priority over a read."""
        now, before, change = Signal(Modem), Signal(Modem), Signal(4)
        sampled = Signal()  # ``before`` is valid
        m.d.comb += now.eq(Mux(mcr.loop, Cat(mcr.rts, mcr.dtr, mcr.out1, mcr.out2), self.modem))
        m.d.sync += [before.eq(now), sampled.eq(1)]
        edges = Cat(now.cts ^ before.cts, now.dsr ^ before.dsr, ~now.ri & before.ri,
                    now.dcd ^ before.dcd)
        m.d.sync += change.eq(Mux(msr.read, 0, change) | Mux(sampled, edges, 0))
        m.d.comb += msr.r_data.eq(Cat(change, now))
        return change.any()

    def _timeout(self, m: Module, *, active: Value, restart: Value) -> Value:
        """High once ``active`` has lasted four characters without ``restart``."""
        clocks = Signal(16)
        sixteenths = Signal(10)  # of a bit
        frame_bits = Signal(4)
        expired = Signal()
        line = self.format
        m.d.comb += frame_bits.eq(7 + line.word + line.stop + line.parity)
        with m.If(restart | ~active):
            m.d.sync += [clocks.eq(0), sixteenths.eq(0), expired.eq(0)]
        with m.Elif(~expired):
            m.d.sync += clocks.eq(clocks + 1)
            with m.If(clocks + 1 >= line.divisor):
                m.d.sync += [
                    clocks.eq(0),
                    sixteenths.eq(sixteenths + 1),
                    expired.eq(sixteenths[6:] >= frame_bits),
                ]
        return expired
