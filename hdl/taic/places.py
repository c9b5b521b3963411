"""The places of tasks: contents, links, and which are free."""

from amaranth import *
from amaranth.lib import data, memory, wiring
from amaranth.lib.wiring import In, Out

from .params import RESERVE, TASK_BITS, TaicParams


def place_layout(params: TaicParams) -> data.StructLayout:
    """A task, and the record that woke it, if one has."""
    return data.StructLayout({
        "task": TASK_BITS,
        "recorded": 1,
        "record": params.record_bits,
    })


class Places(wiring.Component):
    """Block RAM for ``tasks`` places: a task and a link to another place in each.

    In a cycle, one place can be taken (``take``: it is ``free``, which a block RAM gives), one
    given back (``give``), one filled, one linked to another, and of one each the task and the link
    read: ``found`` and ``next`` follow in the next cycle, unless that place is filled or linked.
    ``take`` needs ``room``, which is high while more than ``RESERVE`` are free. What is given back
    is not free for some cycles.

    ``sweeping`` (a flip-flop) is high for the first ``tasks`` cycles after reset.
    """

    def __init__(self, params: TaicParams) -> None:
        self.params = params
        node = params.node_bits
        super().__init__({
            "take": In(1),
            "free": Out(node),
            "give": In(1),
            "given": In(node),
            "room": Out(1),
            "count": Out(params.count_bits),
            "fill": In(1),
            "fill_place": In(node),
            "fill_with": In(place_layout(params)),
            "link": In(1),
            "link_place": In(node),
            "link_to": In(node),
            "find_place": In(node),
            "follow_place": In(node),
            "found": Out(place_layout(params)),
            "next": Out(node),
            "sweeping": Out(1, init=1),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        depth, node = self.params.tasks, self.params.node_bits
        contents, links, pool = (
            memory.Memory(shape=shape, depth=depth, init=[], attrs={"no_rw_check": 1})
            for shape in (place_layout(self.params), unsigned(node), unsigned(node)))
        m.submodules.contents, m.submodules.links, m.submodules.pool = contents, links, pool
        fill, read = contents.write_port(), contents.read_port()
        link, follow = links.write_port(), links.read_port()
        m.d.comb += [
            fill.en.eq(self.fill),
            fill.addr.eq(self.fill_place),
            fill.data.eq(self.fill_with),
            read.addr.eq(self.find_place),
            self.found.eq(read.data),
            link.en.eq(self.link),
            link.addr.eq(self.link_place),
            link.data.eq(self.link_to),
            follow.addr.eq(self.follow_place),
            self.next.eq(follow.data),
        ]

        # The pool is a queue of free places, whose head the memory always shows. It is never so
        # empty that a place is read while it is given back.
        put, get = pool.write_port(), pool.read_port()
        head, tail = Signal(node), Signal(node)
        m.d.comb += [
            get.addr.eq(head + self.take),
            self.free.eq(get.data),
            put.en.eq(self.give | self.sweeping),
            put.addr.eq(tail),
            put.data.eq(Mux(self.sweeping, tail, self.given)),
        ]
        m.d.sync += head.eq(get.addr)
        with m.If(put.en):
            m.d.sync += tail.eq(tail + 1)
        with m.If(self.sweeping & tail.all()):
            m.d.sync += self.sweeping.eq(0)
        with m.If(put.en ^ self.take):
            m.d.sync += self.count.eq(
                self.count + Cat(C(1, 1), self.take.replicate(len(self.count) - 1)))
        m.d.sync += self.room.eq(self.count > RESERVE + 1)
        return m
