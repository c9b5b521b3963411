"""How many tasks the queues of a context hold, in LUT RAM."""

from amaranth import *
from amaranth.lib import data, memory, wiring
from amaranth.lib.wiring import In, Out

from .params import TaicParams


def occupancy_layout(params: TaicParams) -> data.StructLayout:
    """Of a context: tasks in each queue, in all, at most in all; the queue with the fewest."""
    return data.StructLayout({
        "counts": data.ArrayLayout(params.count_bits, params.queues),
        "total": params.count_bits,
        "high_water": params.count_bits,
        "least": params.queue_bits,
    })


class Occupancy(wiring.Component):
    """A row for each context, read combinationally, written at the end of a cycle."""

    def __init__(self, params: TaicParams) -> None:
        self.params = params
        super().__init__({
            "context": In(params.context_bits),
            "row": Out(occupancy_layout(params)),
            "write": In(1),
            "write_context": In(params.context_bits),
            "write_row": In(occupancy_layout(params)),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        layout = occupancy_layout(self.params)
        m.submodules.rows = rows = memory.Memory(
            shape=unsigned(layout.size), depth=self.params.contexts, init=[],
            attrs={"ram_style": "distributed"})
        write, read = rows.write_port(), rows.read_port(domain="comb")
        m.d.comb += [
            read.addr.eq(self.context),
            self.row.eq(read.data),
            write.en.eq(self.write),
            write.addr.eq(self.write_context),
            write.data.eq(self.write_row),
        ]
        return m


def fewest(counts: list[Value], allowed: Value) -> Value:
    """Index of the least of ``counts``, a power of two of them, that is ``allowed``.

    The lowest of several; any if none is allowed.
    """
    best = [(Cat(count, ~allowed[n]), C(n, (len(counts) - 1).bit_length()))
            for n, count in enumerate(counts)]
    while len(best) > 1:
        pairs = zip(best[::2], best[1::2], strict=True)
        best = [(Mux(b[0] < a[0], b[0], a[0]), Mux(b[0] < a[0], b[1], a[1])) for a, b in pairs]
    return best[0][1]
