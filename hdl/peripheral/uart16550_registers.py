"""Register map of the 16550A UART (PC16550D data sheet). Each register has one byte."""

from . import mmio

ADDR_BITS = 8


class Rbr(mmio.Register, access="r", bytes=1):
    """Receiver buffer: takes the oldest received byte; an empty buffer gives 0.

    Side effect: removes the byte, and restarts the time-out.
    """

    fields = {"data": mmio.Field(8, "received byte")}


class Thr(mmio.Register, access="w", bytes=1):
    """Transmitter holding register: queues a byte to be sent. A full queue drops it.

    Side effect: clears the interrupt "transmitter empty".
    """

    fields = {"data": mmio.Field(8, "byte to send")}


class Dll(mmio.Register, access="rw", bytes=1):
    """Divisor latch, low byte. The baud rate is ``clock / (16 * divisor)``."""

    def __init__(self, divisor: int) -> None:
        super().__init__({"data": mmio.Field(8, "divisor bits 7 to 0", init=divisor & 0xFF)})


class Dlm(mmio.Register, access="rw", bytes=1):
    """Divisor latch, high byte."""

    def __init__(self, divisor: int) -> None:
        super().__init__({"data": mmio.Field(8, "divisor bits 15 to 8", init=divisor >> 8)})


class Ier(mmio.Register, access="rw", bytes=1):
    """Interrupt enable.

    Side effect: enabling the transmitter interrupt while the transmit queue is empty raises it.
    """

    fields = {
        "rx": mmio.Field(1, "received data available, and time-out"),
        "tx": mmio.Field(1, "transmit queue empty"),
        "line": mmio.Field(1, "receiver line status (errors and break)"),
        "modem": mmio.Field(1, "modem status"),
    }


class Iir(mmio.Register, access="r", bytes=1):
    """Interrupt identification: the most urgent enabled interrupt.

    ``cause``: 3 line status, 2 received data, 6 time-out, 1 transmit queue empty, 0 modem status.
    Side effect: reading cause 1 clears that interrupt.
    """

    fields = {
        "none": mmio.Field(1, "no interrupt is pending", init=1),
        "cause": mmio.Field(3, "which interrupt"),
        "_0": mmio.Field(2, ""),
        "fifos": mmio.Field(2, "3 if the FIFOs are enabled"),
    }


class Fcr(mmio.Register, access="w", bytes=1):
    """FIFO control. Changing ``enable`` empties both FIFOs. When disabled, each holds one byte."""

    fields = {
        "enable": mmio.Field(1, "use FIFOs of 16 bytes; 0 ignores the other fields"),
        "clear_rx": mmio.Field(1, "empty the receive FIFO"),
        "clear_tx": mmio.Field(1, "empty the transmit FIFO"),
        "dma": mmio.Field(1, "DMA mode: not implemented"),
        "_0": mmio.Field(2, ""),
        "trigger": mmio.Field(2, "bytes that raise the interrupt: 1, 4, 8, 14"),
    }


class Lcr(mmio.Register, access="rw", bytes=1):
    """Line control. 8 bits, no parity, 1 stop bit after reset."""

    fields = {
        "word": mmio.Field(2, "data bits less 5", init=3),
        "stop": mmio.Field(1, "two stop bits (one and a half with 5 data bits)"),
        "parity": mmio.Field(1, "parity bit"),
        "even": mmio.Field(1, "even parity"),
        "stick": mmio.Field(1, "parity bit is the inverse of ``even``"),
        "break_": mmio.Field(1, "send a break"),
        "dlab": mmio.Field(1, "offsets 0 and 1 are the divisor latch"),
    }


class Mcr(mmio.Register, access="rw", bytes=1):
    """Modem control."""

    fields = {
        "dtr": mmio.Field(1, "data terminal ready"),
        "rts": mmio.Field(1, "request to send"),
        "out1": mmio.Field(1, "output 1"),
        "out2": mmio.Field(1, "output 2"),
        "loop": mmio.Field(1, "loopback: the transmitter feeds the receiver, MCR feeds MSR"),
    }


class Lsr(mmio.Register, access="r", bytes=1):
    """Line status. ``pe fe bi`` belong to the byte that RBR gives next.

    Side effect: clears ``oe pe fe bi`` and with them the line status interrupt.
    """

    fields = {
        "dr": mmio.Field(1, "a byte waits in RBR"),
        "oe": mmio.Field(1, "overrun: a byte was lost"),
        "pe": mmio.Field(1, "parity error"),
        "fe": mmio.Field(1, "framing error"),
        "bi": mmio.Field(1, "break"),
        "thre": mmio.Field(1, "the transmit queue is empty", init=1),
        "temt": mmio.Field(1, "the transmit queue and the transmitter are empty", init=1),
        "fifo_error": mmio.Field(1, "the receive FIFO holds a byte with an error"),
    }


class Msr(mmio.Register, access="r", bytes=1):
    """Modem status. Side effect: a read clears the change bits and the modem status interrupt."""

    fields = {
        "dcts": mmio.Field(1, "CTS changed"),
        "ddsr": mmio.Field(1, "DSR changed"),
        "teri": mmio.Field(1, "RI went from 1 to 0"),
        "ddcd": mmio.Field(1, "DCD changed"),
        "cts": mmio.Field(1, "clear to send", init=1),
        "dsr": mmio.Field(1, "data set ready", init=1),
        "ri": mmio.Field(1, "ring indicator"),
        "dcd": mmio.Field(1, "data carrier detect", init=1),
    }


class Scr(mmio.Register, access="rw", bytes=1):
    """Scratch register: eight bits for software."""

    fields = {"data": mmio.Field(8, "anything")}


def uart_registers(divisor: int) -> mmio.RegisterMap:
    """The register map; ``divisor`` is the value of the divisor latch after reset."""
    registers = mmio.RegisterMap(addr_bits=ADDR_BITS)
    registers.add("rbr", Rbr(), offset=0, when="LCR.dlab = 0, reading")
    registers.add("thr", Thr(), offset=0, when="LCR.dlab = 0, writing")
    registers.add("dll", Dll(divisor), offset=0, when="LCR.dlab = 1")
    registers.add("ier", Ier(), offset=1, when="LCR.dlab = 0")
    registers.add("dlm", Dlm(divisor), offset=1, when="LCR.dlab = 1")
    registers.add("iir", Iir(), offset=2, when="reading")
    registers.add("fcr", Fcr(), offset=2, when="writing")
    registers.add("lcr", Lcr(), offset=3)
    registers.add("mcr", Mcr(), offset=4)
    registers.add("lsr", Lsr(), offset=5)
    registers.add("msr", Msr(), offset=6)
    registers.add("scr", Scr(), offset=7)
    return registers
