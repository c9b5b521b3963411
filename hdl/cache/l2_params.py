"""Parameters of the shared L2 cache."""

from dataclasses import dataclass

from amaranth.lib import data, wiring
from amaranth.lib.wiring import Out

from hdl.bus.coherent import AmoOp, MemOp, MemSource


def _log2(value: int) -> int:
    return value.bit_length() - 1


@dataclass(frozen=True)
class L2Params:
    """Everything that can be chosen about the L2 cache.

    ``ports`` is the number of harts, ``size_bytes`` the capacity of all ways together.
    """

    ports: int = 1
    paddr_bits: int = 32
    line_bytes: int = 64
    ways: int = 4
    size_bytes: int = 65536

    def __post_init__(self) -> None:
        if not 1 <= self.ports <= 4:
            raise ValueError(f"ports must be 1 to 4, not {self.ports!r}")
        for name, least in (("line_bytes", 32), ("ways", 2), ("size_bytes", 256)):
            value = getattr(self, name)
            if value < least or value & (value - 1):
                raise ValueError(f"{name} must be a power of two from {least} up, not {value!r}")
        if self.size_bytes < 2 * self.ways * self.line_bytes:
            raise ValueError(
                f"size_bytes must be at least two sets of {self.ways} lines of "
                f"{self.line_bytes} bytes, not {self.size_bytes!r}"
            )
        if self.paddr_bits <= self.offset_bits + self.set_bits:
            raise ValueError(f"paddr_bits must exceed the index of the cache, not "
                             f"{self.paddr_bits!r}")

    @property
    def beats(self) -> int:
        """Dwords in a line."""
        return self.line_bytes // 8

    @property
    def beat_bits(self) -> int:
        return _log2(self.beats)

    @property
    def offset_bits(self) -> int:
        return _log2(self.line_bytes)

    @property
    def sets(self) -> int:
        return self.size_bytes // (self.ways * self.line_bytes)

    @property
    def set_bits(self) -> int:
        return _log2(self.sets)

    @property
    def way_bits(self) -> int:
        return _log2(self.ways)

    @property
    def line_bits(self) -> int:
        """Width of a line number: a physical address without the offset in the line."""
        return self.paddr_bits - self.offset_bits

    @property
    def tag_bits(self) -> int:
        return self.line_bits - self.set_bits


class PerformedSignature(wiring.Signature):
    """Writes in the order in which the L2 performs them: for verification, without backpressure.

    ``port`` is one-hot, and 0 in a cycle without a write. Bytes of ``data`` that ``mask`` does not
    select have no meaning. ``atomic``: an SC that succeeds, or an AMO with its result.
    """

    def __init__(self, params: "L2Params") -> None:
        super().__init__({
            "port": Out(params.ports),
            "atomic": Out(1),
            "addr": Out(params.paddr_bits),
            "data": Out(64),
            "mask": Out(8),
        })


def access_layout(params: L2Params) -> data.StructLayout:
    """One dword access in the pipe. A READ_LINE makes one for each dword."""
    return data.StructLayout({
        "port": params.ports,  # one-hot
        "op": MemOp,
        "amo": AmoOp,
        "source": MemSource,
        "dword": params.beat_bits,
        "set": params.set_bits,
        "tag": params.tag_bits,
        "data": 64,
        "mask": 8,
        "beat": params.beat_bits,  # position in a READ_LINE
        "first": 1,
        "last": 1,
    })
