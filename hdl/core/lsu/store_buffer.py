"""Store buffer: completed stores on their way to the L2 or to a device."""

from amaranth import *
from amaranth.lib import data, memory, stream, wiring
from amaranth.lib.wiring import In, Out

from ...bus.coherent import MemOp, MemSource, mem_request_layout
from ...bus.mmio import mmio_request_layout
from ..params import HartParams

OUTSTANDING_BITS = 4  # for the count of writes not yet acknowledged


def store_layout(params: HartParams) -> data.StructLayout:
    """One store of bytes within an aligned dword. ``size`` and the low address bits matter only for
    a device (``io``)."""
    return data.StructLayout({
        "addr": params.paddr_bits,
        "data": 64,
        "mask": 8,
        "size": 2,
        "io": 1,
    })


class StoreBuffer(wiring.Component):
    """A first-in first-out buffer of stores, drained in order.

    A store pushed in cycle ``n`` is offered from ``n + 1`` on. A store to memory is offered to
    ``mem``. A store to a device is offered to ``mmio``, when all earlier writes to memory are
    acknowledged. ``push`` requires ``~full``. A store leaves in the cycle in which its port accepts
    it. ``empty``: all have left. ``drained``: also, all writes to memory are acknowledged.
    ``device``: a store to a device has not left. These three do not include a push in the same
    cycle.
    """

    def __init__(self, params: HartParams) -> None:
        self.params = params
        super().__init__({
            "push": In(1),
            "store": In(store_layout(params)),
            "full": Out(1),
            "empty": Out(1),
            "drained": Out(1),
            "device": Out(1),
            "mem": Out(stream.Signature(mem_request_layout(params.paddr_bits))),
            "mmio": Out(stream.Signature(mmio_request_layout(params.paddr_bits))),
            "write_done": In(1),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        depth = self.params.store_buffer_entries
        layout = store_layout(self.params)
        m.submodules.stores = stores = memory.Memory(
            shape=unsigned(layout.size), depth=depth, init=[], attrs={"ram_style": "distributed"})
        write, read = stores.write_port(), stores.read_port(domain="comb")
        head = Signal(layout)
        first, free = Signal(range(depth)), Signal(range(depth))
        level = Signal(range(depth + 1))
        outstanding = Signal(OUTSTANDING_BITS)
        devices = Signal(range(depth + 1))  # stores to devices
        pop, sent = Signal(), Signal()

        m.d.comb += [
            write.en.eq(self.push),
            write.addr.eq(free),
            write.data.eq(self.store),
            read.addr.eq(first),
            head.eq(read.data),
            self.full.eq(level == depth),
            self.empty.eq(level == 0),
            self.drained.eq((level == 0) & (outstanding == 0)),
            self.device.eq(devices != 0),

            self.mem.valid.eq(~self.empty & ~head.io & ~outstanding.all()),
            self.mem.p.op.eq(MemOp.WRITE),
            self.mem.p.source.eq(MemSource.DATA),
            self.mem.p.addr.eq(head.addr),
            self.mem.p.data.eq(head.data),
            self.mem.p.mask.eq(head.mask),

            self.mmio.valid.eq(~self.empty & head.io & (outstanding == 0)),
            self.mmio.p.write.eq(1),
            self.mmio.p.addr.eq(head.addr),
            self.mmio.p.size.eq(head.size),
            self.mmio.p.data.eq(head.data),
            self.mmio.p.mask.eq(head.mask),

            sent.eq(self.mem.valid & self.mem.ready),
            pop.eq(sent | (self.mmio.valid & self.mmio.ready)),
        ]
        with m.If(self.push):
            m.d.sync += free.eq(free + 1)
        with m.If(pop):
            m.d.sync += first.eq(first + 1)
        with m.If(self.push != pop):
            m.d.sync += level.eq(Mux(self.push, level + 1, level - 1))
        left = pop & head.io
        with m.If((self.push & self.store.io) != left):
            m.d.sync += devices.eq(Mux(left, devices - 1, devices + 1))
        with m.If(sent != self.write_done):
            m.d.sync += outstanding.eq(Mux(sent, outstanding + 1, outstanding - 1))
        return m
