"""UINTC, the user-interrupt controller: usable alone, knows no SoC."""

from .params import UintcParams
from .registers import uintc_registers
from .uintc import Uintc

__all__ = ["Uintc", "UintcParams", "uintc_registers"]
