"""Models of both sides of the MMIO port. They drive after a falling edge and sample before a rising
edge."""

from collections.abc import Iterator
from dataclasses import dataclass

from cocotb.triggers import FallingEdge, ReadOnly


@dataclass(frozen=True)
class Request:
    write: bool
    addr: int
    size: int  # bytes
    data: int = 0  # right-aligned

    @property
    def lane(self) -> int:
        return self.addr % 8

    @property
    def mask(self) -> int:
        return (1 << self.size) - 1 << self.lane

    def pack(self, addr_bits: int) -> int:
        """Returns the payload of a request."""
        payload, at = 0, 0
        for value, bits in ((int(self.write), 1), (self.addr, addr_bits),
                            (self.size.bit_length() - 1, 2), (self.data << 8 * self.lane, 64),
                            (self.mask, 8)):
            payload |= value << at
            at += bits
        return payload

    @classmethod
    def unpack(cls, payload: int, addr_bits: int) -> "Request":
        write, addr = payload & 1, payload >> 1 & (1 << addr_bits) - 1
        size = 1 << (payload >> 1 + addr_bits & 3)
        data = payload >> 3 + addr_bits & (1 << 64) - 1
        return cls(bool(write), addr, size, data >> 8 * (addr % 8) & (1 << 8 * size) - 1)


class Refused(Exception):
    """A read was answered with ``error``."""


class Initiator:
    """A hart's MMIO port, for the target port ``name`` of the design."""

    def __init__(self, dut, name: str, addr_bits: int, pause: Iterator[bool]) -> None:
        self.dut, self.addr_bits, self.pause = dut, addr_bits, pause
        self.valid, self.ready, self.payload = (
            getattr(dut, f"{name}__request__{part}") for part in ("valid", "ready", "payload"))
        self.r_valid, self.r_payload = (
            getattr(dut, f"{name}__response__{part}") for part in ("valid", "p"))
        self.valid.value = 0
        self.accepted_after = self.answered_after = 0  # cycles of the last access

    async def write(self, addr: int, value: int, size: int = 4) -> None:
        await self._send(Request(True, addr, size, value))
        await FallingEdge(self.dut.clk)
        self.valid.value = 0

    async def read(self, addr: int, size: int = 4) -> int:
        """Returns the value read. Raises ``Refused``."""
        request = Request(False, addr, size)
        await self._send(request)
        self.answered_after = 0
        while not int(self.r_valid.value):
            await FallingEdge(self.dut.clk)
            self.valid.value = 0
            self.answered_after += 1
            assert self.answered_after < 1000, f"no answer to a read of {addr:#x}"
            await ReadOnly()
        response = int(self.r_payload.value)
        await FallingEdge(self.dut.clk)
        self.valid.value = 0
        if response >> 64:
            raise Refused(f"{addr:#x}, {size} bytes")
        return response >> 8 * request.lane & (1 << 8 * size) - 1

    async def refused(self, addr: int, size: int = 4) -> bool:
        """Returns true if a read is answered with ``error``."""
        try:
            await self.read(addr, size)
        except Refused:
            return True
        return False

    async def _send(self, request: Request) -> None:
        """Returns in the cycle of acceptance, before the clock edge."""
        while next(self.pause):
            await FallingEdge(self.dut.clk)
        self.valid.value = 1
        self.payload.value = request.pack(self.addr_bits)
        self.accepted_after = 0
        await ReadOnly()
        while not int(self.ready.value):
            self.accepted_after += 1
            assert self.accepted_after < 1000, f"{request} is not accepted"
            await FallingEdge(self.dut.clk)
            await ReadOnly()


class Target:
    """A device behind the initiator port ``name`` of the design. It calls ``serve(request)``.

    ``serve`` returns the dword that answers a read. Requests are accepted and answered after random
    pauses. An answer comes one cycle after the acceptance or later.
    """

    def __init__(self, dut, name: str, addr_bits: int, serve, ready_pause: Iterator[bool],
                 answer_pause: Iterator[bool]) -> None:
        self.dut, self.addr_bits, self.serve = dut, addr_bits, serve
        self.ready_pause, self.answer_pause = ready_pause, answer_pause
        self.valid, self.ready, self.payload = (
            getattr(dut, f"{name}__request__{part}") for part in ("valid", "ready", "payload"))
        self.r_valid, self.r_payload = (
            getattr(dut, f"{name}__response__{part}") for part in ("valid", "p"))
        self.ready.value = 0
        self.r_valid.value = 0
        self.r_payload.value = 0

    async def run(self) -> None:
        answer = offered = None
        while True:
            give = answer is not None and not next(self.answer_pause)
            self.r_valid.value = int(give)
            self.r_payload.value = answer if give else 0
            ready = not next(self.ready_pause)
            self.ready.value = int(ready)
            await ReadOnly()
            if give:
                answer = None
            valid, payload = int(self.valid.value), int(self.payload.value)
            assert offered is None or (valid and payload == offered), "request was not held"
            offered = payload if valid and not ready else None
            if valid:
                assert answer is None, "request while a read is outstanding"
            if valid and ready:
                request = Request.unpack(payload, self.addr_bits)
                value = self.serve(request)
                if not request.write:
                    answer = value
            await FallingEdge(self.dut.clk)
