"""Parameters of a hart, and the named configurations."""

from dataclasses import dataclass, replace
from enum import Enum

PAGE_BITS = 12  # of an offset within a page of memory
PAGE_BYTES = 1 << PAGE_BITS
PC_BITS = 40  # a virtual address of Sv39 and one more bit, so that a non-canonical one is seen


class RegionKind(Enum):
    """What the physical memory attributes of a region allow."""

    MEMORY = "memory"  # cached; read, write, execute, atomics
    ROM = "rom"  # cached; read, execute
    IO = "io"  # uncached, strongly ordered; read, write


@dataclass(frozen=True)
class Region:
    """A region of physical addresses: base and size in bytes, both multiples of 4 KiB."""

    base: int
    size: int
    kind: RegionKind

    def __post_init__(self) -> None:
        if self.base % PAGE_BYTES or self.size % PAGE_BYTES or self.size <= 0:
            raise ValueError(
                f"Region must start and end on a 4 KiB page, not {self.base:#x}+{self.size:#x}"
            )


@dataclass(frozen=True)
class HartParams:
    """Everything that can be chosen about a hart.

    Sizes named ``_bytes`` are in bytes, ``_entries`` are counts. Addresses outside ``regions``
    raise access faults.
    """

    name: str = "default"
    reset_vector: int = 0x1000
    paddr_bits: int = 32  # implemented physical address bits; higher addresses fault
    asid_bits: int = 9
    icache_ways: int = 2
    icache_way_bytes: int = 8192
    dcache_ways: int = 2
    dcache_way_bytes: int = PAGE_BYTES  # at most a page: the index is the same virtual and physical
    line_bytes: int = 64
    itlb_entries: int = 16
    dtlb_entries: int = 8
    l2tlb_entries: int = 128  # direct-mapped, in block RAM
    btb_entries: int = 1024
    bht_entries: int = 8192  # two-bit counters
    history_bits: int = 11
    ras_entries: int = 8
    store_buffer_entries: int = 8
    pmp_entries: int = 8  # 4 KiB granularity
    hpm_counters: int = 4  # mhpmcounter3 and up
    fetch_queue_entries: int = 4  # of 8 bytes
    uintc_base: int = 0  # where UIPI finds the receivers; the system's, as regions
    uintc_receivers: int = 512
    rvfi: bool = False  # add the riscv-formal port
    regions: tuple[Region, ...] = ()  # the system's; there is no memory map without one

    def __post_init__(self) -> None:
        for name in (
            "icache_way_bytes", "dcache_way_bytes", "line_bytes", "l2tlb_entries", "btb_entries",
            "bht_entries", "ras_entries", "store_buffer_entries", "fetch_queue_entries",
        ):
            value = getattr(self, name)
            if value < 1 or value & (value - 1):
                raise ValueError(f"{name} must be a power of two, not {value!r}")
        if self.dcache_way_bytes > PAGE_BYTES:
            raise ValueError(
                f"dcache_way_bytes must be at most {PAGE_BYTES} (index within a page), "
                f"not {self.dcache_way_bytes!r}"
            )
        if not 1 <= self.uintc_receivers <= 512:
            raise ValueError(f"uintc_receivers must be 1 to 512, not {self.uintc_receivers!r}")
        if not 32 <= self.paddr_bits < PC_BITS:
            raise ValueError(
                f"paddr_bits must be 32 to {PC_BITS - 1} (a pc has {PC_BITS} bits and a sign), "
                f"not {self.paddr_bits!r}"
            )
        if self.pmp_entries not in (0, 8, 16):
            raise ValueError(f"pmp_entries must be 0, 8 or 16, not {self.pmp_entries!r}")

    @property
    def line_beats(self) -> int:
        """Transfers of 8 bytes in a cache line."""
        return self.line_bytes // 8

    @property
    def ppn_bits(self) -> int:
        """Width of a physical page number."""
        return self.paddr_bits - PAGE_BITS


CONFIGURATIONS: dict[str, HartParams] = {
    "tiny": HartParams(
        name="tiny", icache_ways=1, icache_way_bytes=4096, dcache_ways=1, itlb_entries=8,
        dtlb_entries=4, l2tlb_entries=64, btb_entries=128, bht_entries=2048, history_bits=8,
        ras_entries=4,
        store_buffer_entries=4,
    ),
    "default": HartParams(),
    "full": HartParams(
        name="full", dcache_ways=4, icache_ways=2, icache_way_bytes=16384, itlb_entries=32,
        dtlb_entries=16, l2tlb_entries=512, btb_entries=2048, bht_entries=16384, history_bits=12,
        pmp_entries=16, store_buffer_entries=16, hpm_counters=8,
    ),
}


def configuration(name: str) -> HartParams:
    """The named configuration; ``ValueError`` names the ones there are."""
    try:
        return CONFIGURATIONS[name]
    except KeyError:
        known = ", ".join(CONFIGURATIONS)
        raise ValueError(f"no hart configuration {name!r}; there are {known}") from None


__all__ = ["CONFIGURATIONS", "PC_BITS", "HartParams", "Region", "RegionKind", "configuration",
           "replace"]
