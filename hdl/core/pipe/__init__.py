"""The pipeline from decode to writeback, with its arithmetic units."""

from .pipeline import Pipeline

__all__ = ["Pipeline"]
