"""All of a board but its pins and its PLL, for the simulator."""

from amaranth import *
from amaranth.hdl import ResetInserter
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from boards.soc import BoardSoc
from hdl.bus.dram import DramSignature
from hdl.core.commit import CommitSignature
from hdl.peripheral.finisher import Kind
from hdl.peripheral.uart16550 import LineFormat
from hdl.peripheral.uart_phy import UartSerialPhy
from soc.config import SocParams
from soc.top import RequestMonitor


class BoardModel(wiring.Component):
    """``BoardSoc`` with the ports of ``Soc``; another serial line turns its pins into bytes.

    ``params.uart_divisor`` must be 1. ``dram``, ``finisher`` and what shows the harts stay silent.
    """

    def __init__(self, params: SocParams) -> None:
        assert params.uart_divisor == 1
        self.params = params
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
        board = BoardSoc(self.params)
        m.submodules.board = ResetInserter(board.restart)(board)
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
