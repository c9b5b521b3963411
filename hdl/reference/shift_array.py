"""All local queues of a context in one array of registers."""

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out


class ShiftArray(wiring.Component):
    """``queues`` queues of words, side by side in an array of ``places``, each a window of it.

    ``place`` is where ``insert`` puts ``word``, what was there and behind it moving up, and where
    ``remove`` takes a word away, what was behind it moving down; at most one of both is high.
    ``found`` is the word there, combinationally. ``queue`` is the queue concerned. ``clear``
    empties all queues and wins.
    """

    def __init__(self, *, queues: int, places: int, word_bits: int) -> None:
        self.queues, self.places, self.word_bits = queues, places, word_bits
        count = range(places + 1)
        super().__init__({
            "insert": In(1),
            "remove": In(1),
            "clear": In(1),
            "queue": In(range(queues)),
            "place": In(range(places)),
            "word": In(word_bits),
            "found": Out(word_bits),
            "heads": Out(data.ArrayLayout(count, queues)),
            "counts": Out(data.ArrayLayout(count, queues)),
            "full": Out(1),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        words = [Signal(self.word_bits, name=f"word_{n}", reset_less=True)
                 for n in range(self.places)]
        for n, word in enumerate(words):
            before, behind = words[max(n - 1, 0)], words[min(n + 1, self.places - 1)]
            with m.If((self.insert | self.remove) & (self.place <= n)):
                m.d.sync += word.eq(Mux(
                    self.remove, behind, Mux(self.place == n, self.word, before)))
        change = Mux(self.insert, 1, -1)
        for n in range(self.queues):
            with m.If(self.insert | self.remove):
                with m.If(self.queue == n):
                    m.d.sync += self.counts[n].eq(self.counts[n] + change)
                with m.If(self.queue < n):
                    m.d.sync += self.heads[n].eq(self.heads[n] + change)
        with m.If(self.clear):
            m.d.sync += [self.counts.eq(0), self.heads.eq(0)]
        m.d.comb += [
            self.found.eq(Array(words)[self.place]),
            self.full.eq(self.heads[-1] + self.counts[-1] == self.places),
        ]
        return m
