"""The clock manager (MMCM) of Xilinx' 7 series: dividers for a frequency, and the instance."""

from dataclasses import dataclass

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

OSCILLATOR = (600, 1200)  # MHz, for the slowest speed grade


@dataclass(frozen=True)
class Dividers:
    """Dividers. The oscillator runs at input * ``feedback``; the output is that / ``output``."""

    feedback: int
    output: int


def dividers(input_mhz: int, output_mhz: int) -> Dividers:
    """Dividers that make ``output_mhz`` exactly, with the fastest oscillator; or ``ValueError``."""
    found = [Dividers(feedback, output) for feedback in range(2, 65) for output in range(1, 129)
             if OSCILLATOR[0] <= input_mhz * feedback <= OSCILLATOR[1]
             and input_mhz * feedback == output_mhz * output]
    if not found:
        raise ValueError(f"the MMCM cannot make {output_mhz} MHz of {input_mhz} MHz")
    return max(found, key=lambda d: d.feedback)


class Mmcm(wiring.Component):
    """Makes ``clk`` from ``reference``. ``clk`` is unreliable while ``locked`` is low."""

    reference: In(1)
    clk: Out(1)
    locked: Out(1)

    def __init__(self, *, input_mhz: int, output_mhz: int) -> None:
        self.input_mhz = input_mhz
        self.dividers = dividers(input_mhz, output_mhz)
        super().__init__()

    def elaborate(self, platform) -> Module:
        m = Module()
        made, feedback = Signal(), Signal()
        m.submodules.mmcm = Instance(
            "MMCME2_BASE",
            p_CLKIN1_PERIOD=1000 / self.input_mhz,
            p_CLKFBOUT_MULT_F=float(self.dividers.feedback),
            p_CLKOUT0_DIVIDE_F=float(self.dividers.output),
            i_CLKIN1=self.reference, i_CLKFBIN=feedback, i_RST=Const(0), i_PWRDWN=Const(0),
            o_CLKFBOUT=feedback, o_CLKOUT0=made, o_LOCKED=self.locked,
        )
        m.submodules.buffer = Instance("BUFG", i_I=made, o_O=self.clk)
        return m
