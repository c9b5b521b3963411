"""All of a board but its pins and its PLL, for the simulator."""

from pathlib import Path

from amaranth import *
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from boards.litedram_core import SdramChips, core_verilog
from boards.soc import BoardSoc
from hdl.bus.dram import DramSignature
from hdl.core.commit import CommitSignature
from hdl.peripheral.finisher import Kind
from hdl.peripheral.uart16550 import LineFormat
from hdl.peripheral.uart_phy import UartSerialPhy
from sim.build import Design
from sim.tools import PROJECT
from soc.config import SocParams
from soc.top import RequestMonitor
from tests.boards.sdram_model import CHIP, SdramModel


class BoardModel(wiring.Component):
    """``BoardSoc`` with the ports of ``Soc``; another serial line turns its pins into bytes.

    If there are ``sdram`` chips, there is the model of one, which starts with ``image`` (see
    ``SdramModel``) and ends the simulation as soon as a rule of its data sheet is broken.
    ``params.uart_divisor`` must be 1. ``dram``, ``finisher`` and what shows the harts stay silent.
    """

    def __init__(self, params: SocParams, sdram: SdramChips | None = None,
                 image: Path | None = None) -> None:
        assert params.uart_divisor == 1
        self.params, self.sdram, self.image = params, sdram, image
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
        m.submodules.host = host = UartSerialPhy()
        connect(m, flipped(self.uart_rx), host.tx)
        m.d.comb += [
            host.format.eq(LineFormat.const({"divisor": 1, "word": 3})),
            host.rxd.eq(board.txd),
            board.rxd.eq(host.txd),
            self.uart_tx.valid.eq(host.rx.valid),
            self.uart_tx.payload.eq(host.rx.payload.data),
            host.rx.ready.eq(self.uart_tx.ready),
        ]
        return m


def board_design(params: SocParams, sdram: SdramChips | None = None,
                 image: Path | None = None) -> Design:
    """``BoardModel``, to be simulated."""
    sources = [PROJECT / name for name in (
        "hdl", "soc", "boards", "tests/boards/board_model.py", "tests/boards/sdram_model.py")]
    return Design(
        make=lambda: BoardModel(params, sdram, image),
        identity=f"board {params!r} {sdram!r} {image}",
        harts=params.harts, line_bytes=params.hart.line_bytes, sources=tuple(sources),
        verilog=core_verilog(sdram, params.clock_hz) + CHIP if sdram else "")
