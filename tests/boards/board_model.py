"""A whole board except its pins and its PLL, for the simulator."""

from pathlib import Path

from amaranth import *
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from boards.litedram_core import SdramChips, core_verilog
from boards.soc import BoardSoc
from hdl.bus.dram import DramSignature
from hdl.core.commit import CommitSignature
from hdl.peripheral.finisher import Kind
from hdl.peripheral.uart_phy import UartSerialPhy
from sim.board.boot_loader import boot_loader
from sim.model.design import Design
from sim.tools import PROJECT
from soc.config import SocParams, configuration, without_taic
from soc.top import RequestMonitor
from tests.boards.flash_chip import FlashChip
from tests.boards.sdram_model import CHIP, SdramModel
from tests.boards.speed_model import DivisorFilter

SMALL_DRAM_BYTES = 256 << 10


class BoardModel(wiring.Component):
    """``BoardSoc`` with the ports of ``Soc``. A second serial line converts its pins to bytes.

    If ``sdram`` describes chips, the board has the model of one chip. The chip starts with
    ``image`` (see ``SdramModel``) and ends the simulation as soon as a rule of its data sheet is
    broken. The rate of the line is the board's rate after reset. With ``host_changes_rate``, a
    ``DivisorFilter`` takes its divisor from the bytes. ``flash`` is the contents of the SPI flash.
    ``dram``, ``finisher`` and the ports that show the harts stay idle.
    """

    def __init__(self, params: SocParams, sdram: SdramChips | None = None,
                 image: Path | None = None, *, host_changes_rate: bool = False,
                 flash: bytes | None = None) -> None:
        self.params, self.sdram, self.image = params, sdram, image
        self.host_changes_rate, self.flash = host_changes_rate, flash
        paddr_bits = params.hart.paddr_bits
        super().__init__({
            "dram": Out(DramSignature(paddr_bits)),
            "uart_tx": Out(stream.Signature(8)),
            "uart_rx": In(stream.Signature(8)),
            "finisher": Out(wiring.Signature({
                "valid": Out(1), "kind": Out(Kind), "code": Out(16),
            })),
            **{f"commit{n}": Out(CommitSignature()) for n in range(params.harts)},
            **{f"memory{n}": Out(RequestMonitor(paddr_bits)) for n in range(params.harts)},
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        board = BoardSoc(self.params, self.sdram)
        m.domains.board = domain = ClockDomain()
        m.d.comb += [
            domain.clk.eq(ClockSignal()),
            domain.rst.eq(ResetSignal() | board.restart),
        ]
        m.submodules.board = DomainRenamer("board")(board)
        if self.sdram:
            m.submodules.chip = chip = SdramModel(
                clock_hz=self.params.clock_hz, fatal=True, image=self.image)
            connect(m, board.pads, chip.pads)
        if self.flash:
            m.submodules.flash = chip = FlashChip(self.params.flash_image, self.flash)
            connect(m, board.flash, chip.pins)
        m.submodules.host = host = UartSerialPhy()
        divisor = C(self.params.uart_divisor)
        if self.host_changes_rate:
            m.submodules.filter = divisors = DivisorFilter()
            connect(m, flipped(self.uart_rx), divisors.i)
            connect(m, divisors.o, host.tx)
            m.d.comb += divisors.busy.eq(host.tx_busy)
            divisor = divisors.divisor
        else:
            connect(m, flipped(self.uart_rx), host.tx)
        m.d.comb += [
            host.format.word.eq(3),
            host.format.divisor.eq(divisor),
            host.rxd.eq(board.txd),
            board.rxd.eq(host.txd),
            self.uart_tx.valid.eq(host.rx.valid),
            self.uart_tx.payload.eq(host.rx.payload.data),
            host.rx.ready.eq(self.uart_tx.ready),
        ]
        return m


def small_board() -> Design:
    """A board with one hart, no TAIC, the fastest line and ``SMALL_DRAM_BYTES`` of memory."""
    return board_design(without_taic(configuration(
        "tiny", harts=1, boot_loader=boot_loader(), dram_bytes=SMALL_DRAM_BYTES,
        uart_baud=100_000_000 // 16)))


def board_design(params: SocParams, sdram: SdramChips | None = None,
                 image: Path | None = None, **options) -> Design:
    """The design that simulates a ``BoardModel``."""
    sources = [PROJECT / name for name in ("hdl", "soc", "boards", *(
        f"tests/boards/{name}.py"
        for name in ("board_model", "flash_chip", "sdram_model", "speed_model")))]
    return Design(
        make=lambda: BoardModel(params, sdram, image, **options),
        identity=f"board {params!r} {sdram!r} {image} {options}",
        harts=params.harts, line_bytes=params.hart.line_bytes, sources=tuple(sources),
        verilog=core_verilog(sdram, params.clock_hz) + CHIP if sdram else "", brief=True)
