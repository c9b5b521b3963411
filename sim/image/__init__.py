"""Bootable images: ELF files that combine programs built before."""
