"""The number of tasks in the queues of each context, in LUT RAM."""

from amaranth import *
from amaranth.lib import data, memory, wiring
from amaranth.lib.wiring import In, Out

from .params import TaicParams

LOAD_BITS = 4


def occupancy_layout(params: TaicParams) -> data.StructLayout:
    """The tasks of a context, their high water, its ``filled`` queues, its ``least`` loaded one."""
    return data.StructLayout({
        "total": params.count_bits,
        "high_water": params.count_bits,
        "filled": params.queues,
        "least": params.queue_bits,
    })


def load(count: Value, step: Value) -> Value:
    """The load of a queue with ``count + step`` tasks, ``step`` from -1 to 1. It saturates at 15.

    Does without the carry of the sum. A count above 15 gives 15.
    """
    few = count[:LOAD_BITS]
    many = count[LOAD_BITS:].any() | few.all() & step[0] & ~step[-1]
    return (few + step)[:len(few)] | many.replicate(len(few))


def loads_layout(params: TaicParams) -> data.ArrayLayout:
    return data.ArrayLayout(min(LOAD_BITS, params.count_bits), params.queues)


class Occupancy(wiring.Component):
    """A row and the loads of the queues for each context, in LUT RAM.

    Reads are combinational. ``write`` stores ``new_row``, and ``new_load`` for each of the
    ``queues``, at the end of the cycle.
    """

    def __init__(self, params: TaicParams) -> None:
        self.params = params
        super().__init__({
            "context": In(params.context_bits),
            "row": Out(occupancy_layout(params)),
            "loads": Out(loads_layout(params)),
            "write": In(1),
            "write_context": In(params.context_bits),
            "new_row": In(occupancy_layout(params)),
            "queues": In(params.queues),
            "new_load": In(loads_layout(params).elem_shape),
        })

    def elaborate(self, platform) -> Module:
        m = Module()

        def table(shape, enable: Value, value: Value) -> Value:
            rows = memory.Memory(shape=shape, depth=self.params.contexts, init=[],
                                 attrs={"ram_style": "distributed"})
            write, read = rows.write_port(), rows.read_port(domain="comb")
            m.submodules += rows
            m.d.comb += [
                read.addr.eq(self.context),
                write.en.eq(self.write & enable),
                write.addr.eq(self.write_context),
                write.data.eq(value),
            ]
            return read.data

        m.d.comb += self.row.eq(table(occupancy_layout(self.params), C(1), self.new_row))
        for n in range(self.params.queues):
            m.d.comb += self.loads[n].eq(
                table(self.new_load.shape(), self.queues[n], self.new_load))
        return m


def fewest(loads: list[Value], allowed: Value) -> Value:
    """The least of the ``allowed`` ``loads``; their number is a power of two.

    The result holds, from the top: a bit that is set if none is allowed, the load, and its index,
    the lowest of equal loads.
    """
    index_bits = (len(loads) - 1).bit_length()
    best = [Cat(C(n, index_bits), load, ~allowed[n]) for n, load in enumerate(loads)]
    while len(best) > 1:
        pairs = zip(best[::2], best[1::2], strict=True)
        best = [Mux(b[index_bits:] < a[index_bits:], b, a) for a, b in pairs]
    return best[0]
