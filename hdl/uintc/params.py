"""Parameters of the UINTC."""

from dataclasses import dataclass

from .layout import ENTRY_BYTES

HART_ID_BITS = 16
TABLE_BITS = 14  # of an address within the table: 512 entries of 32 bytes, whatever is built
ADDR_BITS = 15  # the table, and above it the error page
MAX_RECEIVERS = (1 << TABLE_BITS) // ENTRY_BYTES
MAX_HARTS = 16


@dataclass(frozen=True)
class UintcParams:
    """How many receivers there are entries for, and how many harts have a line."""

    receivers: int = 512
    harts: int = 1

    def __post_init__(self) -> None:
        if not 2 <= self.receivers <= MAX_RECEIVERS:
            raise ValueError(f"receivers must be 2 to {MAX_RECEIVERS}, not {self.receivers!r}")
        if not 1 <= self.harts <= MAX_HARTS:
            raise ValueError(f"harts must be 1 to {MAX_HARTS}, not {self.harts!r}")

    @property
    def index_bits(self) -> int:
        return (self.receivers - 1).bit_length()
