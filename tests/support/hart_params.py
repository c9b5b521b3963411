"""Configurations of the hart with a memory map to test them on."""

from dataclasses import replace

from hdl.core import params
from hdl.core.params import HartParams, Region, RegionKind

REGIONS = (
    Region(0x0000_1000, 0xF000, RegionKind.ROM),
    Region(0x0010_0000, 0x1000, RegionKind.IO),
    Region(0x0200_0000, 0x1_0000, RegionKind.IO),
    Region(0x0C00_0000, 0x400_0000, RegionKind.IO),
    Region(0x1000_0000, 0x1000, RegionKind.IO),
    Region(0x8000_0000, 0x800_0000, RegionKind.MEMORY),
)
UINTC_BASE = 0x02F1_0000


def configuration(name: str) -> HartParams:
    """Returns the configuration ``name`` with ``REGIONS`` and the receivers at ``UINTC_BASE``."""
    return replace(params.configuration(name), regions=REGIONS, uintc_base=UINTC_BASE)
