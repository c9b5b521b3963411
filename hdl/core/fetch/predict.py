"""Branch prediction: the next block, from branch target buffer, history table and return stack."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out
from amaranth.utils import exact_log2

from ..params import PC_BITS, HartParams
from .history_table import NEW_COUNTER, BranchHistoryTable
from .return_stack import ReturnStack
from .target_buffer import BTB_ENTRY, TARGET_BITS, BranchTargetBuffer
from .types import (
    BLOCK_BITS,
    BLOCK_BRANCHES,
    HALVES,
    BranchKind,
    predictor_state_layout,
    redirect_layout,
    train_layout,
)


class Predictor(wiring.Component):
    """Predicts, for the block in F, the next one.

    ``p_en`` reads the tables at ``p_pc``, the next address. It is the address of a ``redirect``, or
    else the predicted one. Without ``f_valid`` it is the block of ``f_pc`` again. Names with ``f_``
    refer to the block that is in F in the next cycle. All outputs are combinational. ``f_accept``
    says that the block is fetched; history and return stack then follow the prediction.

    ``f_again`` (early in the cycle) says that the tables were written where they were read.
    ``f_valid`` then counts as low, so that ``p_en`` reads the same block again. ``f_again`` is low
    while ``f_valid`` is low, and in the second cycle after a ``p_en``.

    The BTB knows at most one branch in each half of the block. The block ends with the first branch
    that is predicted taken.

    ``redirect`` and ``restart`` return history and return stack to the given state. ``redirect``
    has priority over ``restart``, and both over ``f_accept``. ``restart`` is for a fetch that
    repeats the same block. The restored history is used from the same cycle on.

    The history has one bit for each fetched block in which the BTB knows conditional branches: the
    outcome of the last one. A branch without a BTB entry is predicted not taken and does not enter
    the history.

    ``train`` allocates an entry for a mispredicted taken branch, drops wrong entries, and updates
    counters. ``drop`` drops the entry of the half block of ``drop_pc``. ``train`` in the same cycle
    has priority, and ``drop_done`` is then low.
    """

    def __init__(self, params: HartParams) -> None:
        self.params = params
        state = predictor_state_layout(params)
        super().__init__({
            "p_en": In(1),
            "p_pc": Out(PC_BITS),
            "f_valid": In(1),
            "f_pc": In(PC_BITS),
            "f_again": Out(1),
            "f_accept": In(1),
            "f_branches": Out(BLOCK_BRANCHES),
            "f_target": Out(PC_BITS),  # of the taken branch
            "f_state": Out(state),  # before the block
            "redirect": In(wiring.Signature({"valid": Out(1), "p": Out(redirect_layout(params))})),
            "restart": In(1),
            "restart_state": In(state),
            "train": In(wiring.Signature({"valid": Out(1), "p": Out(train_layout(params))})),
            "drop": In(1),
            "drop_pc": In(PC_BITS),
            "drop_done": Out(1),
        })

    def elaborate(self, platform):
        m = Module()
        params, f_block = self.params, self.f_pc[3:]
        following, f_read = Signal(BLOCK_BITS), Signal()
        m.d.comb += [
            f_read.eq(self.f_valid & ~self.f_again),
            following.eq(f_block + f_read),
        ]
        m.submodules.stack = stack = ReturnStack(params)

        btbs, bhts, takens, conditionals, targets = [], [], [], [], []
        for half in range(HALVES):
            btb = BranchTargetBuffer(params.btb_entries // HALVES)
            bht = BranchHistoryTable(entries=params.bht_entries // HALVES,
                                     history_bits=params.history_bits)
            m.submodules[f"btb_{half}"], m.submodules[f"bht_{half}"] = btb, bht
            hit, taken, conditional = (Signal(name=f"f_{name}_{half}")
                                       for name in ("hit", "taken", "conditional"))
            last = Cat(btb.entry.last, C(half, 1))
            kind = btb.entry.kind.as_value()
            m.d.comb += [
                btb.p_en.eq(self.p_en),
                btb.p_block.eq(self.p_pc[3:]),
                btb.f_block.eq(f_block),
                bht.p_en.eq(self.p_en),
                hit.eq(f_read & btb.match & (last >= self.f_pc[1:3])),
                conditional.eq(hit & (btb.entry.kind == BranchKind.BRANCH)),
                taken.eq(hit & (kind[2] | (kind[0] & bht.counter[1]))),
                self.f_branches.conditional[half].eq(conditional),
                self.f_branches.lasts[half].eq(btb.entry.last),
                self.f_state.counters[half].eq(bht.counter),
            ]
            direct = Cat(C(0, 1), btb.entry.target, self.f_pc[1 + TARGET_BITS:])
            targets.append(Mux(btb.entry.kind == BranchKind.RETURN, stack.top, direct))
            btbs.append(btb)
            bhts.append(bht)
            takens.append(taken)
            conditionals.append(conditional)

        lower, upper = btbs
        ending = Signal(BTB_ENTRY)  # the branch that ends the block, if one is taken
        m.d.comb += [
            ending.eq(Mux(takens[0], lower.entry, upper.entry)),
            self.f_branches.taken.eq(takens[0] | takens[1]),
            self.f_branches.taken_half.eq(~takens[0]),
            self.f_target.eq(Mux(takens[0], targets[0], targets[1])),
        ]
        f_conditional = conditionals[0] | (conditionals[1] & ~takens[0])
        f_history, back = self._follow(m, bhts, stack, f_read, f_conditional)

        # From table to table in one cycle, on the shortest path for the late ``takens``.
        anew, otherwise = self.redirect.valid, Cat(C(0, 3), following)
        to_first, to_second = Signal(), Signal()

        def chosen(first, second, redirected, straight):
            return Mux(to_first, first, Mux(to_second, second, Mux(anew, redirected, straight)))

        m.d.comb += [
            to_first.eq(takens[0] & ~anew),
            to_second.eq(takens[1] & ~anew),
            self.p_pc.eq(chosen(*targets, self.redirect.p.pc, otherwise)),
        ]
        for bht in bhts:
            m.d.comb += bht.p_index.eq(chosen(
                *(bht.index(target[3:], f_history) for target in targets),
                bht.index(self.redirect.p.pc[3:], back), bht.index(otherwise[3:], f_history)))

        ends_block = ~takens[0] & ending.last
        taken_now = self.f_accept & self.f_branches.taken
        m.d.comb += [
            stack.push.eq(taken_now & (ending.kind == BranchKind.CALL)),
            stack.pop.eq(taken_now & (ending.kind == BranchKind.RETURN)),
            stack.link.eq(Cat(C(0, 1), (Cat(ending.last, ~takens[0]) + 1)[:2],
                              Mux(ends_block, following, f_block))),
        ]
        self._train(m, btbs, bhts)
        self._detect_collisions(m, btbs, bhts)
        return m

    def _follow(self, m, bhts, stack, f_read, f_conditional):
        """History, and return stack after a redirect. Returns the histories to read with, without
        and with a redirect."""
        redirect, restart = self.redirect.p, self.restart_state
        history = Signal(self.params.history_bits)
        recent_branch, recent_taken = Signal(), Signal()

        def shifted(state_history, branch, taken):
            return Mux(branch, Cat(taken, state_history)[:self.params.history_bits], state_history)

        f_history = Signal.like(history)  # with the block before the one in F
        back = Signal.like(history)  # after a redirect
        m.d.comb += [
            f_history.eq(shifted(history, recent_branch & f_read, recent_taken)),
            back.eq(shifted(redirect.prediction.history, redirect.prediction.recent_branch,
                            redirect.prediction.recent_taken)),
            self.f_state.history.eq(history),
            self.f_state.recent_branch.eq(recent_branch),
            self.f_state.recent_taken.eq(recent_taken),
            self.f_state.ras.eq(stack.pointer),
            stack.restore.eq(self.redirect.valid | self.restart),
            stack.restore_pointer.eq(Mux(self.redirect.valid, redirect.prediction.ras,
                                         restart.ras)),
            stack.restore_push.eq(self.redirect.valid & redirect.call),
            stack.restore_pop.eq(self.redirect.valid & redirect.ret),
            stack.restore_link.eq(redirect.link),
        ]
        for bht in bhts:
            m.d.comb += bht.f_recent_taken.eq(recent_branch & recent_taken)
        with m.If(self.redirect.valid):
            m.d.sync += [
                history.eq(back),
                recent_branch.eq(redirect.branch | redirect.prediction.after),
                recent_taken.eq(redirect.branch & redirect.taken),
            ]
        with m.Elif(self.restart):
            m.d.sync += [
                history.eq(restart.history),
                recent_branch.eq(restart.recent_branch),
                recent_taken.eq(restart.recent_taken),
            ]
        with m.Elif(self.f_accept):
            m.d.sync += [
                history.eq(f_history),
                recent_branch.eq(f_conditional),
                recent_taken.eq(self.f_branches.taken),
            ]
        return f_history, back

    def _train(self, m, btbs, bhts):
        train = self.train.p
        counter, branch = train.prediction.counter, train.kind == BranchKind.BRANCH
        allocate, clear, next_counter = Signal(), Signal(), Signal(2)
        write_pc = Signal(PC_BITS)
        m.d.comb += [
            allocate.eq(train.mispredicted & train.taken & (train.kind != BranchKind.NONE)),
            clear.eq((train.kind == BranchKind.NONE)
                     | (train.mispredicted & ~train.taken & ~train.prediction.hit)),
            self.drop_done.eq(~self.train.valid),
            write_pc.eq(Mux(self.train.valid, train.pc_last, self.drop_pc)),
        ]
        with m.If(~train.prediction.hit):
            m.d.comb += next_counter.eq(Mux(counter == 3, 3, NEW_COUNTER))
        with m.Elif(train.taken):
            m.d.comb += next_counter.eq(Mux(counter == 3, 3, counter + 1))
        with m.Else():
            m.d.comb += next_counter.eq(Mux(counter == 0, 0, counter - 1))
        for half, (btb, bht) in enumerate(zip(btbs, bhts, strict=True)):
            m.d.comb += [
                btb.write.eq(Mux(self.train.valid, allocate | clear, self.drop)
                             & (write_pc[2] == half)),
                btb.write_block.eq(write_pc[3:]),
                btb.write_kind.eq(Mux(self.train.valid & allocate, train.kind, BranchKind.NONE)),
                btb.write_last.eq(train.pc_last[1]),
                btb.write_target.eq(train.target),
                bht.write.eq(self.train.valid & branch & (train.prediction.hit | allocate)
                             & (train.pc_last[2] == half)),
                bht.write_index.eq(bht.index(train.pc_last[3:], train.prediction.history)),
                bht.write_recent_taken.eq(
                    train.prediction.recent_branch & train.prediction.recent_taken),
                bht.write_counter.eq(next_counter),
            ]

    def _detect_collisions(self, m, btbs, bhts):
        """The comparison is in F, because the addresses of P are late."""
        read, written_entry, written_counter = Signal(), Signal(), Signal()
        read_index = Signal.like(bhts[0].p_index)
        btb_index = Signal(exact_log2(btbs[0].entries))
        bht_index = Signal.like(read_index)
        m.d.sync += [
            read.eq(self.p_en),
            read_index.eq(bhts[0].p_index),
            written_entry.eq(Cat(btb.write for btb in btbs).any()),
            btb_index.eq(btbs[0].write_block),
            written_counter.eq(Cat(bht.write for bht in bhts).any()),
            bht_index.eq(bhts[0].write_index),
        ]
        m.d.comb += self.f_again.eq(self.f_valid & read & (
            (written_entry & (btb_index == self.f_pc[3:3 + len(btb_index)]))
            | (written_counter & (bht_index == read_index))))
