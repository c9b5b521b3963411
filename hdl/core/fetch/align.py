"""Alignment stage (A): cuts instructions out of the fetch queue."""

from amaranth import *
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from ..params import PC_BITS, HartParams
from .queue import BLOCK_CONTROL, block_detail_layout
from .rvc import RvcExpander
from .types import BLOCK_BITS, FetchFault, fetched_layout, predictor_state_layout


class Aligner(wiring.Component):
    """Takes one instruction a cycle from the fetch queue, expands it, and registers it at ``o``.

    ``redirect`` empties ``o`` and sets the position in the next block to that of ``redirect_pc``.

    If the predicted branch of a block ends within an instruction, the prediction belongs to
    another instruction. The aligner then stops. In the next cycle ``restart`` asks the front end to
    drop the prediction, and to fetch again from that instruction at ``a_pc`` with the predictors in
    ``a_state``. ``restart_done`` ends this; the queue must be cleared in the same cycle.
    """

    def __init__(self, params: HartParams) -> None:
        self.params = params
        super().__init__({
            "redirect": In(1),
            "redirect_pc": In(PC_BITS),
            # fetch queue
            "head_valid": In(1),
            "head_block": In(BLOCK_BITS),
            "head": In(BLOCK_CONTROL),
            "next_valid": In(1),
            "next": In(BLOCK_CONTROL),
            "of_next": Out(1),
            "detail": In(block_detail_layout(params)),
            "wrapped": Out(1),
            "halfwords": In(64),
            "pop": Out(range(3)),
            # repair of a prediction
            "restart": Out(1),
            "restart_done": In(1),
            "a_pc": Out(PC_BITS),
            "a_state": Out(predictor_state_layout(params)),
            "o": Out(stream.Signature(fetched_layout(params))),
        })

    def elaborate(self, platform):
        m = Module()
        m.submodules.expander = expander = RvcExpander()
        head, following, o = self.head, self.next, self.o.p

        position = Signal(2, init=self.params.reset_vector >> 1 & 3)
        first, second = Signal(16), Signal(16)
        wide = Signal()  # not compressed
        straddles = Signal()
        last = Signal(2)
        m.d.comb += [
            self.wrapped.eq(position == 3),
            first.eq(self.halfwords.word_select(position, 16)),
            second.eq(self.halfwords.word_select((position + 1)[:2], 16)),
            wide.eq(first[:2] == 3),
            straddles.eq(wide & (position == 3)),
            last.eq(position + wide),
            self.a_pc.eq(Cat(C(0, 1), position, self.head_block)),
        ]

        branches, half = head.branches, head.branches.taken_half
        head_last = Cat(branches.lasts.bit_select(half, 1), half)  # if a branch is taken
        head_fault = Signal()
        stale = Signal()
        ready, valid = Signal(), Signal()
        taken = Signal()
        m.d.comb += [
            head_fault.eq(head.fault != FetchFault.NONE),
            stale.eq(self.head_valid & wide & branches.taken & (head_last == position)),
            self.of_next.eq(straddles & ~branches.taken),
            ready.eq(~self.o.valid | self.o.ready),
            valid.eq(self.head_valid & ~stale & (~straddles | self.next_valid | head_fault)),
        ]
        m.d.sync += [
            self.restart.eq(stale & ~self.redirect & ~self.restart_done),
            self.a_state.eq(self.detail.state),
        ]

        ending = Signal(BLOCK_CONTROL)  # of the block with the last halfword
        known = Signal()  # this instruction is the branch that the BTB knows in that half
        m.d.comb += [
            ending.eq(Mux(straddles, following, head)),
            known.eq(ending.branches.lasts.bit_select(last[1], 1) == last[0]),
        ]
        # Computed for both lengths, because the length is known last.
        takens, pops = [], []
        for extra in range(2):
            end = (position + extra)[:2]
            crosses = (position == 3) & extra
            of_end = data.View(head.branches.shape(), Mux(
                crosses, following.branches.as_value(), head.branches.as_value()))
            taken_here, pop = Signal(name=f"taken_{extra}"), Signal(range(3), name=f"pop_{extra}")
            m.d.comb += [
                taken_here.eq(of_end.taken & (of_end.taken_half == end[1])
                              & (of_end.lasts.bit_select(end[1], 1) == end[0])),
                pop.eq(Mux(head_fault | ~crosses, 1, 2)),
            ]
            with m.If(~head_fault & ~taken_here):
                m.d.comb += pop.eq(position + extra >= 3)
            takens.append(taken_here)
            pops.append(pop)
        m.d.comb += taken.eq(Mux(wide, takens[1], takens[0]))
        with m.If(valid & ready):
            m.d.comb += self.pop.eq(Mux(wide, pops[1], pops[0]))
            with m.If(~head_fault):
                m.d.sync += position.eq(Mux(taken, self.detail.target[1:3], last + 1))

        state, conditional = self.detail.state, ending.branches.conditional
        m.d.comb += expander.insn.eq(first)
        with m.If(ready):
            m.d.sync += [
                self.o.valid.eq(valid),
                o.pc.eq(self.a_pc),
                o.insn.eq(Mux(wide, Cat(first, second), expander.expanded)),
                o.raw.eq(Cat(first, Mux(wide, second, 0))),
                o.compressed.eq(~wide),
                o.fault.eq(Mux(head_fault, head.fault, ending.fault)),
                o.fault_upper.eq(~head_fault & (ending.fault != FetchFault.NONE)),
                o.taken.eq(taken & ~head_fault),
                o.target.eq(self.detail.target),
                o.prediction.history.eq(state.history),
                o.prediction.recent_branch.eq(state.recent_branch),
                o.prediction.recent_taken.eq(state.recent_taken),
                o.prediction.ras.eq(state.ras),
                o.prediction.counter.eq(Mux(last[1], state.counters[1], state.counters[0])),
                o.prediction.hit.eq(known & conditional.bit_select(last[1], 1)),
                o.prediction.after.eq(
                    (conditional[0] & (last > ending.branches.lasts[0]))
                    | (conditional[1] & (last == 3) & ~ending.branches.lasts[1])),
            ]
        with m.If(self.redirect):
            m.d.sync += [
                self.o.valid.eq(0),
                position.eq(self.redirect_pc[1:3]),
            ]
        return m
