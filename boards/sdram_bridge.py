"""From bursts of the L2 to words of the SDRAM controller."""

from amaranth import *
from amaranth.lib import fifo, stream, wiring
from amaranth.lib.data import StructLayout
from amaranth.lib.wiring import In, Out

from hdl.bus.dram import DramSignature

from .sdram_pads import DATA_BITS

WORD_BYTES_LOG2 = (DATA_BITS // 8).bit_length() - 1
DWORD_WORDS = 64 // DATA_BITS
DWORD_WORDS_LOG2 = DWORD_WORDS.bit_length() - 1


class WordPortSignature(wiring.Signature):
    """The user port of the controller, seen from its user.

    For each write that was asked for by ``command``, ``wdata_ready`` takes a word of ``wdata``,
    which must be there by then; words that were read come with ``rdata_valid``. Both are in the
    order of the commands.
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
    """Reads and writes lines of ``line_bytes``, with a command in every cycle that takes one.

    The first word of a read is asked for in the cycle in which the request is accepted; a dword is
    passed on in the cycle in which its last word comes. Writes are posted: their dwords are taken
    at once, and the next request is accepted as soon as the last word has been asked for. Nothing
    is accepted until ``enable`` is high; it must stay so. The memory repeats through the address
    space.
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
        request = bus.request.payload
        index_bits = (self.line_words - 1).bit_length()
        last = self.line_words - 1
        accept, take = Signal(), Signal()
        m.d.comb += [
            accept.eq(bus.request.valid & bus.request.ready),
            take.eq(bus.wdata.valid & bus.wdata.ready),
        ]

        # Commands.
        address = Signal(len(command.payload.addr), reset_less=True)  # of the next word
        write = Signal(reset_less=True)
        active = Signal()  # there are words that have not been asked for
        issued = Signal(index_bits)
        taken = Signal(range(self.line_words // DWORD_WORDS + 1))  # dwords of a write
        reading, writing = Signal(), Signal()  # data of the burst are still to come
        m.d.comb += [
            bus.request.ready.eq(self.enable & ~active & ~reading & ~writing),
            command.payload.write.eq(write),
            command.payload.addr.eq(address),
            command.valid.eq(active & (~write | (taken > issued[DWORD_WORDS_LOG2:]))),
        ]
        with m.If(~active):
            m.d.comb += [
                command.payload.write.eq(0),
                command.payload.addr.eq(request.addr[WORD_BYTES_LOG2:]),
                command.valid.eq(accept & ~request.write),
            ]
        with m.If(accept):
            m.d.sync += [
                write.eq(request.write),
                address.eq(command.payload.addr),
                active.eq(1),
                issued.eq(0),
                taken.eq(0),
                reading.eq(~request.write),
                writing.eq(request.write),
            ]
        with m.If(command.valid & command.ready):
            m.d.sync += [
                address[:index_bits].eq(command.payload.addr[:index_bits] + 1),
                issued.eq(Mux(active, issued, 0) + 1),
            ]
            with m.If(active & (issued == last)):
                m.d.sync += active.eq(0)

        # Data of reads.
        received = Signal(index_bits)
        early = Signal(64 - DATA_BITS, reset_less=True)  # words of a dword but the last
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
            bus.wdata.ready.eq(writing & dwords.w_rdy),
            dwords.w_data.eq(bus.wdata.payload),
            dwords.w_en.eq(take),
            words.wdata.eq(dwords.r_data.word_select(sent, DATA_BITS)),
            dwords.r_en.eq(words.wdata_ready & sent.all()),
        ]
        with m.If(take):
            m.d.sync += taken.eq(taken + 1)
            with m.If(taken == self.line_words // DWORD_WORDS - 1):
                m.d.sync += writing.eq(0)
        with m.If(words.wdata_ready):
            m.d.sync += sent.eq(sent + 1)
        return m
