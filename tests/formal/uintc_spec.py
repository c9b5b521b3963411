"""The common base of the proofs about the UINTC: its entries and the accepted accesses."""

from abc import ABC, abstractmethod

from amaranth import *
from amaranth.hdl import Assert, Assume
from amaranth.lib import data, wiring
from amaranth.lib.wiring import connect, flipped

SEND, LOW, HIGH, ACTIVE = range(4)  # registers of an entry
RECEIVERS, HARTS = 3, 2


class Asked(data.Struct):
    """An access that was accepted."""

    valid: 1
    write: 1
    table: 1
    register: 2
    index: 9
    size: 2
    data: 64


class UintcSpec(wiring.Component, ABC):
    """Ports of the design, all free.

    ``rows`` are the entries in the memory. ``accepted`` is the access accepted in this cycle,
    ``asked`` that of the previous cycle, and ``done`` that of the cycle before ``asked``. The rows
    show the effect of ``done`` in this cycle for the first time. ``settled`` is high once the
    entries have been cleared after reset, ``was_settled`` one cycle later.
    """

    def __init__(self, dut) -> None:
        self.dut = dut
        entries = dut.table.entries
        self.ports = [entries.read_port(domain="comb") for _ in range(RECEIVERS)]
        super().__init__(dut.signature)

    def elaborate(self, platform) -> Module:
        m = Module()
        m.submodules.dut = dut = self.dut
        connect(m, flipped(self), dut)
        m.d.comb += Assume(~ResetSignal())
        for number, port in enumerate(self.ports):
            m.d.comb += port.addr.eq(number)
        self.rows = [port.data for port in self.ports]
        self.settled = ~dut.table.sweeping
        self.was_settled = self.before(m, self.settled)

        # The redundant fields of an entry follow from its other fields. The proofs by induction
        # need this invariant.
        with m.If(self.settled):
            for row in self.rows:
                m.d.comb += Assert(row.any == (row.pending != 0))
                for hart in range(HARTS):
                    m.d.comb += Assert(row.here[hart] == (row.hart_id == hart))

        request = dut.bus.request
        self.accepted, self.asked, self.done = (
            Signal(Asked, name=name) for name in ("accepted", "asked", "done"))
        m.d.comb += [
            self.accepted.valid.eq(request.valid & request.ready),
            self.accepted.write.eq(request.p.write),
            self.accepted.table.eq(request.p.addr < 0x4000),
            self.accepted.register.eq(request.p.addr[3:]),
            self.accepted.index.eq(request.p.addr[5:]),
            self.accepted.size.eq(request.p.size),
            self.accepted.data.eq(request.p.data),
        ]
        m.d.sync += [self.asked.eq(self.accepted), self.done.eq(self.asked)]
        self.specify(m)
        return m

    @abstractmethod
    def specify(self, m: Module) -> None:
        """Adds the properties to prove."""

    @staticmethod
    def refused(asked: data.View) -> Value:
        wrong = (asked.size != 3) | (asked.index >= RECEIVERS) | (
            asked.write & (asked.register == SEND) & (asked.data >= 64))
        return asked.valid & asked.table & wrong

    @classmethod
    def does(cls, asked: data.View, write: bool, register: int, index) -> Value:
        """High for this operation on the entry ``index``, if it is not refused."""
        return (asked.valid & asked.table & ~cls.refused(asked) & (asked.write == write)
                & (asked.register == register) & (asked.index == index))

    @classmethod
    def posts(cls, asked: data.View, index, vector) -> Value:
        """High if the access makes this vector of the entry pending."""
        return (cls.does(asked, True, SEND, index) & (asked.data == vector)
                | cls.does(asked, True, HIGH, index) & asked.data.bit_select(vector, 1))

    @staticmethod
    def interrupts(row: data.View, hart: int) -> Value:
        return row.active & (row.pending != 0) & (row.hart_id == hart)

    @staticmethod
    def before(m: Module, value: Value) -> Signal:
        """Returns the value of the previous cycle."""
        value = Value.cast(value)
        last = Signal(value.shape())
        m.d.sync += last.eq(value)
        return last
