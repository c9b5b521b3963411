"""A record in the boot ROM that describes the SoC to the boot loader and the host."""

import struct
from dataclasses import astuple, dataclass

from .config import DRAM_BASE, SocParams
from .memory_map import device

# Name, format (little-endian, without gaps) and meaning of each field, in this order.
FIELDS = (
    ("dram_base", "Q", "address of the DRAM"),
    ("dram_end", "Q", "address behind its last byte"),
    ("clock_hz", "I", "clock of the harts and devices"),
    ("timebase_hz", "I", "ticks of mtime a second"),
    ("flash_base", "I", "address of the reader of the SPI flash, 0 if there is none"),
    ("flash_image", "I", "where a boot image is in the flash"),
    ("boot_window", "I", "ticks of mtime to wait for the host before the flash is looked at"),
    ("harts", "B", "number of harts"),
    ("taic", "B", "1 if there is a TAIC"),
    ("name", "22s", "the configuration's name, filled up with zeros"),
)
FORMAT = struct.Struct("<" + "".join(form for _, form, _ in FIELDS))


@dataclass(frozen=True)
class BootInfo:
    """The record's fields."""

    dram_base: int
    dram_end: int
    clock_hz: int
    timebase_hz: int
    flash_base: int
    flash_image: int
    boot_window: int
    harts: int
    taic: bool
    name: str

    @classmethod
    def of(cls, params: SocParams) -> "BootInfo":
        has_flash = params.flash_image is not None
        return cls(
            dram_base=DRAM_BASE, dram_end=DRAM_BASE + params.dram_bytes,
            clock_hz=params.clock_hz, timebase_hz=params.timebase_hz,
            flash_base=device(params, "flash").base if has_flash else 0,
            flash_image=params.flash_image or 0,
            boot_window=params.timebase_hz * params.boot_window_ms // 1000,
            harts=params.harts, taic=params.taic is not None, name=params.name)

    @property
    def dram_bytes(self) -> int:
        return self.dram_end - self.dram_base

    def encode(self) -> bytes:
        *numbers, name = astuple(self)
        return FORMAT.pack(*numbers, name.encode())

    @classmethod
    def decode(cls, record: bytes) -> "BootInfo":
        """``ValueError`` if it is not such a record."""
        if len(record) != FORMAT.size:
            raise ValueError(f"the record has {len(record)} bytes, not {FORMAT.size}")
        *numbers, taic, name = FORMAT.unpack(record)
        return cls(*numbers, taic != 0, name.rstrip(b"\0").decode(errors="replace"))


def offsets() -> dict[str, int]:
    """The offset of each field in the record."""
    sizes = [struct.calcsize(f"<{form}") for _, form, _ in FIELDS]
    return {name: sum(sizes[:n]) for n, (name, _, _) in enumerate(FIELDS)}
