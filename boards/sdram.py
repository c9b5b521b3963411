"""Main memory in SDRAM, on the memory side of the L2."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from hdl.bus.dram import DramSignature

from .litedram_core import LitedramCore, SdramChips, init_steps
from .sdram_bridge import SdramBridge
from .sdram_init import SdramInit
from .sdram_pads import PadsSignature


class Sdram(wiring.Component):
    """Answers bursts from one of ``chips``. ``pads`` connects to the registers in its pads.

    The chip is started after each reset, and the first request waits for that. A reset may come
    while the chip is active; the contents of the memory may then be lost.
    """

    def __init__(self, chips: SdramChips, *, clock_hz: int, paddr_bits: int,
                 line_bytes: int = 64) -> None:
        self.chips, self.clock_hz = chips, clock_hz
        self.paddr_bits, self.line_bytes = paddr_bits, line_bytes
        super().__init__({
            "bus": In(DramSignature(paddr_bits)),
            "pads": Out(PadsSignature()),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        m.submodules.bridge = bridge = SdramBridge(
            word_bits=self.chips.word_bits, paddr_bits=self.paddr_bits,
            line_bytes=self.line_bytes)
        m.submodules.core = core = LitedramCore(self.chips, clock_hz=self.clock_hz)
        m.submodules.init = init = SdramInit(init_steps(self.chips, self.clock_hz))
        connect(m, flipped(self.bus), bridge.bus)
        connect(m, bridge.words, core.words)
        connect(m, core.pads, flipped(self.pads))
        m.d.comb += [bridge.enable.eq(init.done), core.rst.eq(~init.done)]
        with m.If(~init.done):
            m.d.comb += [
                self.pads.cke.eq(init.cke),
                self.pads.ras.eq(init.ras),
                self.pads.cas.eq(init.cas),
                self.pads.we.eq(init.we),
                self.pads.a.eq(init.a),
                self.pads.ba.eq(init.ba),
                self.pads.dqm.eq(~0),
                self.pads.dq_oe.eq(0),
            ]
        return m
