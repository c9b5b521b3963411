"""The description of a board: its platform, clocks, lights, and the SoC for it."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from math import gcd

from amaranth.build.plat import Platform
from amaranth.lib import wiring

from soc.config import SocParams, configuration

from . import ecp5_pll, mmcm
from .litedram_core import SdramChips
from .sdram_pads import CLOCK_LATE_NS

TIMEBASE_HZ = 10_000_000  # or less, if it does not divide the clock
# Offset of a boot image in the flash, behind the bitstream, which begins at 0. The largest
# bitstream (LFE5U-85F, not compressed) has less than 2 MiB.
FLASH_IMAGE = 2 << 20


class Toolchain(Enum):
    """The toolchain that makes the bitstream."""

    ECP5 = "Yosys and nextpnr"
    VIVADO = "Vivado"


@dataclass(frozen=True)
class Pin:
    """A pin of a platform's resource, or of its subsignal ``field``."""

    resource: str
    number: int = 0
    field: str = ""


@dataclass(frozen=True)
class Board:
    """A board, and the defaults for its SoC.

    ``device`` holds the options of nextpnr that select the FPGA. ``lights`` are the pins for the
    low bits of ``Lights``. ``programmer`` is the board's name for openFPGALoader. Main memory is
    the board's ``sdram`` if it has the size of that, otherwise block RAM. ``flash`` names the
    resource of the SPI flash that configures the FPGA, if programs can be started from it.
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
    l2_bytes: int = 32 * 1024  # block RAM behind it is as fast
    device: tuple[str, ...] = ()
    sdram: SdramChips | None = None
    flash: str | None = None

    def clock(self, mhz: int) -> wiring.Component:
        """The component that makes the clock of the SoC. ``ValueError`` if it cannot.

        On boards with SDRAM it has a port ``late`` for the clock of the chip.
        """
        if self.toolchain is Toolchain.ECP5:
            return ecp5_pll.Ecp5Pll(input_mhz=self.oscillator_mhz, output_mhz=mhz,
                                    late_degrees=360 * CLOCK_LATE_NS * mhz / 1000)
        return mmcm.Mmcm(input_mhz=self.oscillator_mhz, output_mhz=mhz)

    def sdram_for(self, params: SocParams) -> SdramChips | None:
        """The SDRAM, if it is the main memory of a SoC with ``params``."""
        if self.sdram and params.dram_bytes == self.sdram.size_bytes:
            return self.sdram
        return None

    def params(self, *, config: str, harts: int, clock_mhz: int, memory_bytes: int,
               boot_loader: bytes) -> SocParams:
        """The SoC for this board. ``ValueError`` names an impossible parameter."""
        maker = ecp5_pll if self.toolchain is Toolchain.ECP5 else mmcm
        maker.dividers(self.oscillator_mhz, clock_mhz)
        clock_hz = clock_mhz * 1_000_000
        return configuration(
            config, harts=harts, clock_hz=clock_hz, timebase_hz=gcd(clock_hz, TIMEBASE_HZ),
            l2_bytes=self.l2_bytes, dram_bytes=memory_bytes, boot_loader=boot_loader,
            flash_image=FLASH_IMAGE if self.flash else None)
