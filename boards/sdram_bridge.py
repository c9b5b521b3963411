"""Bridge from the bursts of the L2 to the words of the SDRAM controller."""

from amaranth import *
from amaranth.lib import fifo, stream, wiring
from amaranth.lib.data import StructLayout
from amaranth.lib.wiring import In, Out

from hdl.bus.dram import DramSignature

from .sdram_pads import DATA_BITS

WORD_BYTES_LOG2 = (DATA_BITS // 8).bit_length() - 1
DWORD_WORDS = 64 // DATA_BITS
DWORD_WORDS_LOG2 = DWORD_WORDS.bit_length() - 1
COMPARED_BITS = 8  # low bits of line numbers that are compared to detect the same line


class WordPortSignature(wiring.Signature):
    """The user port of the controller, seen from its user.

    For each write ``command``, ``wdata_ready`` takes a word of ``wdata``, which must be valid by
    then. Read words come with ``rdata_valid``. Both follow the order of the commands. A command may
    be replaced by another while it waits.
    """

    def __init__(self, word_bits: int) -> None:
        super().__init__({
            "command": Out(stream.Signature(StructLayout({"write": 1, "addr": word_bits}))),
            "wdata_ready": In(1),
            "wdata": Out(DATA_BITS),
            "rdata_valid": In(1),
            "rdata": In(DATA_BITS),
        })


class SdramBridge(wiring.Component):
    """Reads and writes lines of ``line_bytes``. It offers a command in every cycle.

    The first word of a read is requested in the cycle in which the request is accepted. A dword is
    passed on in the cycle in which its last word arrives. Writes are posted: their dwords are
    accepted at once, and their words go to the chip while nothing is read. So reads overtake a
    write, unless it may be to the same line. The next write waits for the last word of the previous
    one.

    Nothing is accepted until ``enable`` is high; it must then stay high. The memory repeats
    throughout the address space.
    """

    def __init__(self, *, word_bits: int, paddr_bits: int, line_bytes: int = 64) -> None:
        self.line_words = line_bytes * 8 // DATA_BITS
        super().__init__({
            "enable": In(1),
            "bus": In(DramSignature(paddr_bits)),
            "words": Out(WordPortSignature(word_bits)),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        bus, words, command = self.bus, self.words, self.words.command
        request, requested = bus.request.payload, bus.request.payload.addr[WORD_BYTES_LOG2:]
        index_bits = (self.line_words - 1).bit_length()
        last = self.line_words - 1
        accept, take, issue = Signal(), Signal(), Signal()
        accept_read, accept_write = Signal(), Signal()
        m.d.comb += [
            accept.eq(bus.request.valid & bus.request.ready),
            accept_read.eq(accept & ~request.write),
            accept_write.eq(accept & request.write),
            take.eq(bus.wdata.valid & bus.wdata.ready),
            issue.eq(command.valid & command.ready),
        ]

        # Requests.
        asking, posting = Signal(), Signal()  # words of a read, or of a write, must be issued
        reading, taking = Signal(), Signal()  # dwords must still come from the chip, or the L2
        read_address, write_address = (
            Signal(len(command.payload.addr), name=f"{name}_address", reset_less=True)
            for name in ("read", "write"))  # of the next word
        compared = slice(index_bits, index_bits + COMPARED_BITS)
        m.d.comb += bus.request.ready.eq(self.enable & ~reading & ~taking & ~(
            posting & (request.write | (requested[compared] == write_address[compared]))))
        with m.If(accept_read):
            m.d.sync += [read_address.eq(requested), asking.eq(1), reading.eq(1)]
        with m.If(accept_write):
            m.d.sync += [write_address.eq(requested), posting.eq(1), taking.eq(1)]

        # Commands.
        asked, posted = Signal(index_bits), Signal(index_bits)
        taken = Signal(range(self.line_words // DWORD_WORDS + 1))  # accepted dwords of the write
        with m.If(accept_read | asking):
            m.d.comb += [
                command.valid.eq(1),
                command.payload.addr.eq(Mux(asking, read_address, requested)),
            ]
            with m.If(issue):
                m.d.sync += [
                    read_address[:index_bits].eq(command.payload.addr[:index_bits] + 1),
                    asked.eq(asked + 1),
                ]
                with m.If(asked == last):
                    m.d.sync += asking.eq(0)
        with m.Else():
            m.d.comb += [
                command.valid.eq(posting & (taken > posted[DWORD_WORDS_LOG2:])),
                command.payload.write.eq(1),
                command.payload.addr.eq(write_address),
            ]
            with m.If(issue):
                m.d.sync += [
                    write_address[:index_bits].eq(write_address[:index_bits] + 1),
                    posted.eq(posted + 1),
                ]
                with m.If(posted == last):
                    m.d.sync += posting.eq(0)
        with m.If(accept_write):
            m.d.sync += taken.eq(0)
        with m.Elif(take):
            m.d.sync += taken.eq(taken + 1)

        # Data of reads.
        received = Signal(index_bits)
        early = Signal(64 - DATA_BITS, reset_less=True)  # the words of a dword before the last
        m.d.comb += [
            bus.rdata.valid.eq(words.rdata_valid & received[:DWORD_WORDS_LOG2].all()),
            bus.rdata.data.eq(Cat(early, words.rdata)),
        ]
        with m.If(words.rdata_valid):
            m.d.sync += [
                received.eq(received + 1),
                early.eq(Cat(early, words.rdata)[DATA_BITS:]),
            ]
            with m.If(received == last):
                m.d.sync += reading.eq(0)

        # Data of writes.
        m.submodules.dwords = dwords = fifo.SyncFIFO(
            width=64, depth=self.line_words // DWORD_WORDS)
        sent = Signal(range(DWORD_WORDS))
        m.d.comb += [
            bus.wdata.ready.eq(taking & dwords.w_rdy),
            dwords.w_data.eq(bus.wdata.payload),
            dwords.w_en.eq(take),
            words.wdata.eq(dwords.r_data.word_select(sent, DATA_BITS)),
            dwords.r_en.eq(words.wdata_ready & sent.all()),
        ]
        with m.If(take & (taken == self.line_words // DWORD_WORDS - 1)):
            m.d.sync += taking.eq(0)
        with m.If(words.wdata_ready):
            m.d.sync += sent.eq(sent + 1)
        return m
