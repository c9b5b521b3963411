"""Parameters of a SoC, and the named configurations."""

from dataclasses import dataclass, field, replace

from hdl.core.params import CONFIGURATIONS as HART_CONFIGURATIONS
from hdl.core.params import PAGE_BYTES, HartParams
from hdl.taic import TaicParams

# Where main memory begins in every SoC: programs are linked for it, and the boot ROM jumps there
# unless it is told otherwise.
DRAM_BASE = 0x8000_0000


@dataclass(frozen=True)
class SocParams:
    """Everything that can be chosen about a SoC. The addresses are those of ``soc.memory_map``.

    ``hart.regions`` is replaced by the regions of the memory map. ``harts``, ``ports`` and
    ``lines`` of ``taic`` are replaced by the numbers of harts and interrupt sources.
    """

    name: str = "default"
    harts: int = 2
    hart: HartParams = field(default_factory=HartParams)
    l2_bytes: int = 128 * 1024
    l2_ways: int = 4
    clock_hz: int = 100_000_000
    timebase_hz: int = 10_000_000  # of mtime and the time CSR; divides clock_hz
    dram_bytes: int = 128 << 20
    uintc_receivers: int = 512
    taic: TaicParams | None = field(default_factory=TaicParams)  # None: no TAIC
    plic_sources: int = 32  # interrupt sources, including the unused source 0
    uart_baud: int = 115_200  # after reset
    flash_image: int | None = None  # offset of a boot image in the SPI flash; None: no flash
    boot_window_ms: int = 500  # wait of the boot loader for the host before it uses the flash
    boot_loader: bytes = b""  # started by the boot ROM; if empty, it starts the DRAM
    entry_port: bool = False  # a port has the address that a boot ROM without loader jumps to

    def __post_init__(self) -> None:
        if not 1 <= self.harts <= 4:
            raise ValueError(f"harts must be 1 to 4, not {self.harts!r}")
        if self.timebase_hz <= 0 or self.clock_hz % self.timebase_hz:
            raise ValueError(f"timebase_hz must divide clock_hz ({self.clock_hz}), "
                             f"not {self.timebase_hz!r}")
        if self.dram_bytes <= 0 or self.dram_bytes % PAGE_BYTES:
            raise ValueError(f"dram_bytes must be whole pages of {PAGE_BYTES}, not "
                             f"{self.dram_bytes!r}")
        if self.entry_port and self.boot_loader:
            raise ValueError("a boot loader knows the entry of its program: no port for it")
        if DRAM_BASE + self.dram_bytes > 1 << self.hart.paddr_bits:
            raise ValueError(f"DRAM of {self.dram_bytes:#x} bytes at {DRAM_BASE:#x} does not "
                             f"fit into {self.hart.paddr_bits} address bits")

    @property
    def clocks_per_tick(self) -> int:
        return self.clock_hz // self.timebase_hz

    @property
    def uart_divisor(self) -> int:
        return max(1, round(self.clock_hz / (16 * self.uart_baud)))


CONFIGURATIONS: dict[str, SocParams] = {
    "tiny": SocParams(name="tiny", hart=HART_CONFIGURATIONS["tiny"], l2_bytes=32 * 1024, l2_ways=2,
                      taic=TaicParams(contexts=4, queues=4, tasks=256, channels=64)),
    "default": SocParams(),
    "full": SocParams(name="full", hart=HART_CONFIGURATIONS["full"], l2_bytes=256 * 1024),
}


def configuration(name: str, **changes) -> SocParams:
    """The named configuration with some parameters changed.

    ``ValueError`` for an unknown name lists the known ones.
    """
    if name not in CONFIGURATIONS:
        raise ValueError(f"no configuration {name!r}; there are {', '.join(CONFIGURATIONS)}")
    return replace(CONFIGURATIONS[name], **changes)


NO_TAIC = "-no-taic"  # suffix of the name of a configuration


def without_taic(params: SocParams) -> SocParams:
    """The same SoC without TAIC; its name gets the suffix ``NO_TAIC``."""
    return replace(params, name=f"{params.name}{NO_TAIC}", taic=None)
