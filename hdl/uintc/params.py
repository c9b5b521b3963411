"""Parameters of the UINTC."""

from dataclasses import dataclass

from .layout import ENTRY_BYTES

HART_ID_BITS = 16
TABLE_BITS = 14  # of an address in the table, which always has room for 512 entries
ADDR_BITS = 15  # the table, then the error page
MAX_RECEIVERS = (1 << TABLE_BITS) // ENTRY_BYTES
MAX_HARTS = 16


@dataclass(frozen=True)
class UintcParams:
    """The number of receivers with an entry, and of harts with a line."""

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
