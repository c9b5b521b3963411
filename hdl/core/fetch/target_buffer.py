"""Branch target buffer: where branches are, of which kind, and where they lead."""

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out
from amaranth.utils import exact_log2

from ..params import PC_BITS
from .types import BLOCK_BITS, BranchKind

TAG_BITS = 8
TARGET_BITS = 24  # target[1:25]; the bits above are equal to those of the branch

BTB_ENTRY = data.StructLayout({
    "kind": BranchKind,
    "last": 1,  # position of the branch's last halfword in the half of the block
    "tag": TAG_BITS,
    "target": TARGET_BITS,
})


class BranchTargetBuffer(wiring.Component):
    """Direct-mapped table with one branch for each block, or half of a block. The tag is partial.

    ``p_en`` reads the entry for ``p_block``. It is at ``entry`` from the next cycle until the next
    ``p_en``. ``match`` says, combinationally, that it is valid and belongs to ``f_block``. Reads
    see a write from the next cycle on; a read in the cycle of the write is undefined.
    """

    def __init__(self, entries: int) -> None:
        self.entries = entries
        super().__init__({
            "p_en": In(1),
            "p_block": In(BLOCK_BITS),
            "f_block": In(BLOCK_BITS),
            "entry": Out(BTB_ENTRY),
            "match": Out(1),
            "write": In(1),
            "write_block": In(BLOCK_BITS),
            "write_kind": In(BranchKind),  # NONE: the entry is dropped
            "write_last": In(1),
            "write_target": In(PC_BITS),
        })

    def elaborate(self, platform):
        m = Module()
        index_bits = exact_log2(self.entries)
        m.submodules.memory = memory = Memory(
            shape=BTB_ENTRY, depth=self.entries, init=[], attrs={"no_rw_check": 1})
        read, write = memory.read_port(), memory.write_port()
        tag = slice(index_bits, index_bits + TAG_BITS)
        m.d.comb += [
            read.en.eq(self.p_en),
            read.addr.eq(self.p_block[:index_bits]),
            self.entry.eq(read.data),
            self.match.eq(read.data.tag == self.f_block[tag]),
            write.en.eq(self.write),
            write.addr.eq(self.write_block[:index_bits]),
            write.data.kind.eq(self.write_kind),
            write.data.last.eq(self.write_last),
            write.data.tag.eq(self.write_block[tag]),
            write.data.target.eq(self.write_target[1:1 + TARGET_BITS]),
        ]
        return m
