"""What is said about a board: its platform, clocks, lights, and the SoC that it gets."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from math import gcd

from amaranth.build.plat import Platform
from amaranth.lib import wiring

from soc.config import SocParams, configuration

from . import ecp5_pll, mmcm

TIMEBASE_HZ = 10_000_000  # or less, if it does not divide the clock


class Toolchain(Enum):
    """What makes the bitstream."""

    ECP5 = "Yosys and nextpnr"
    VIVADO = "Vivado"


@dataclass(frozen=True)
class Pin:
    """A pin of a platform's resource, or of the subsignal ``field`` of it."""

    resource: str
    number: int = 0
    field: str = ""


@dataclass(frozen=True)
class Board:
    """A board, and the defaults of what is built for it.

    ``device`` are the options of nextpnr that name the FPGA. ``lights`` is for the bits of
    ``Lights``, as many as there are. ``programmer`` is the board's name for openFPGALoader.
    """

    name: str
    title: str
    platform: Callable[[], Platform]
    toolchain: Toolchain
    programmer: str
    oscillator: Pin
    oscillator_mhz: int
    reset: Pin
    lights: tuple[Pin, ...]
    clock_mhz: int
    memory_bytes: int
    config: str = "default"
    harts: int = 1
    l2_bytes: int = 32 * 1024  # the memory behind it is as fast, and of the same block RAM
    device: tuple[str, ...] = ()

    def clock(self, mhz: int) -> wiring.Component:
        """What makes the clock of the SoC; ``ValueError`` if it cannot."""
        kind = ecp5_pll.Ecp5Pll if self.toolchain is Toolchain.ECP5 else mmcm.Mmcm
        return kind(input_mhz=self.oscillator_mhz, output_mhz=mhz)

    def params(self, *, config: str, harts: int, clock_mhz: int, memory_bytes: int,
               boot_loader: bytes) -> SocParams:
        """The SoC for this board; ``ValueError`` says what cannot be."""
        maker = ecp5_pll if self.toolchain is Toolchain.ECP5 else mmcm
        maker.dividers(self.oscillator_mhz, clock_mhz)
        clock_hz = clock_mhz * 1_000_000
        return configuration(
            config, harts=harts, clock_hz=clock_hz, timebase_hz=gcd(clock_hz, TIMEBASE_HZ),
            l2_bytes=self.l2_bytes, dram_bytes=memory_bytes, boot_loader=boot_loader)
