"""The pins of the flash that configures an ECP5."""

from amaranth import *
from amaranth.lib import io, wiring
from amaranth.lib.wiring import In

from hdl.peripheral.spi_flash import SpiFlashSignature


class FlashPads(wiring.Component):
    """The pins of the platform's resource ``name``; its clock is the FPGA's configuration clock.

    The pins for write protection and hold are never asserted.
    """

    flash: In(SpiFlashSignature())

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__()

    def elaborate(self, platform) -> Module:
        m = Module()
        resource = platform.lookup(self.name, 0)
        pins = platform.request(self.name, 0, dir={sub.name: "-" for sub in resource.ios})
        for name, value in (("cs", self.flash.cs), ("copi", self.flash.copi),
                            ("wp", C(0)), ("hold", C(0))):
            m.submodules[name] = buffer = io.Buffer("o", getattr(pins, name))
            m.d.comb += buffer.o.eq(value)
        m.submodules.cipo = cipo = io.Buffer("i", pins.cipo)
        m.d.comb += self.flash.cipo.eq(cipo.i)
        m.submodules.clk = Instance("USRMCLK", i_USRMCLKI=self.flash.clk, i_USRMCLKTS=Const(0))
        return m
