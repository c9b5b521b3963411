"""Bootable images: programs that were built before, put into one ELF file."""
