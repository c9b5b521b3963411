"""Branch prediction: branch target buffer, branch history table, return stack."""

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out
from amaranth.utils import exact_log2

from .fetch_types import BranchKind, predictor_state_layout, redirect_layout, train_layout
from .params import PC_BITS, HartParams

BLOCK_BITS = PC_BITS - 3  # number of an aligned block of 8 bytes
TAG_BITS = 8
TARGET_BITS = 23  # target[1:24]; the bits above are those of the branch

# Counter of a branch that has just got its BTB entry, and of one never met: weakly taken.
NEW_COUNTER = 2

BTB_ENTRY = data.StructLayout({
    "kind": BranchKind,
    "last": 2,  # position of the branch's last halfword in the block
    "tag": TAG_BITS,
    "target": TARGET_BITS,
})


class BranchTargetBuffer(wiring.Component):
    """Direct-mapped table with one branch of each block. The tag is partial.

    With ``p_en`` the entry for ``p_block`` is read; from the next cycle until the next ``p_en`` it
    is at ``entry``, and ``match`` tells (combinationally) whether it is one of ``f_block``. A write
    is seen by reads from the next cycle on.
    """

    def __init__(self, params: HartParams) -> None:
        self.params = params
        super().__init__({
            "p_en": In(1),
            "p_block": In(BLOCK_BITS),
            "f_block": In(BLOCK_BITS),
            "entry": Out(BTB_ENTRY),
            "match": Out(1),
            "write": In(1),
            "write_block": In(BLOCK_BITS),
            "write_kind": In(BranchKind),  # NONE: the entry is dropped
            "write_last": In(2),
            "write_target": In(PC_BITS),
        })

    def elaborate(self, platform):
        m = Module()
        index_bits = exact_log2(self.params.btb_entries)
        # A word read while it is written may be garbage: predictions are only hints.
        m.submodules.entries = entries = Memory(
            shape=BTB_ENTRY, depth=self.params.btb_entries, init=[], attrs={"no_rw_check": 1})
        read, write = entries.read_port(), entries.write_port()
        tag = slice(index_bits, index_bits + TAG_BITS)
        m.d.comb += [
            read.en.eq(self.p_en),
            read.addr.eq(self.p_block[:index_bits]),
            self.entry.eq(read.data),
            self.match.eq((read.data.tag == self.f_block[tag])
                          & (read.data.kind != BranchKind.NONE)),
            write.en.eq(self.write),
            write.addr.eq(self.write_block[:index_bits]),
            write.data.kind.eq(self.write_kind),
            write.data.last.eq(self.write_last),
            write.data.tag.eq(self.write_block[tag]),
            write.data.target.eq(self.write_target[1:1 + TARGET_BITS]),
        ]
        return m


class BranchHistoryTable(wiring.Component):
    """Two-bit counters, indexed by block and history (gshare).

    There are two banks: what the block fetched just before did, which is known too late for an
    address, selects between them. With ``p_en`` both are read; the counters are there from the next
    cycle until the next ``p_en``.
    """

    def __init__(self, params: HartParams) -> None:
        self.params = params
        self.index_bits = exact_log2(params.bht_entries) - 1
        if params.history_bits > self.index_bits:
            raise ValueError(
                f"history_bits must be at most {self.index_bits} for {params.bht_entries} "
                f"bht_entries, not {params.history_bits!r}")
        super().__init__({
            "p_en": In(1),
            "p_block": In(BLOCK_BITS),
            "p_history": In(params.history_bits),
            "f_recent_taken": In(1),
            "counter": Out(2),
            "write": In(1),
            "write_block": In(BLOCK_BITS),
            "write_history": In(params.history_bits),
            "write_recent_taken": In(1),
            "write_counter": In(2),
        })

    def _index(self, block, history):
        fill = self.index_bits - self.params.history_bits
        return block[:self.index_bits] ^ Cat(C(0, fill), history)

    def elaborate(self, platform):
        m = Module()
        counters = []
        for bank in range(2):
            table = Memory(shape=2, depth=1 << self.index_bits,
                           init=[NEW_COUNTER] * (1 << self.index_bits), attrs={"no_rw_check": 1})
            m.submodules[f"bank_{bank}"] = table
            read, write = table.read_port(), table.write_port()
            m.d.comb += [
                read.en.eq(self.p_en),
                read.addr.eq(self._index(self.p_block, self.p_history)),
                write.en.eq(self.write & (self.write_recent_taken == bank)),
                write.addr.eq(self._index(self.write_block, self.write_history)),
                write.data.eq(self.write_counter),
            ]
            counters.append(read.data)
        m.d.comb += self.counter.eq(Mux(self.f_recent_taken, counters[1], counters[0]))
        return m


