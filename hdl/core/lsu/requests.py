"""Who may use the ports to memory and to devices: the operation in M, or the store buffer."""

from amaranth import *
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from ...bus.coherent import AmoOp, MemOp, MemSource, mem_request_layout
from ...bus.mmio import mmio_request_layout
from ..params import HartParams
from .types import LsuOp

AMO_OPS = {  # funct5: operation
    0b00001: AmoOp.SWAP,
    0b00000: AmoOp.ADD,
    0b00100: AmoOp.XOR,
    0b01100: AmoOp.AND,
    0b01000: AmoOp.OR,
    0b10000: AmoOp.MIN,
    0b10100: AmoOp.MAX,
    0b11000: AmoOp.MINU,
    0b11100: AmoOp.MAXU,
}


def access_layout(params: HartParams) -> data.StructLayout:
    """What the operation in M reads, or changes atomically."""
    return data.StructLayout({
        "op": LsuOp,
        "funct5": 5,  # of an AMO
        "addr": params.paddr_bits,
        "size": 2,
        "mask": 8,
        "data": 64,
    })


class Requests(wiring.Component):
    """Makes requests of ``access`` and lets stores go first. Combinational.

    - ``reads_memory``: the operation wants its line, or is an atomic. It waits until ``no_store``
      waits. ``memory_accepted`` answers in the same cycle.
    - ``reads_device``: the operation wants to read a device. It waits while a store to a device
      waits (``device_store``), but not for stores to memory. ``device_accepted`` answers.
    - ``stored_memory``, ``stored_device``: requests of the store buffer.
    """

    def __init__(self, params: HartParams) -> None:
        self.params = params
        memory = stream.Signature(mem_request_layout(params.paddr_bits))
        device = stream.Signature(mmio_request_layout(params.paddr_bits))
        super().__init__({
            "access": In(access_layout(params)),
            "reads_memory": In(1),
            "memory_accepted": Out(1),
            "reads_device": In(1),
            "device_accepted": Out(1),
            "no_store": In(1),
            "device_store": In(1),
            "stored_memory": In(memory),
            "stored_device": In(device),
            "memory": Out(memory),
            "device": Out(device),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        m.d.comb += [
            self.stored_memory.ready.eq(self.memory.ready),
            self.stored_device.ready.eq(self.device.ready),
        ]
        with m.If(self.no_store):
            m.d.comb += [
                self.memory.valid.eq(self.reads_memory),
                self.memory_accepted.eq(self.reads_memory & self.memory.ready),
            ]
            self._memory_request(m)
        with m.Else():
            m.d.comb += [
                self.memory.valid.eq(self.stored_memory.valid),
                self.memory.p.eq(self.stored_memory.p),
            ]
        with m.If(self.device_store):
            m.d.comb += [
                self.device.valid.eq(self.stored_device.valid),
                self.device.p.eq(self.stored_device.p),
            ]
        with m.Else():
            m.d.comb += [
                self.device.valid.eq(self.reads_device),
                self.device_accepted.eq(self.reads_device & self.device.ready),
                self.device.p.addr.eq(self.access.addr),
                self.device.p.size.eq(self.access.size),
                self.device.p.mask.eq(self.access.mask),
            ]
        return m

    def _memory_request(self, m) -> None:
        access, request = self.access, self.memory.p
        m.d.comb += [
            request.source.eq(MemSource.DATA),
            request.addr.eq(access.addr),
            request.data.eq(access.data),
            request.mask.eq(access.mask),
        ]
        with m.Switch(access.op):
            with m.Case(LsuOp.LR):
                m.d.comb += request.op.eq(MemOp.LR)
            with m.Case(LsuOp.SC):
                m.d.comb += request.op.eq(MemOp.SC)
            with m.Case(LsuOp.AMO):
                m.d.comb += request.op.eq(MemOp.AMO)
            with m.Default():
                m.d.comb += request.op.eq(MemOp.READ_LINE)
        with m.Switch(access.funct5):
            for funct5, operation in AMO_OPS.items():
                with m.Case(funct5):
                    m.d.comb += request.amo.eq(operation)
