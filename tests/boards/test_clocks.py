"""Dividers make the wanted clock within the limits of the device."""

from fractions import Fraction

import pytest

from boards import ecp5_pll, mmcm


@pytest.mark.parametrize("mhz", [25, 40, 45, 50, 55, 60, 75, 100, 200, Fraction(125, 2)])
@pytest.mark.parametrize("reference", [25, 100])
def test_ecp5(reference, mhz):
    d = ecp5_pll.dividers(reference, mhz)
    detector = Fraction(reference, d.reference)
    assert detector * d.feedback == mhz
    assert 3.125 <= detector <= 400
    assert 400 <= mhz * d.output <= 800


def test_ecp5_prefers_the_fastest():
    assert ecp5_pll.dividers(25, 50) == ecp5_pll.Dividers(reference=1, feedback=2, output=16)
    assert ecp5_pll.dividers(25, 60) == ecp5_pll.Dividers(reference=5, feedback=12, output=13)


@pytest.mark.parametrize("mhz", [25, 35, 50, 60, 75])
def test_ecp5_phase(mhz):
    """The phase is right to within half a step of the PLL."""
    d = ecp5_pll.dividers(25, mhz)
    periods, eighths = d.phase(360 * 3.5 * mhz / 1000)
    assert 0 <= eighths < 8
    assert (periods + eighths / 8) / (mhz * d.output) == pytest.approx(3.5e-3, abs=1e-3 / 16 / .4)


@pytest.mark.parametrize("mhz", [0, 1, 47, 401])
def test_ecp5_refuses(mhz):
    with pytest.raises(ValueError, match=f"the PLL cannot make {mhz} MHz of 25 MHz"):
        ecp5_pll.dividers(25, mhz)


@pytest.mark.parametrize("mhz", [40, 50, 60, 75, 100])
def test_mmcm(mhz):
    d = mmcm.dividers(100, mhz)
    assert 100 * d.feedback == mhz * d.output
    assert 600 <= 100 * d.feedback <= 1200


def test_mmcm_refuses():
    with pytest.raises(ValueError, match="the MMCM cannot make 47 MHz"):
        mmcm.dividers(100, 47)
