"""Branch history table: whether a conditional branch will be taken."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out
from amaranth.utils import exact_log2

# Counter of a branch with a new BTB entry, and initial value: weakly taken.
NEW_COUNTER = 2


class BranchHistoryTable(wiring.Component):
    """Two-bit counters, indexed by block and history (gshare).

    There are two banks. The outcome of the block fetched just before selects between them, because
    it is known too late for an address. ``p_en`` reads both at ``p_index``, which is ``index()`` of
    block and history. The counter is valid from the next cycle until the next ``p_en``. A read in
    the cycle of a write is undefined.
    """

    def __init__(self, *, entries: int, history_bits: int) -> None:
        self.index_bits = exact_log2(entries) - 1
        self.history_bits = history_bits
        if history_bits > self.index_bits:
            raise ValueError(f"history_bits must be at most {self.index_bits} for {entries} "
                             f"counters in each table, not {history_bits!r}")
        super().__init__({
            "p_en": In(1),
            "p_index": In(self.index_bits),
            "f_recent_taken": In(1),
            "counter": Out(2),
            "write": In(1),
            "write_index": In(self.index_bits),
            "write_recent_taken": In(1),
            "write_counter": In(2),
        })

    def index(self, block: Value, history: Value) -> Value:
        return block[:self.index_bits] ^ Cat(C(0, self.index_bits - self.history_bits), history)

    def elaborate(self, platform):
        m = Module()
        counters = []
        for bank in range(2):
            # Memories begin with 0, which must stand for NEW_COUNTER.
            m.submodules[f"bank_{bank}"] = memory = Memory(
                shape=2, depth=1 << self.index_bits, init=[], attrs={"no_rw_check": 1})
            read, write = memory.read_port(), memory.write_port()
            m.d.comb += [
                read.en.eq(self.p_en),
                read.addr.eq(self.p_index),
                write.en.eq(self.write & (self.write_recent_taken == bank)),
                write.addr.eq(self.write_index),
                write.data.eq(self.write_counter ^ NEW_COUNTER),
            ]
            counters.append(read.data)
        m.d.comb += self.counter.eq(
            Mux(self.f_recent_taken, counters[1], counters[0]) ^ NEW_COUNTER)
        return m
