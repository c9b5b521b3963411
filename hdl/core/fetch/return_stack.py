"""Return stack: where returns lead."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from ..params import PC_BITS, HartParams


class ReturnStack(wiring.Component):
    """Return addresses of the calls that were fetched and have not returned. The oldest are lost.

    ``top`` is the youngest, combinationally. ``push`` and ``pop`` move ``pointer``. ``restore`` has
    priority: it sets the pointer to ``restore_pointer``, and then performs ``restore_push`` or
    ``restore_pop``. Only the pointer is restored, not overwritten addresses.
    """

    def __init__(self, params: HartParams) -> None:
        self.params = params
        pointer = range(params.ras_entries)
        super().__init__({
            "pointer": Out(pointer),
            "top": Out(PC_BITS),
            "push": In(1),
            "pop": In(1),
            "link": In(PC_BITS),
            "restore": In(1),
            "restore_pointer": In(pointer),
            "restore_push": In(1),
            "restore_pop": In(1),
            "restore_link": In(PC_BITS),
        })

    def elaborate(self, platform):
        m = Module()
        m.submodules.links = links = Memory(
            shape=PC_BITS - 1, depth=self.params.ras_entries, init=[])
        top, write = links.read_port(domain="comb"), links.write_port()
        # An address that was pushed in the cycle before is being written, and is the top.
        pushed, link = Signal(), Signal(PC_BITS, reset_less=True)
        m.d.comb += [
            top.addr.eq(self.pointer),
            self.top.eq(Mux(pushed, link, Cat(C(0, 1), top.data))),
            write.en.eq(pushed),
            write.addr.eq(self.pointer),
            write.data.eq(link[1:]),
        ]
        m.d.sync += [
            pushed.eq(Mux(self.restore, self.restore_push, self.push)),
            link.eq(Mux(self.restore, self.restore_link, self.link)),
            self.pointer.eq(Mux(
                self.restore,
                self._moved(self.restore_pointer, self.restore_push, self.restore_pop),
                self._moved(self.pointer, self.push, self.pop))),
        ]
        return m

    @staticmethod
    def _moved(pointer, push, pop):
        return Mux(push, pointer + 1, Mux(pop, pointer - 1, pointer))
