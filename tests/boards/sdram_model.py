"""The model of an SDRAM chip, with the pad registers between it and the controller."""

import struct
from pathlib import Path

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from boards.sdram_pads import PadsSignature
from sim.model.elf import Program
from soc.config import DRAM_BASE

CHIP = Path(__file__).with_name("sdram_chip.v").read_text()
FAULTS = {
    "cke": 1, "pause": 2, "mode": 3, "open banks": 4, "tRP": 5, "tRFC": 6, "tMRD": 7, "tRAS": 8,
    "tWR": 9, "no row": 10, "tRCD": 11, "no data": 12, "contention": 13, "late refresh": 14,
    "no precharge": 15, "not initialised": 16, "open bank": 17, "tRC": 18, "tRRD": 19,
    "unexpected": 20,
}


def write_image(program: Program, image: Path) -> None:
    """Writes ``program`` as an image of a chip's memory. The whole program must lie there."""
    content = program.path.read_bytes()
    lines = []
    for segment in program.segments:
        data = content[segment.offset:][:segment.file_bytes]
        words = struct.unpack(f"<{-(-len(data) // 2)}H", data + bytes(len(data) % 2))
        lines += [f"@{(segment.paddr - DRAM_BASE) // 2:x}", *(f"{word:04x}" for word in words)]
    image.write_text("\n".join(lines) + "\n")


class SdramModel(wiring.Component):
    """The pad registers and the chip behind them. The chip's clock is half a cycle late.

    The chip starts with the file ``image`` that ``write_image`` wrote, else with zeros. ``fault``
    is one of ``FAULTS`` after a rule of the data sheet was broken. With ``fatal`` the simulation
    then ends. The Verilog ``CHIP`` must be added to the component's Verilog.
    """

    def __init__(self, *, clock_hz: int, fatal: bool = False, image: Path | None = None) -> None:
        self.period_ps, self.fatal, self.image = round(1e12 / clock_hz), fatal, image
        super().__init__({
            "pads": In(PadsSignature()),
            "fault": Out(8),
            "refreshes": Out(32),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        m.domains.always = always = ClockDomain(reset_less=True, local=True)
        m.d.comb += always.clk.eq(ClockSignal())
        pads, dq_o = self.pads, Signal(16)
        at_chip = {}
        for name in ("cke", "ras", "cas", "we", "a", "ba", "dqm", "dq_o", "dq_oe"):
            at_chip[name] = Signal.like(getattr(pads, name), name=f"chip_{name}")
            m.d.always += at_chip[name].eq(getattr(pads, name))
        m.d.always += pads.dq_i.eq(dq_o)
        m.submodules.chip = Instance(
            "sdram_chip", p_PERIOD=self.period_ps, p_FATAL=int(self.fatal),
            p_IMAGE=str(self.image or ""),
            i_clk=~ClockSignal(), i_dq_i=at_chip.pop("dq_o"), o_dq_o=dq_o,
            o_fault=self.fault, o_refreshes=self.refreshes,
            **{f"i_{name}": signal for name, signal in at_chip.items()},
        )
        return m
