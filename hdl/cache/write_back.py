"""Write-back buffer: holds an evicted dirty line and writes it to memory."""

from amaranth import *
from amaranth.lib import memory, stream, wiring
from amaranth.lib.wiring import In, Out

from hdl.cache.l2_params import L2Params


class WriteBackBuffer(wiring.Component):
    """A buffer of one line.

    The dwords of the line are stored in any order while ``busy`` is low. ``start`` begins the
    transfer and raises ``busy`` from the next cycle until the last dword has gone; ``line`` must be
    stable from ``start`` on until ``request`` has been accepted.
    """

    def __init__(self, params: L2Params) -> None:
        self.params = params
        super().__init__({
            "store_en": In(1),
            "store_dword": In(params.beat_bits),
            "store_data": In(64),
            "start": In(1),
            "busy": Out(1),
            "request": Out(stream.Signature(0)),  # to write the line
            "wdata": Out(stream.Signature(64)),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        params = self.params
        m.submodules.line = line = memory.Memory(
            shape=unsigned(64), depth=params.beats, init=[])
        write, read = line.write_port(), line.read_port(domain="comb")
        dword = Signal(params.beat_bits)
        m.d.comb += [
            write.addr.eq(self.store_dword),
            write.data.eq(self.store_data),
            write.en.eq(self.store_en),
            read.addr.eq(dword),
            self.wdata.payload.eq(read.data),
        ]
        with m.FSM():
            with m.State("IDLE"), m.If(self.start):
                m.next = "REQUEST"
            with m.State("REQUEST"):
                m.d.comb += [self.busy.eq(1), self.request.valid.eq(1)]
                with m.If(self.request.ready):
                    m.next = "TRANSFER"
            with m.State("TRANSFER"):
                m.d.comb += [self.busy.eq(1), self.wdata.valid.eq(1)]
                with m.If(self.wdata.ready):
                    m.d.sync += dword.eq(dword + 1)
                    with m.If(dword == params.beats - 1):
                        m.next = "IDLE"
        return m
