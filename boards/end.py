"""Reports the end of a program to the host, over the serial line."""

import struct

from amaranth import *
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from hdl.peripheral.finisher import Kind

END_MARK = b"\0\x04rel4 "  # programs do not write this
END_BYTES = len(END_MARK) + 5  # kind, code, check


def end_message(kind: int, code: int) -> bytes:
    """Mark, kind and code (16 bits each, little-endian), and 0xFF minus the sum of their bytes."""
    fields = struct.pack("<HH", kind, code)
    return END_MARK + fields + bytes([0xFF - sum(fields) & 0xFF])


def read_end(message: bytes) -> tuple[int, int]:
    """Kind and code of an ``end_message``. ``ValueError`` if it is damaged."""
    kind, code = struct.unpack_from("<HH", message, len(END_MARK))
    if message != end_message(kind, code):
        raise ValueError("damaged")
    return kind, code


class EndReporter(wiring.Component):
    """Forwards the bytes of the UART, and sends ``end_message`` after the last one.

    The program has ended when ``valid`` is high and the UART has no byte left. Bytes that follow
    are not forwarded. ``done`` rises when the line has sent the message, and stays high until
    reset.
    """

    def __init__(self) -> None:
        super().__init__({
            "i": In(stream.Signature(8)),
            "o": Out(stream.Signature(8)),
            "busy": In(1),  # the line is sending
            "valid": In(1),  # from the finisher, like kind and code
            "kind": In(Kind),
            "code": In(16),
            "done": Out(1),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        check = Signal(8)
        fields = Cat(self.kind, self.code)
        m.d.sync += check.eq(0xFF - sum(fields.word_select(n, 8) for n in range(4)))
        message = Array([*map(C, END_MARK), *(fields.word_select(n, 8) for n in range(4)), check])
        position = Signal(range(END_BYTES + 1))
        with m.FSM():
            with m.State("PROGRAM"):
                m.d.comb += [
                    self.o.valid.eq(self.i.valid),
                    self.o.payload.eq(self.i.payload),
                    self.i.ready.eq(self.o.ready),
                ]
                with m.If(self.valid & ~self.i.valid):
                    m.next = "MESSAGE"
            with m.State("MESSAGE"):
                m.d.comb += [
                    self.o.valid.eq(position != END_BYTES),
                    self.o.payload.eq(message[position]),
                ]
                with m.If(self.o.valid & self.o.ready):
                    m.d.sync += position.eq(position + 1)
                with m.If(~self.o.valid & ~self.busy):
                    m.next = "DONE"
            with m.State("DONE"):
                m.d.comb += self.done.eq(1)
        return m
