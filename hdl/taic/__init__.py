"""TAIC, the task-aware interrupt controller: usable alone, knows no SoC."""

from .params import TaicParams
from .registers import channel_registers, control_registers, queue_registers

__all__ = ["TaicParams", "channel_registers", "control_registers", "queue_registers"]
