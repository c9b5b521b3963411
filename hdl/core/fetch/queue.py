"""Fetch queue: blocks of 8 bytes between fetch and alignment."""

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from ..params import PC_BITS, HartParams
from .types import BLOCK_BITS, BLOCK_BRANCHES, FetchFault, predictor_state_layout

# The information that determines where the instructions of a block end.
BLOCK_CONTROL = data.StructLayout({
    "fault": FetchFault,  # nothing was read
    "branches": BLOCK_BRANCHES,  # the next instruction of a taken one is at ``target``
})


def block_detail_layout(params: HartParams) -> data.StructLayout:
    """The information that accompanies the instructions of a block."""
    return data.StructLayout({
        "target": PC_BITS,
        "state": predictor_state_layout(params),
    })


class FetchQueue(wiring.Component):
    """A queue of fetched blocks, in distributed memory.

    A block pushed in cycle ``n`` can be read from cycle ``n + 1``; it must not be pushed while
    ``full``. Reads of the oldest block, ``head``, and of its successor, ``next``, are
    combinational. ``pop`` (0 to 2) blocks leave at the end of the cycle. ``clear`` empties the
    queue and has priority.
    """

    def __init__(self, params: HartParams) -> None:
        if params.fetch_queue_entries < 2:
            raise ValueError(
                f"fetch_queue_entries must be at least 2, not {params.fetch_queue_entries!r}")
        self.params = params
        detail = block_detail_layout(params)
        super().__init__({
            "clear": In(1),
            "full": Out(1),
            "push": In(1),
            "block": In(BLOCK_BITS),
            "data": In(64),
            "control": In(BLOCK_CONTROL),
            "detail": In(detail),
            "head_valid": Out(1),
            "head_block": Out(BLOCK_BITS),
            "head": Out(BLOCK_CONTROL),
            "next_valid": Out(1),
            "next": Out(BLOCK_CONTROL),
            "of_next": In(1),  # ``read_detail`` belongs to ``next``
            "read_detail": Out(detail),
            "wrapped": In(1),  # ``halfwords[0]`` belongs to ``next``
            "halfwords": Out(data.ArrayLayout(16, 4)),
            "pop": In(range(3)),
        })

    def elaborate(self, platform):
        m = Module()
        depth = self.params.fetch_queue_entries
        # The bit above the address distinguishes full from empty.
        head, following, tail = (Signal(range(2 * depth), name=name)
                                 for name in ("head_pointer", "next_pointer", "tail_pointer"))
        address = slice(0, len(head) - 1)
        m.d.comb += [
            self.full.eq((head[address] == tail[address]) & (head[-1] != tail[-1])),
            self.head_valid.eq(head != tail),
            self.next_valid.eq(self.head_valid & (following != tail)),
        ]
        with m.If(self.clear):
            m.d.sync += [head.eq(0), following.eq(1), tail.eq(0)]
        with m.Else():
            m.d.sync += tail.eq(tail + self.push)
            with m.Switch(self.pop):  # comes late: adding it would come later
                for count in range(3):
                    with m.Case(count):
                        m.d.sync += [head.eq(head + count), following.eq(head + count + 1)]

        def store(name, value, *pointers):
            """A memory for a part of each block, with a read port for each of ``pointers``."""
            m.submodules[name] = memory = Memory(shape=value.shape(), depth=depth, init=[])
            write = memory.write_port()
            m.d.comb += [
                write.en.eq(self.push),
                write.addr.eq(tail[address]),
                write.data.eq(value),
            ]
            values = []
            for pointer in pointers:
                read = memory.read_port(domain="comb")
                m.d.comb += read.addr.eq(pointer[address])
                values.append(read.data)
            return values

        head_block, = store("blocks", self.block, head)
        control = store("controls", self.control, head, following)
        detail, = store("details", self.detail, Mux(self.of_next, following, head))
        m.d.comb += [
            self.head_block.eq(head_block),
            self.head.eq(control[0]),
            self.next.eq(control[1]),
            self.read_detail.eq(detail),
        ]
        for position in range(4):
            pointer = Mux(self.wrapped, following, head) if position == 0 else head
            halfword, = store(f"halfwords_{position}", self.data.word_select(position, 16), pointer)
            m.d.comb += self.halfwords[position].eq(halfword)
        return m
