"""Boot images for the SPI flash of a board, from ELF files."""

from pathlib import Path

from sim.board.loader import read_regions
from sim.model.elf import BadImage, Program
from soc.boot_image import boot_image
from soc.config import DRAM_BASE, SocParams

OWN_BYTES = 8192  # at the end of DRAM; the boot loader uses them while it loads


def flash_image(path: Path, params: SocParams) -> bytes:
    """Returns the flash contents for a SoC with ``params``. Raises ``BadImage``."""
    program = Program.load(path, memory_bytes=params.dram_bytes - OWN_BYTES)
    if program.entry != DRAM_BASE:
        raise BadImage(f"entry {program.entry:#x} is not the start of the memory "
                       f"({DRAM_BASE:#x}), where the boot loader starts programs")
    return boot_image(program.entry, (
        (region.address, region.data, region.length)
        for region in sorted(read_regions(program), key=lambda region: region.address)))
