"""Bridge from AXI4-Lite to an MMIO port."""

from amaranth import *
from amaranth.lib import enum, wiring
from amaranth.lib.wiring import In, Out, flipped

from .mmio import MmioSignature
from .word import check_data_bits, word_bits
from .word_pair import attach_mmio


class Response(enum.Enum, shape=2):
    """The responses that the bridge uses."""

    OKAY = 0
    SLVERR = 2


class Axi4LiteSignature(wiring.Signature):
    """AXI4-Lite, seen from the initiator (AMBA's manager). ``awprot`` and ``arprot`` are not used.

    ``awaddr`` and ``araddr`` are byte addresses; the bits below the data word are ignored.
    """

    def __init__(self, addr_bits: int, data_bits: int) -> None:
        check_data_bits(data_bits)
        self.addr_bits, self.data_bits = addr_bits, data_bits
        super().__init__({
            "awaddr": Out(addr_bits), "awprot": Out(3), "awvalid": Out(1), "awready": In(1),
            "wdata": Out(data_bits), "wstrb": Out(data_bits // 8), "wvalid": Out(1),
            "wready": In(1),
            "bresp": In(2), "bvalid": In(1), "bready": Out(1),
            "araddr": Out(addr_bits), "arprot": Out(3), "arvalid": Out(1), "arready": In(1),
            "rdata": In(data_bits), "rresp": In(2), "rvalid": In(1), "rready": Out(1),
        })


class Axi4LiteToMmio(wiring.Component):
    """AXI4-Lite target (AMBA's subordinate) in front of MMIO.

    ``addr_bits`` is the address width of the MMIO port; ``data_bits`` is 32 or 64. ``wstrb``
    determines size and lane of a write. A read covers the whole data word. ``WordToMmio`` says
    which accesses are refused; they get SLVERR. With ``paired`` (32 bits only), two words make an
    access of 8 bytes (``WordPair``).

    AW, W and AR are accepted independently, each into a register that becomes free when the access
    has been performed. One access is performed at a time. Writes and reads alternate when both
    wait. A response that is not accepted blocks only its own kind. A write and a read are not
    ordered unless the initiator waits for the response to the first.

    Timing: all inputs are registered. All outputs come from registers, and the ``ready`` of AW, W
    and AR are the inverse of one, so there is no combinational path through the bridge. Without
    contention a write is answered three cycles after the later of AW and W. A read is answered
    four cycles after AR, if the device answers in one cycle. The throughput is one write in three
    cycles or one read in four. A write is answered when the device has accepted it.
    """

    def __init__(self, *, addr_bits: int, data_bits: int, paired: bool = False) -> None:
        check_data_bits(data_bits, paired=paired)
        self.addr_bits, self.data_bits, self.paired = addr_bits, data_bits, paired
        super().__init__({
            "axi": In(Axi4LiteSignature(addr_bits, data_bits)),
            "mmio": Out(MmioSignature(addr_bits)),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        axi = self.axi
        word = attach_mmio(m, flipped(self.mmio), data_bits=self.data_bits, paired=self.paired)

        aw_full, w_full, ar_full = Signal(), Signal(), Signal()
        aw = Signal.like(word.addr, name="aw", reset_less=True)
        ar = Signal.like(word.addr, name="ar", reset_less=True)
        w_data = Signal.like(axi.wdata, reset_less=True)
        w_strobe = Signal.like(axi.wstrb, reset_less=True)
        low = word_bits(self.data_bits)
        m.d.comb += [
            axi.awready.eq(~aw_full),
            axi.wready .eq(~w_full),
            axi.arready.eq(~ar_full),
        ]
        with m.If(~aw_full):
            m.d.sync += [aw_full.eq(axi.awvalid), aw.eq(axi.awaddr[low:])]
        with m.If(~w_full):
            m.d.sync += [w_full.eq(axi.wvalid), w_data.eq(axi.wdata), w_strobe.eq(axi.wstrb)]
        with m.If(~ar_full):
            m.d.sync += [ar_full.eq(axi.arvalid), ar.eq(axi.araddr[low:])]

        # B is full in the cycle after a write, and R in the cycle after a read. So writes and reads
        # alternate when both wait.
        may_write = aw_full & w_full & ~axi.bvalid
        may_read = ar_full & ~axi.rvalid
        with m.FSM():
            with m.State("IDLE"):
                with m.If(may_write):
                    m.next = "WRITE"
                with m.Elif(may_read):
                    m.next = "READ"
            with m.State("WRITE"):
                m.d.comb += [
                    word.valid .eq(1),
                    word.write .eq(1),
                    word.addr  .eq(aw),
                    word.strobe.eq(w_strobe),
                    word.w_data.eq(w_data),
                ]
                with m.If(word.done):
                    m.next = "IDLE"
            with m.State("READ"):
                m.d.comb += [
                    word.valid .eq(1),
                    word.addr  .eq(ar),
                    word.strobe.eq(~0),
                ]
                with m.If(word.done):
                    m.next = "IDLE"

        response = Mux(word.error, Response.SLVERR, Response.OKAY)
        with m.If(word.valid & word.done & word.write):
            m.d.sync += [aw_full.eq(0), w_full.eq(0), axi.bvalid.eq(1), axi.bresp.eq(response)]
        with m.Elif(axi.bready):
            m.d.sync += axi.bvalid.eq(0)
        with m.If(word.valid & word.done & ~word.write):
            m.d.sync += [
                ar_full.eq(0),
                axi.rvalid.eq(1),
                axi.rdata.eq(word.r_data),
                axi.rresp.eq(response),
            ]
        with m.Elif(axi.rready):
            m.d.sync += axi.rvalid.eq(0)
        return m
