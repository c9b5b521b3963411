"""Fetch: next address, L1I, ITLB, prediction, queue, alignment."""

from .frontend import Frontend

__all__ = ["Frontend"]
