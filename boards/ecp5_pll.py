"""The PLL of the ECP5: dividers for a frequency, and the instance."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

# Limits of the device in MHz, from its data sheet.
PHASE_DETECTOR = (Fraction(25, 8), 400)
OSCILLATOR = (400, 800)
OUTPUT = (Fraction(25, 8), 400)


@dataclass(frozen=True)
class Dividers:
    """Dividers. The oscillator runs at input / ``reference`` * ``feedback`` * ``output``. The
    output is its frequency divided by ``output``."""

    reference: int
    feedback: int
    output: int

    def phase(self, degrees: float) -> tuple[int, int]:
        """The phase delay of an output by ``degrees``: oscillator periods, and eighths of one."""
        return divmod(round(self.output * 8 * degrees / 360), 8)


def dividers(input_mhz: Fraction | int, output_mhz: Fraction | int) -> Dividers:
    """Dividers that make ``output_mhz`` exactly; ``ValueError`` if there are none.

    Of several, it selects the fastest phase detector, then the fastest oscillator, for the least
    jitter.
    """
    input_mhz, output_mhz = Fraction(input_mhz), Fraction(output_mhz)
    found = list(_dividers(input_mhz, output_mhz))
    if not found:
        raise ValueError(f"the PLL cannot make {_text(output_mhz)} MHz of {_text(input_mhz)} MHz")
    return min(found, key=lambda d: (d.reference, -d.output))


def _dividers(input_mhz: Fraction, output_mhz: Fraction) -> Iterator[Dividers]:
    if not _within(OUTPUT, output_mhz):
        return
    for reference in range(1, 129):
        feedback = output_mhz * reference / input_mhz
        if (feedback.denominator != 1 or not 1 <= feedback <= 80
                or not _within(PHASE_DETECTOR, input_mhz / reference)):
            continue
        for output in range(1, 129):
            if _within(OSCILLATOR, output_mhz * output):
                yield Dividers(reference, int(feedback), output)


def _within(limits: tuple[Fraction | int, Fraction | int], value: Fraction) -> bool:
    return limits[0] <= value <= limits[1]


def _text(mhz: Fraction) -> str:
    return f"{float(mhz):g}"


class Ecp5Pll(wiring.Component):
    """Makes ``clk`` from ``reference``, and ``late``, which is ``late_degrees`` behind ``clk``.

    Both are unreliable while ``locked`` is low.
    """

    reference: In(1)
    clk: Out(1)
    late: Out(1)
    locked: Out(1)

    def __init__(self, *, input_mhz: Fraction | int, output_mhz: Fraction | int,
                 late_degrees: float = 0) -> None:
        self.input_mhz, self.output_mhz = Fraction(input_mhz), Fraction(output_mhz)
        self.dividers = dividers(input_mhz, output_mhz)
        self.late_degrees = late_degrees
        super().__init__()

    def elaborate(self, platform) -> Module:
        m = Module()
        d = self.dividers
        periods = d.output - 1  # oscillator periods from which the phase is counted
        late_periods, late_eighths = d.phase(self.late_degrees)
        m.submodules.pll = Instance(
            "EHXPLLL",
            a_FREQUENCY_PIN_CLKI=_text(self.input_mhz),
            a_FREQUENCY_PIN_CLKOP=_text(self.output_mhz),
            a_FREQUENCY_PIN_CLKOS=_text(self.output_mhz),
            a_ICP_CURRENT="12", a_LPF_RESISTOR="8",
            a_MFG_ENABLE_FILTEROPAMP="1", a_MFG_GMCREF_SEL="2",
            p_PLLRST_ENA="DISABLED", p_INTFB_WAKE="DISABLED", p_STDBY_ENABLE="DISABLED",
            p_DPHASE_SOURCE="DISABLED", p_OUTDIVIDER_MUXA="DIVA", p_OUTDIVIDER_MUXB="DIVB",
            p_OUTDIVIDER_MUXC="DIVC", p_OUTDIVIDER_MUXD="DIVD",
            p_CLKI_DIV=d.reference, p_CLKFB_DIV=d.feedback, p_FEEDBK_PATH="CLKOP",
            p_CLKOP_ENABLE="ENABLED", p_CLKOP_DIV=d.output, p_CLKOP_CPHASE=periods,
            p_CLKOP_FPHASE=0,
            p_CLKOS_ENABLE="ENABLED", p_CLKOS_DIV=d.output,
            p_CLKOS_CPHASE=periods + late_periods, p_CLKOS_FPHASE=late_eighths,
            i_CLKI=self.reference, i_CLKFB=self.clk, i_RST=Const(0), i_STDBY=Const(0),
            i_PHASESEL0=Const(0), i_PHASESEL1=Const(0), i_PHASEDIR=Const(1),
            i_PHASESTEP=Const(1), i_PHASELOADREG=Const(1), i_PLLWAKESYNC=Const(0),
            i_ENCLKOP=Const(0),
            o_CLKOP=self.clk, o_CLKOS=self.late, o_LOCK=self.locked,
        )
        return m
