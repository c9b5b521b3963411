"""The entries of the receivers, in block RAM, and what an operation does to one."""

from amaranth import *
from amaranth.lib import data, memory, wiring
from amaranth.lib.wiring import In, Out

from .layout import VECTORS
from .params import HART_ID_BITS, UintcParams
from .registers import Low


class Operation(data.Struct):
    """What to do with an entry: one of the bits is set, or none; ``data`` as written."""

    send: 1
    write_low: 1
    read_high: 1
    write_high: 1
    set_active: 1
    data: 64


def entry_layout(harts: int) -> data.StructLayout:
    """An entry.

    The last two fields follow from the others and shorten the path to the lines: ``any`` is set
    if anything is pending, bit ``h`` of ``here`` if ``hart_id`` is ``h``.
    """
    return data.StructLayout({
        "active": 1,
        "mode": 1,
        "hart_id": HART_ID_BITS,
        "pending": VECTORS,
        "any": 1,
        "here": harts,
    })


class EntryTable(wiring.Component):
    """One operation a cycle on any of the entries.

    An operation that comes with ``valid`` in cycle ``n`` finds its entry in cycle ``n + 1``:
    ``entry`` is the entry before the operation, bit ``h`` of ``before`` and ``after`` tells whether
    the entry interrupts hart ``h``, and ``vector_refused`` that the vector of a SEND does not exist
    (it then changes nothing). All are combinational from the memory; ``before`` and ``after`` are 0
    without an operation. The next operation, in ``n + 1``, sees what this one has done.

    After reset the entries are cleared, one a cycle. ``sweeping`` (a flip-flop) is high meanwhile,
    and ``valid`` must be low.
    """

    def __init__(self, params: UintcParams) -> None:
        self.params = params
        self.entries = memory.Memory(
            shape=entry_layout(params.harts), depth=params.receivers, init=[])
        super().__init__({
            "valid": In(1),
            "index": In(params.index_bits),
            "operation": In(Operation),
            "sweeping": Out(1, init=1),
            "entry": Out(entry_layout(params.harts)),
            "before": Out(params.harts),
            "after": Out(params.harts),
            "vector_refused": Out(1),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        harts = self.params.harts
        m.submodules.entries = entries = self.entries
        write = entries.write_port()
        read = entries.read_port(transparent_for=(write,))

        found = Signal()  # an operation and its entry
        index = Signal(self.params.index_bits)
        operation = Signal(Operation, reset_less=True)
        m.d.sync += found.eq(self.valid)
        with m.If(self.valid):
            m.d.sync += [index.eq(self.index), operation.eq(self.operation)]
        with m.Elif(self.sweeping):
            m.d.sync += index.eq(index + 1)
        with m.If(index == self.params.receivers - 1):
            m.d.sync += self.sweeping.eq(0)

        # From flip-flops alone, while the memory is being read.
        written = operation.data
        low = data.View(Low().layout, written[:32])
        vector_exists = Signal()
        posted = Signal(VECTORS)
        posts = Signal()
        here = Signal(harts)
        m.d.comb += [
            vector_exists.eq(written[6:] == 0),
            self.vector_refused.eq(found & operation.send & ~vector_exists),
            posts.eq(operation.send & vector_exists | operation.write_high & written.any()),
            here.eq(Cat(low.hart_id == hart for hart in range(harts))),
        ]
        for vector in range(VECTORS):
            m.d.comb += posted[vector].eq(
                operation.send & vector_exists & (written[:6] == vector)
                | operation.write_high & written[vector])

        cleared = entries.shape.const({"here": 1})  # its hart ID is 0
        entry, changed = self.entry, Signal.like(self.entry)
        m.d.comb += [
            entry.eq(read.data),
            changed.eq(entry),
            changed.pending.eq(Mux(operation.read_high, 0, entry.pending | posted)),
            changed.any.eq(~operation.read_high & (entry.any | posts)),
        ]
        with m.If(operation.write_low):
            m.d.comb += [
                changed.mode.eq(low.mode),
                changed.hart_id.eq(low.hart_id),
                changed.here.eq(here),
            ]
        with m.If(operation.write_low | operation.set_active):
            m.d.comb += changed.active.eq(low.active)

        def interrupts(entry: data.View) -> Value:
            return Mux(found & entry.active & entry.any, entry.here, 0)

        m.d.comb += [
            self.before.eq(interrupts(entry)),
            self.after.eq(interrupts(changed)),
            read.en.eq(self.valid),
            read.addr.eq(self.index),
            write.en.eq(found | self.sweeping),
            write.addr.eq(index),
            write.data.eq(Mux(self.sweeping, cleared.as_value(), Value.cast(changed))),
        ]
        return m
