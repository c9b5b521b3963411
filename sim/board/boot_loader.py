"""The boot loader's image for the boot ROM."""

from pathlib import Path

from elftools.common.exceptions import ELFError
from elftools.elf.elffile import ELFFile

from sim.tools import MAKE_SW, PROGRAMS, ToolError
from soc.bootrom import LOADER_OFFSET
from soc.config import SocParams
from soc.memory_map import device

BOOT_LOADER = PROGRAMS / "boot.elf"


def boot_loader(path: Path = BOOT_LOADER) -> bytes:
    """Returns the bytes for ``SocParams.boot_loader``. Raises ``ToolError`` if the boot loader is
    not built, or is linked for another address than its place in the boot ROM."""
    if not path.exists():
        raise ToolError(f"{path} is missing: {MAKE_SW}")
    base = device(SocParams(), "bootrom").base + LOADER_OFFSET
    try:
        with path.open("rb") as file:
            elf = ELFFile(file)
            entry = elf["e_entry"]
            parts = [(s["p_paddr"], s.data()) for s in elf.iter_segments("PT_LOAD")]
    except ELFError:
        raise ToolError(f"{path} is not an ELF file: {MAKE_SW}") from None
    if entry != base or [address for address, _ in parts] != [base]:
        raise ToolError(f"{path} is not linked for {base:#x}: {MAKE_SW}")
    return parts[0][1]
