"""The SoC with its memory, serial line and lights: a board without its pins."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from hdl.peripheral.spi_flash import SpiFlashSignature
from hdl.peripheral.uart_phy import UartSerialPhy
from soc.config import SocParams
from soc.top import Soc

from .block_ram import BlockRam
from .end import EndReporter
from .lights import Lights
from .litedram_core import SdramChips
from .sdram import Sdram
from .sdram_pads import PadsSignature


class BoardSoc(wiring.Component):
    """A SoC with block RAM as memory, or with one of the ``sdram`` chips at the port ``pads``.

    ``txd`` and ``rxd`` are the serial line; ``lights`` as in ``Lights``; ``flash`` as in ``Soc``.
    When the program has ended and the host has been informed, ``restart`` requests a reset.
    """

    def __init__(self, params: SocParams, sdram: SdramChips | None = None) -> None:
        self.params, self.sdram = params, sdram
        super().__init__({
            **({"pads": Out(PadsSignature())} if sdram else {}),
            **({"flash": Out(SpiFlashSignature())} if params.flash_image is not None else {}),
            "txd": Out(1, init=1),
            "rxd": In(1, init=1),
            "lights": Out(2 + params.harts),
            "restart": Out(1),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        params = self.params
        m.submodules.soc = soc = Soc(params)
        bus = {"paddr_bits": params.hart.paddr_bits, "line_bytes": params.hart.line_bytes}
        if self.sdram:
            memory = Sdram(self.sdram, clock_hz=params.clock_hz, **bus)
            connect(m, memory.pads, flipped(self.pads))
        else:
            memory = BlockRam(size_bytes=params.dram_bytes, **bus)
        m.submodules.memory = memory
        m.submodules.line = line = UartSerialPhy()
        m.submodules.end = end = EndReporter()
        m.submodules.lights = lights = Lights(harts=params.harts, clock_hz=params.clock_hz)

        connect(m, soc.dram, memory.bus)
        if params.flash_image is not None:
            connect(m, soc.flash, flipped(self.flash))
        connect(m, soc.uart_tx, end.i)
        connect(m, end.o, line.tx)
        connect(m, line.rx, soc.uart_rx)
        m.d.comb += [
            soc.uart_tx_busy.eq(line.tx_busy),
            soc.uart_overrun.eq(line.overrun),
            line.format.eq(soc.uart_format),
            line.rxd.eq(self.rxd),
            self.txd.eq(line.txd),
            end.busy.eq(line.tx_busy),
            end.valid.eq(soc.finisher.valid),
            end.kind.eq(soc.finisher.kind),
            end.code.eq(soc.finisher.code),
            self.restart.eq(end.done),
            lights.taic_busy.eq(soc.taic_busy),
            lights.retired.eq(Cat(
                getattr(soc, f"commit{n}").valid for n in range(params.harts))),
            self.lights.eq(lights.lights),
        ]
        return m
