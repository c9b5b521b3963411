"""The pins of a board around the SoC."""

from amaranth import *
from amaranth.lib import io
from amaranth.lib.wiring import connect

from soc.config import SocParams

from .board import Board, Pin, Toolchain
from .flash_pads import FlashPads
from .reset import SyncDomain
from .sdram_pads import SdramPads
from .soc import BoardSoc


class Top(Elaboratable):
    """``BoardSoc`` on the pins of ``board``, for its platform."""

    def __init__(self, board: Board, params: SocParams) -> None:
        self.board, self.params = board, params

    def elaborate(self, platform) -> Module:
        m = Module()
        board = self.board
        m.submodules.clock = clock = board.clock(self.params.clock_hz // 1_000_000)
        m.submodules.domain = domain = SyncDomain(
            dcca=board.toolchain is Toolchain.ECP5)
        sdram = board.sdram_for(self.params)
        m.submodules.board = soc = BoardSoc(self.params, sdram)
        uart = platform.request("uart", 0, dir={"rx": "-", "tx": "-"})
        m.submodules.oscillator = oscillator = io.Buffer("i", _port(platform, board.oscillator))
        m.submodules.button = button = io.Buffer("i", _port(platform, board.reset))
        m.submodules.rx = rx = io.Buffer("i", uart.rx)
        m.submodules.tx = tx = io.Buffer("o", uart.tx)
        m.d.comb += [
            clock.reference.eq(oscillator.i),
            domain.clk.eq(clock.clk),
            domain.stable.eq(clock.locked),
            domain.button.eq(button.i),
            domain.restart.eq(soc.restart),
            soc.rxd.eq(rx.i),
            tx.o.eq(soc.txd),
        ]
        for n, (pin, light) in enumerate(zip(board.lights, soc.lights, strict=False)):
            m.submodules[f"light{n}"] = buffer = io.Buffer("o", _port(platform, pin))
            m.d.comb += buffer.o.eq(light)
        if board.flash:
            m.submodules.flash = flash = FlashPads(board.flash)
            connect(m, soc.flash, flash.flash)
        if sdram:
            m.domains.sdram = late = ClockDomain(reset_less=True)
            m.d.comb += late.clk.eq(clock.late)
            m.submodules.sdram = pads = SdramPads()
            connect(m, soc.pads, pads.pads)
        return m


def _port(platform, pin: Pin) -> io.PortLike:
    """The pin without a buffer. The other subsignals of its resource stay unconnected."""
    resource = platform.lookup(pin.resource, pin.number)
    if not pin.field:
        return platform.request(pin.resource, pin.number, dir="-")
    directions = {sub.name: "-" for sub in resource.ios}
    return getattr(platform.request(pin.resource, pin.number, dir=directions), pin.field)
