"""The entries of the receivers, in block RAM, and the operations on them."""

from amaranth import *
from amaranth.lib import data, memory, wiring
from amaranth.lib.wiring import In, Out

from .layout import VECTORS
from .params import HART_ID_BITS, UintcParams
from .registers import Low


class Operation(data.Struct):
    """An operation on an entry. At most one of the bits is set; ``data`` is the written word."""

    send: 1
    write_low: 1
    read_high: 1
    write_high: 1
    set_active: 1
    data: 64


def entry_layout(harts: int) -> data.StructLayout:
    """An entry.

    The last two fields are redundant and shorten the path to the lines: ``any`` is set while a
    vector is pending, and bit ``h`` of ``here`` while ``hart_id`` is ``h``.
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
    """Performs one operation a cycle on any entry.

    The entry of an operation with ``valid`` in cycle ``n`` is read in cycle ``n + 1``, and the
    following outputs are combinational from the memory in that cycle:

    - ``entry``: the entry before the operation.
    - ``before``, ``after``: bit ``h`` says whether the entry interrupts hart ``h`` before and after
      the operation. 0 without an operation.
    - ``vector_refused``: the vector of a SEND does not exist, and the SEND changes nothing.

    The next operation, in ``n + 1``, sees the changed entry.

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

        found = Signal()  # the entry of an operation has been read
        index = Signal(self.params.index_bits)
        operation = Signal(Operation, reset_less=True)
        m.d.sync += found.eq(self.valid)
        with m.If(self.valid):
            m.d.sync += [index.eq(self.index), operation.eq(self.operation)]
        with m.Elif(self.sweeping):
            m.d.sync += index.eq(index + 1)
        with m.If(index == self.params.receivers - 1):
            m.d.sync += self.sweeping.eq(0)

        # These come from flip-flops alone, in parallel with the memory.
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
