"""The search of the PLIC: the most urgent of a set of sources."""

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

PRIORITY_BITS = 3


def lowest(mask: Value) -> Value:
    """One-hot: the lowest bit that is set."""
    return mask & -mask


def _having_bit(bit: int, sources: int) -> int:
    """A mask of the sources with ``bit`` set in their number."""
    return sum(1 << source for source in range(sources) if source >> bit & 1)


def question_layout(sources: int, contexts: range) -> data.StructLayout:
    """A query: ``candidates`` are the sources for ``context``; ``claim`` is passed through."""
    return data.StructLayout({"context": contexts, "claim": 1, "candidates": sources})


def answer_layout(sources: int, contexts: range) -> data.StructLayout:
    """``level`` is the highest priority, ``source`` its lowest source. Both are 0 for none."""
    return data.StructLayout({
        "valid": 1,
        "context": contexts,
        "claim": 1,
        "level": PRIORITY_BITS,
        "chosen": sources,  # one-hot
        "source": 10,
    })


class PriorityRounds(wiring.Component):
    """Finds the highest priority in three rounds, one for each of its bits.

    ``o`` answers the query ``i`` of three cycles before. There may be a query in every cycle. A
    round keeps the candidates with the bit set, if there are any. ``planes`` holds, for each bit of
    the priority, that bit of all sources. ``drop`` invalidates all queries in progress, including
    ``i``.
    """

    def __init__(self, sources: int, contexts: range) -> None:
        self.sources, self.contexts = sources, contexts
        super().__init__({
            "i": In(question_layout(sources, contexts)),
            "planes": In(data.ArrayLayout(sources, PRIORITY_BITS)),
            "drop": In(1),
            "o": Out(answer_layout(sources, contexts)),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        ask, half, whole = (Signal(question_layout(self.sources, self.contexts), name=name)
                            for name in ("ask", "half", "whole"))
        valid = Signal(3)
        half_level, level = Signal(2), Signal(PRIORITY_BITS)

        def keep(candidates: Value, bit: int) -> tuple[Value, Value]:
            having = Signal(self.sources, name=f"having_{bit}")
            left = Signal(self.sources, name=f"left_{bit}")
            m.d.comb += [
                having.eq(candidates & self.planes[bit]),
                left.eq(Mux(having.any(), having, candidates)),
            ]
            return left, having.any()

        first, bit2 = keep(ask.candidates, 2)
        second, bit1 = keep(first, 1)
        third, bit0 = keep(half.candidates, 0)
        m.d.sync += [
            valid.eq(Mux(self.drop, 0, Cat(C(1, 1), valid))),
            ask.eq(self.i),
            half.eq(ask),
            half.candidates.eq(second),
            half_level.eq(Cat(bit1, bit2)),
            whole.eq(half),
            whole.candidates.eq(third),
            level.eq(Cat(bit0, half_level)),
        ]
        chosen = Signal(self.sources)
        m.d.comb += [
            chosen.eq(Mux(level.any(), lowest(whole.candidates), 0)),
            self.o.valid.eq(valid[2]),
            self.o.context.eq(whole.context),
            self.o.claim.eq(whole.claim),
            self.o.level.eq(level),
            self.o.chosen.eq(chosen),
            self.o.source.eq(Cat((chosen & _having_bit(bit, self.sources)).any()
                                 for bit in range((self.sources - 1).bit_length()))),
        ]
        return m