class ReturnStack(wiring.Component):
    """Return addresses of the calls fetched and not yet returned from; the oldest are lost.

    ``top`` is the youngest, combinationally. ``push`` and ``pop`` move ``pointer``; ``restore``
    wins over both: it sets the pointer to ``restore_pointer``, and then does what ``restore_push``
    or ``restore_pop`` say. Only the pointer is restored, not what was overwritten.
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
        base, after = Signal.like(self.pointer), Signal.like(self.pointer)
        push, pop = Signal(), Signal()
        m.d.comb += [
            top.addr.eq(self.pointer),
            self.top.eq(Cat(C(0, 1), top.data)),
            base.eq(Mux(self.restore, self.restore_pointer, self.pointer)),
            push.eq(Mux(self.restore, self.restore_push, self.push)),
            pop.eq(Mux(self.restore, self.restore_pop, self.pop)),
            after.eq(base + 1),
            write.en.eq(push),
            write.addr.eq(after),
            write.data.eq(Mux(self.restore, self.restore_link, self.link)[1:]),
        ]
        with m.If(push):
            m.d.sync += self.pointer.eq(after)
        with m.Elif(pop):
            m.d.sync += self.pointer.eq(base - 1)
        with m.Else():
            m.d.sync += self.pointer.eq(base)
        return m


class Predictor(wiring.Component):
    """Predicts, for the block in F, the next one.

    Tables are read with ``p_en`` at ``p_block``, the address that is chosen in P; everything
    prefixed ``f_`` is about the block in F in the next cycle. All ``f_`` outputs are combinational.
    Without ``f_valid``, ``f_next`` is the block ``f_pc`` itself, to be read again. ``f_accept``
    says that the block is fetched: history and return stack follow the prediction.

    ``redirect`` and ``restart`` take history and return stack back to the state given, and win over
    ``f_accept``, the former over the latter. ``restart`` is for a fetch that begins anew with the
    same block. The restored history is used from the same cycle on.

    History is kept by block: one bit for each block fetched in which the BTB knows a conditional
    branch (``recent_branch``: the last block has one). A branch without BTB entry is predicted not
    taken and leaves no trace.

    ``train`` allocates for a mispredicted taken branch, drops what proved wrong, and counts.
    ``drop`` drops the entry of ``drop_block``; ``train`` in the same cycle wins and ``drop_done``
    is low.
    """

    def __init__(self, params: HartParams) -> None:
        self.params = params
        state = predictor_state_layout(params)
        super().__init__({
            "p_en": In(1),
            "p_block": In(BLOCK_BITS),
            "f_valid": In(1),
            "f_pc": In(PC_BITS),
            "f_accept": In(1),
            "f_taken": Out(1),  # a taken branch ends the block
            "f_branch": Out(1),  # the BTB knows a conditional branch at ``f_last``
            "f_last": Out(2),  # position of its last halfword
            "f_target": Out(PC_BITS),
            "f_next": Out(PC_BITS),
            "f_state": Out(state),  # before the block
            "redirect": In(wiring.Signature({"valid": Out(1), "p": Out(redirect_layout(params))})),
            "restart": In(1),
            "restart_state": In(state),
            "train": In(wiring.Signature({"valid": Out(1), "p": Out(train_layout(params))})),
            "drop": In(1),
            "drop_block": In(BLOCK_BITS),
            "drop_done": Out(1),
        })

    def elaborate(self, platform):
        m = Module()
        m.submodules.btb = btb = BranchTargetBuffer(self.params)
        m.submodules.bht = bht = BranchHistoryTable(self.params)
        m.submodules.stack = stack = ReturnStack(self.params)
        f_block = self.f_pc[3:]

        f_hit, following = Signal(), Signal(BLOCK_BITS)
        m.d.comb += [
            btb.p_en.eq(self.p_en),
            btb.p_block.eq(self.p_block),
            btb.f_block.eq(f_block),
            bht.p_en.eq(self.p_en),
            bht.p_block.eq(self.p_block),
            f_hit.eq(self.f_valid & btb.match & (btb.entry.last >= self.f_pc[1:3])),
            following.eq(f_block + self.f_valid),
            self.f_branch.eq(f_hit & (btb.entry.kind == BranchKind.BRANCH)),
            self.f_taken.eq(f_hit & ((btb.entry.kind != BranchKind.BRANCH) | bht.counter[1])),
            self.f_last.eq(btb.entry.last),
            self.f_target.eq(Cat(C(0, 1), btb.entry.target, self.f_pc[1 + TARGET_BITS:])),
            self.f_next.eq(Mux(self.f_taken, self.f_target, Cat(C(0, 3), following))),
        ]
        with m.If(btb.entry.kind == BranchKind.RETURN):
            m.d.comb += self.f_target.eq(stack.top)

        self._follow(m, btb, bht, stack, following)
        self._train(m, btb, bht)
        return m

    def _follow(self, m, btb, bht, stack, following):
        """History and return stack."""
        redirect, restart = self.redirect.p, self.restart_state
        history = Signal(self.params.history_bits)
        recent_branch, recent_taken = Signal(), Signal()

        def shifted(state_history, branch, taken):
            return Mux(branch, Cat(taken, state_history)[:self.params.history_bits], state_history)

        f_history = Signal.like(history)  # with the block before the one in F
        before, back = Signal.like(history), Signal.like(history)  # after the redirect
        m.d.comb += [
            f_history.eq(shifted(history, recent_branch & self.f_valid, recent_taken)),
            before.eq(shifted(redirect.prediction.history, redirect.prediction.recent_branch,
                              redirect.prediction.recent_taken)),
            back.eq(shifted(before, redirect.branch & redirect.prediction.after, C(0, 1))),
            bht.p_history.eq(Mux(self.redirect.valid, back, f_history)),
            bht.f_recent_taken.eq(recent_branch & recent_taken),
            self.f_state.history.eq(history),
            self.f_state.recent_branch.eq(recent_branch),
            self.f_state.recent_taken.eq(recent_taken),
            self.f_state.counter.eq(bht.counter),
            self.f_state.ras.eq(stack.pointer),
        ]
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
                recent_branch.eq(self.f_branch),
                recent_taken.eq(self.f_taken),
            ]

        link_block = Mux(btb.entry.last == 3, following, self.f_pc[3:])
        m.d.comb += [
            stack.push.eq(self.f_accept & self.f_taken & (btb.entry.kind == BranchKind.CALL)),
            stack.pop.eq(self.f_accept & self.f_taken & (btb.entry.kind == BranchKind.RETURN)),
            stack.link.eq(Cat(C(0, 1), (btb.entry.last + 1)[:2], link_block)),
            stack.restore.eq(self.redirect.valid | self.restart),
            stack.restore_pointer.eq(Mux(self.redirect.valid, redirect.prediction.ras,
                                         restart.ras)),
            stack.restore_push.eq(self.redirect.valid & redirect.call),
            stack.restore_pop.eq(self.redirect.valid & redirect.ret),
            stack.restore_link.eq(redirect.link),
        ]

    def _train(self, m, btb, bht):
        train = self.train.p
        counter, branch = train.prediction.counter, train.kind == BranchKind.BRANCH
        allocate, clear = Signal(), Signal()
        m.d.comb += [
            allocate.eq(train.mispredicted & train.taken & (train.kind != BranchKind.NONE)),
            clear.eq((train.kind == BranchKind.NONE)
                     | (train.mispredicted & ~train.taken & ~train.prediction.hit)),
            self.drop_done.eq(~self.train.valid),
            btb.write.eq(Mux(self.train.valid, allocate | clear, self.drop)),
            btb.write_block.eq(Mux(self.train.valid, train.pc_last[3:], self.drop_block)),
            btb.write_kind.eq(Mux(self.train.valid & allocate, train.kind, BranchKind.NONE)),
            btb.write_last.eq(train.pc_last[1:3]),
            btb.write_target.eq(train.target),
            bht.write.eq(self.train.valid & branch & (train.prediction.hit | allocate)),
            bht.write_block.eq(train.pc_last[3:]),
            bht.write_history.eq(train.prediction.history),
            bht.write_recent_taken.eq(
                train.prediction.recent_branch & train.prediction.recent_taken),
        ]
        with m.If(~train.prediction.hit):
            m.d.comb += bht.write_counter.eq(Mux(counter == 3, 3, NEW_COUNTER))
        with m.Elif(train.taken):
            m.d.comb += bht.write_counter.eq(Mux(counter == 3, 3, counter + 1))
        with m.Else():
            m.d.comb += bht.write_counter.eq(Mux(counter == 0, 0, counter - 1))
