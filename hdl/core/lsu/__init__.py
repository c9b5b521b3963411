"""The load/store unit: loads, stores, atomics and UIPI."""

from .lsu import Lsu

__all__ = ["Lsu"]
