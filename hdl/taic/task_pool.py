"""Task pool: the nodes of all task lists, and the list of free nodes."""

from amaranth import *
from amaranth.lib import data, memory, wiring
from amaranth.lib.wiring import In, Out

from .params import PLENTY, RESERVE, TASK_BITS, TaicParams

FEW_BITS = (RESERVE + 4).bit_length() - 1  # of a number below the limits that are compared


def node_layout(params: TaicParams) -> data.StructLayout:
    """A task, and the record that woke it if it is ``recorded``."""
    return data.StructLayout({
        "task": TASK_BITS,
        "recorded": 1,
        "record": params.record_bits,
    })


class TaskPool(wiring.Component):
    """``tasks`` nodes in block RAM, each with a task and a link to the next node of its list.

    Each cycle can do one of each:

    - ``alloc`` takes the free node ``alloc_node`` (from block RAM).
    - ``free`` returns ``free_node``. ``release`` announces it in the cycle before.
    - ``write`` writes the task of a node, ``link`` its link.
    - ``read_node`` and ``next_of`` select a task and a link to read. ``read_data`` and ``next``
      follow in the next cycle, and are undefined if that node is written or linked meanwhile.

    ``count`` is the number of free nodes, with those announced. Bit ``n`` of ``room``: after ``n``
    more allocations one is still permitted, which leaves ``RESERVE`` nodes, and one more for a
    MOVE while ``moving``. It shows a change of ``moving`` a cycle late. ``plenty``: at least
    ``PLENTY`` nodes were free a cycle ago. All are flip-flops.

    Whoever allocates looks at ``room``, but two allocations in flight may both have seen the same
    node (a wake and an ENQUEUE). So one node of the reserve may be in use.

    ``sweeping`` (a flip-flop) is high for the first ``tasks`` cycles after reset.
    """

    def __init__(self, params: TaicParams) -> None:
        self.params = params
        node = params.node_bits
        super().__init__({
            "alloc": In(1),
            "alloc_node": Out(node),
            "release": In(1),
            "free": In(1),
            "free_node": In(node),
            "moving": In(1),
            "room": Out(2),
            "plenty": Out(1),
            "count": Out(params.count_bits),
            "write": In(1),
            "write_node": In(node),
            "write_data": In(node_layout(params)),
            "link": In(1),
            "link_node": In(node),
            "link_next": In(node),
            "read_node": In(node),
            "next_of": In(node),
            "read_data": Out(node_layout(params)),
            "next": Out(node),
            "sweeping": Out(1, init=1),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        depth, node = self.params.tasks, self.params.node_bits
        contents, links, free_list = (
            memory.Memory(shape=shape, depth=depth, init=[], attrs={"no_rw_check": 1})
            for shape in (node_layout(self.params), unsigned(node), unsigned(node)))
        m.submodules.contents, m.submodules.links = contents, links
        m.submodules.free_list = free_list
        write, read = contents.write_port(), contents.read_port()
        link, follow = links.write_port(), links.read_port()
        m.d.comb += [
            write.en.eq(self.write),
            write.addr.eq(self.write_node),
            write.data.eq(self.write_data),
            read.addr.eq(self.read_node),
            self.read_data.eq(read.data),
            link.en.eq(self.link),
            link.addr.eq(self.link_node),
            link.data.eq(self.link_next),
            follow.addr.eq(self.next_of),
            self.next.eq(follow.data),
        ]

        # The free list is a FIFO, and the memory always shows its head. What is kept of the
        # reserve covers the nodes that are announced and not written yet, so that an element is
        # never read in the cycle of its write.
        put, get = free_list.write_port(), free_list.read_port()
        head, tail = Signal(node), Signal(node)
        m.d.comb += [
            get.addr.eq(head + self.alloc),
            self.alloc_node.eq(get.data),
            put.en.eq(self.free | self.sweeping),
            put.addr.eq(tail),
            put.data.eq(Mux(self.sweeping, tail, self.free_node)),
        ]
        m.d.sync += head.eq(get.addr)
        with m.If(put.en):
            m.d.sync += tail.eq(tail + 1)
        with m.If(self.sweeping & tail.all()):
            m.d.sync += self.sweeping.eq(0)
        gains = self.release | self.sweeping
        with m.If(gains ^ self.alloc):
            m.d.sync += self.count.eq(
                self.count + Cat(C(1, 1), self.alloc.replicate(len(self.count) - 1)))

        # Comparisons with the next ``count``, without its carry.
        many = Signal()  # more than any limit here
        m.d.comb += many.eq(self.count[FEW_BITS:].any())

        def room(kept: int) -> Value:
            same, more, less = (many | (self.count[:FEW_BITS] >= kept + change)
                                for change in (1, 0, 2))
            return Mux(gains == self.alloc, same, Mux(gains, more, less))

        for n in range(len(self.room)):
            m.d.sync += self.room[n].eq(Mux(self.moving, room(RESERVE + n + 1), room(RESERVE + n)))
        m.d.sync += self.plenty.eq(self.count[PLENTY.bit_length() - 1:].any())
        return m
