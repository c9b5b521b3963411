"""Core-local interruptor: software interrupts between harts, and the timer.

The programming model is that of the SiFive CLINT (``sifive,clint0``).
"""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from ..bus.mmio import MmioSignature
from . import mmio

ADDR_BITS = 16


class Msip(mmio.Register, access="rw"):
    """Software interrupt of hart ``n``: bit 0 is ``mip.MSIP``."""

    fields = {"msip": mmio.Field(1, "the hart has a machine software interrupt")}


class Mtimecmp(mmio.Register, access="rw", bytes=8, sizes=(4, 8)):
    """Timer compare of hart ``n``: ``mip.MTIP`` is 1 while ``mtime >= mtimecmp``.

    Accesses have 8 or 4 bytes. All ones after reset: no interrupt.
    """

    fields = {"mtimecmp": mmio.Field(64, "time of the interrupt, in ticks", init=(1 << 64) - 1)}


class Mtime(mmio.Register, access="rw", bytes=8, sizes=(4, 8)):
    """The time in ticks. The ``time`` CSR of every hart shows the same value.

    Accesses have 8 or 4 bytes. A write has priority over the tick of the same cycle.
    """

    fields = {"mtime": mmio.Field(64, "ticks since reset")}


def clint_registers(harts: int) -> mmio.RegisterMap:
    """The register map for ``harts`` harts (at most 4095)."""
    registers = mmio.RegisterMap(addr_bits=ADDR_BITS)
    registers.add("msip", Msip(), offset=0x0000, count=harts)
    registers.add("mtimecmp", Mtimecmp(), offset=0x4000, count=harts)
    registers.add("mtime", Mtime(), offset=0xBFF8)
    return registers


class Clint(wiring.Component):
    """Machine software and timer interrupts of ``harts`` harts, and the time.

    The time advances by one every ``clocks_per_tick`` cycles. ``mtip`` follows ``mtime`` and
    ``mtimecmp`` one cycle later; ``msip`` is the register itself. Reads are answered after one
    cycle. A write of ``mtime`` takes effect in the cycle after its acceptance, but appears in
    ``time`` one cycle later. It is loaded from flip-flops, because the decoded write comes late.
    """

    def __init__(self, *, harts: int, clocks_per_tick: int) -> None:
        if clocks_per_tick < 1:
            raise ValueError(f"clocks_per_tick must be at least 1, not {clocks_per_tick!r}")
        self.harts, self.clocks_per_tick = harts, clocks_per_tick
        self._bridge = mmio.Bridge(clint_registers(harts))
        super().__init__({
            "bus": In(MmioSignature(ADDR_BITS)),
            "msip": Out(harts),  # bit n: hart n
            "mtip": Out(harts),
            "time": Out(64),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        m.submodules.bridge = bridge = self._bridge
        connect(m, flipped(self.bus), bridge.bus)

        mtime = bridge["mtime"]
        clocks = Signal(range(self.clocks_per_tick))
        tick = Signal()
        load = Signal()  # load the value written in the cycle before
        load_data = Signal(64, reset_less=True)
        load_mask = Signal(8, reset_less=True)
        loaded = Cat(Mux(load_mask[i], load_data.word_select(i, 8), self.time.word_select(i, 8))
                     for i in range(8))
        m.d.comb += [
            tick.eq(clocks == self.clocks_per_tick - 1),
            mtime.r_data.eq(Mux(load, loaded, self.time)),
        ]
        m.d.sync += [
            clocks.eq(Mux(tick, 0, clocks + 1)),
            load.eq(mtime.write),
            load_data.eq(mtime.w_data),
            load_mask.eq(mtime.w_mask),
        ]
        with m.If(load):
            m.d.sync += self.time.eq(loaded)
        with m.Elif(tick):
            m.d.sync += self.time.eq(self.time + 1)

        msip = bridge["msip"]
        m.d.comb += msip.r_data.eq(self.msip.bit_select(msip.index, 1))
        with m.If(msip.write):
            m.d.sync += self.msip.bit_select(msip.index, 1).eq(msip.w_data.msip)

        compare = bridge["mtimecmp"]
        init = compare.entry.register.init
        mtimecmp = Array(Signal(64, name=f"mtimecmp_{i}", init=init) for i in range(self.harts))
        m.d.comb += compare.r_data.eq(mtimecmp[compare.index])
        with m.If(compare.write):
            m.d.sync += mtimecmp[compare.index].eq(compare.merge(mtimecmp[compare.index]))
        for hart in range(self.harts):
            m.d.sync += self.mtip[hart].eq(self.time >= mtimecmp[hart])
        return m
