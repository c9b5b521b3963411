"""Translation and protection: TLBs, walker, PMP and PMA."""

from .mmu import Mmu

__all__ = ["Mmu"]
