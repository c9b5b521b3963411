"""Bus-functional models of both sides of the L2: memory behind a DRAM port, a hart's coherent port.

They drive after a falling edge (``drive``) and sample before the clock rises (``sample``). A bench
with several models calls all ``drive``, waits for ReadOnly, then calls all ``sample``.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from cocotb.triggers import FallingEdge, ReadOnly

from hdl.bus.coherent import AmoOp, MemOp, MemSource

ONES = (1 << 64) - 1


def _cut(payload: int, *widths: int) -> list[int]:
    """Splits a packed structure into its fields, least significant first."""
    fields = []
    for width in widths:
        fields.append(payload & (1 << width) - 1)
        payload >>= width
    return fields


def _pack(*fields: tuple[int, int]) -> int:
    payload, at = 0, 0
    for value, width in fields:
        payload |= value << at
        at += width
    return payload


class DramModel:
    """Memory behind the initiator port ``name`` of the design; words are 8 bytes by dword number.

    ``latency`` returns the cycles from the acceptance of a read to its first dword (at least 1).
    ``pause`` makes gaps between dwords and delays acceptance. Words never written have the value
    ``background(number)``.
    """

    def __init__(self, dut, name: str, latency: Callable[[], int], pause: Iterator[bool],
                 line_bytes: int = 64, paddr_bits: int = 32,
                 background: Callable[[int], int] = lambda number: 0) -> None:
        self.dut, self.latency, self.pause, self.background = dut, latency, pause, background
        self.beats, self.paddr_bits = line_bytes // 8, paddr_bits
        self.words: dict[int, int] = {}
        self.reads: list[int] = []  # dword numbers of the read requests, in order
        self.written: list[int] = []  # dword numbers in the order of the writes
        self.accepted = False  # a request was accepted in this cycle
        self._valid, self._ready, self._payload = (
            getattr(dut, f"{name}__request__{part}") for part in ("valid", "ready", "payload"))
        self._w_valid, self._w_ready, self._w_payload = (
            getattr(dut, f"{name}__wdata__{part}") for part in ("valid", "ready", "payload"))
        self._r_valid, self._r_data = (
            getattr(dut, f"{name}__rdata__{part}") for part in ("valid", "data"))
        self._answers: list[int] = []
        self._expected: list[int] = []  # dword numbers that wdata will carry
        self._wait = 0
        self._is_ready = self._takes = False
        for signal in (self._ready, self._w_ready, self._r_valid, self._r_data):
            signal.value = 0

    def read(self, number: int) -> int:
        return self.words[number] if number in self.words else self.background(number)

    def drive(self) -> None:
        give = False
        if self._answers:
            if self._wait > 0:
                self._wait -= 1
            give = self._wait == 0 and not next(self.pause)
        self._r_valid.value = int(give)
        if give:
            self._r_data.value = self._answers.pop(0)
        idle = not self._answers and not self._expected and not give
        self._is_ready = idle and not next(self.pause)
        self._ready.value = int(self._is_ready)
        self._takes = bool(self._expected) and not next(self.pause)
        self._w_ready.value = int(self._takes)

    def sample(self) -> None:
        self.accepted = False
        if self._takes and int(self._w_valid.value):
            number = self._expected.pop(0)
            self.words[number] = int(self._w_payload.value)
            self.written.append(number)
        if self._is_ready and int(self._valid.value):
            self.accepted = True
            write, addr = _cut(int(self._payload.value), 1, self.paddr_bits)
            first = addr // 8
            start = first - first % self.beats
            if write:
                self._expected = list(range(start, start + self.beats))
            else:
                self.reads.append(first)
                self._answers = [self.read(start + (first + beat) % self.beats)
                                 for beat in range(self.beats)]
                self._wait = self.latency()

    async def run(self) -> None:
        """Runs the model alone, for a bench without other models in step."""
        while True:
            self.drive()
            await ReadOnly()
            self.sample()
            await FallingEdge(self.dut.clk)


@dataclass(frozen=True)
class MemRequest:
    """A request on the coherent port."""

    op: MemOp
    addr: int
    data: int = 0
    mask: int = 0
    amo: AmoOp = AmoOp.SWAP
    source: MemSource = MemSource.DATA

    def pack(self, paddr_bits: int) -> int:
        return _pack((self.op.value, 3), (self.amo.value, 4), (self.source.value, 2),
                     (self.addr, paddr_bits), (self.data, 64), (self.mask, 8))

    @classmethod
    def unpack(cls, payload: int, paddr_bits: int) -> "MemRequest":
        op, amo, source, addr, data, mask = _cut(payload, 3, 4, 2, paddr_bits, 64, 8)
        return cls(MemOp(op), addr, data, mask, AmoOp(amo), MemSource(source))


@dataclass(frozen=True)
class MemResponse:
    source: MemSource
    data: int
    last: bool


def merged(old: int, data: int, mask: int) -> int:
    """Returns the dword after a write of the bytes of ``mask``."""
    bits = sum(0xFF << 8 * byte for byte in range(8) if mask >> byte & 1)
    return old & ~bits | data & bits


def amo_result(op: AmoOp, old: int, operand: int, mask: int) -> int:
    """Returns the dword after an atomic operation on the word or dword that ``mask`` selects."""
    shift, bits = {0x0F: (0, 32), 0xF0: (32, 32), 0xFF: (0, 64)}[mask]
    a, b = (value >> shift & (1 << bits) - 1 for value in (old, operand))

    def number(value: int) -> int:
        return value - (1 << bits) if value >> bits - 1 else value

    new = {
        AmoOp.SWAP: lambda: b,
        AmoOp.ADD: lambda: a + b,
        AmoOp.XOR: lambda: a ^ b,
        AmoOp.AND: lambda: a & b,
        AmoOp.OR: lambda: a | b,
        AmoOp.MIN: lambda: min(a, b, key=number),
        AmoOp.MAX: lambda: max(a, b, key=number),
        AmoOp.MINU: lambda: min(a, b),
        AmoOp.MAXU: lambda: max(a, b),
    }[op]() & (1 << bits) - 1
    return merged(old, new << shift, mask)


class CoherentInitiator:
    """A hart at the target port ``name`` of the design. Sends ``queue`` and shows the answers.

    After ``sample``: ``accepted`` is the request accepted in this cycle, ``response`` the response,
    ``write_done`` and ``invalidated`` (a line number) the events of this cycle.
    """

    def __init__(self, dut, name: str, pause: Iterator[bool], paddr_bits: int = 32) -> None:
        self.pause, self.paddr_bits = pause, paddr_bits
        self.queue: list[MemRequest] = []
        self.accepted: MemRequest | None = None
        self.response: MemResponse | None = None
        self.write_done = False
        self.invalidated: int | None = None
        self.waited = 0  # cycles that the present request has waited
        self._offered = False
        self._valid, self._ready, self._payload = (
            getattr(dut, f"{name}__request__{part}") for part in ("valid", "ready", "payload"))
        self._r_valid, self._r_payload = (
            getattr(dut, f"{name}__response__{part}") for part in ("valid", "p"))
        self._write_done = getattr(dut, f"{name}__write_done")
        self._i_valid, self._i_line = (
            getattr(dut, f"{name}__invalidate__{part}") for part in ("valid", "line"))
        self._valid.value = 0

    def drive(self) -> None:
        if self.accepted is not None or not self._offered:
            self._offered = bool(self.queue) and not next(self.pause)
            self._valid.value = int(self._offered)
            if self._offered:
                self._payload.value = self.queue[0].pack(self.paddr_bits)
                self.waited = 0

    def sample(self) -> None:
        self.accepted = self.response = self.invalidated = None
        if self._offered:
            if int(self._ready.value):
                self.accepted = self.queue.pop(0)
            else:
                self.waited += 1
        if int(self._r_valid.value):
            source, data, last = _cut(int(self._r_payload.value), 2, 64, 1)
            self.response = MemResponse(MemSource(source), data, bool(last))
        self.write_done = bool(int(self._write_done.value))
        if int(self._i_valid.value):
            self.invalidated = int(self._i_line.value)
