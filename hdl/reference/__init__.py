"""The structure that the published TAIC has, for comparison of areas: not for use in a SoC."""

from .taic import ReferenceParams, ReferenceTaic

__all__ = ["ReferenceParams", "ReferenceTaic"]
