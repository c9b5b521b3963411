"""TAIC, the task-aware interrupt controller: usable alone, knows no SoC."""

from .params import TaicParams
from .registers import channel_registers, control_registers, queue_registers
from .taic import Taic

__all__ = ["Taic", "TaicParams", "channel_registers", "control_registers", "queue_registers"]
