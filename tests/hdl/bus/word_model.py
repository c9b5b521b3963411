"""Accesses by data-bus words: golden model, toy device and random accesses."""

import random
from dataclasses import dataclass

from tests.support.mmio import Request

ADDR_BITS = 12
REFUSED = range(0xC00, 0x1000)  # here the device answers reads with an error
ERROR = 1 << 64


@dataclass(frozen=True)
class Access:
    write: bool
    addr: int
    strobe: int
    data: int = 0


class Device:
    """Memory that records its accesses. It is initially all 0."""

    def __init__(self):
        self.dwords, self.log = {}, []

    def serve(self, request: Request) -> int:
        """Returns the dword of the answer, with ``ERROR`` added for an error."""
        dword = request.addr // 8
        old = self.dwords.get(dword, 0)
        self.log.append((request.write, request.addr, request.size,
                         request.data if request.write else 0))
        if request.write:
            shift = 8 * (request.addr % 8)
            mask = (1 << 8 * request.size) - 1
            self.dwords[dword] = old & ~(mask << shift) | (request.data & mask) << shift
        return old | (ERROR if request.addr in REFUSED else 0)


class WordModel:
    """Models a data bus of ``data_bits`` bits and the device behind it."""

    def __init__(self, data_bits: int, paired: bool) -> None:
        self.bytes, self.paired, self.device = data_bits // 8, paired, Device()
        self.kept = {True: None, False: None}

    def access(self, access: Access) -> tuple[int, bool]:
        """Returns the word read (0 for a write, None if it does not matter), true for an error."""
        base = access.addr // self.bytes * self.bytes
        if access.strobe == 0:
            return 0, False
        if self.paired:
            return self._half(access, base)
        lanes = [i for i in range(self.bytes) if access.strobe >> i & 1]
        size = len(lanes)
        if lanes[-1] - lanes[0] + 1 != size or size not in (1, 2, 4, 8) or lanes[0] % size:
            return None, True
        value = access.data >> 8 * lanes[0] & (1 << 8 * size) - 1
        answer = self.device.serve(Request(access.write, base + lanes[0], size, value))
        if access.write:
            return 0, False
        return answer >> 8 * (base % 8) & (1 << 8 * self.bytes) - 1, bool(answer & ERROR)

    def _half(self, access: Access, base: int) -> tuple[int, bool]:
        dword, upper = base & ~7, base & 4
        if access.strobe != 0xF:
            return None, True
        if access.write and not upper:
            self.kept[True] = dword, access.data
            return 0, False
        if not access.write and not upper:
            answer = self.device.serve(Request(False, dword, 8))
            self.kept[False] = None if answer & ERROR else (dword, answer >> 32)
            return answer & 0xFFFF_FFFF, bool(answer & ERROR)
        if self.kept[access.write] is None or self.kept[access.write][0] != dword:
            return None, True
        _, other = self.kept[access.write]
        self.kept[access.write] = None
        if not access.write:
            return other, False
        self.device.serve(Request(True, dword, 8, access.data << 32 | other))
        return 0, False


def random_access(rng: random.Random, data_bits: int, paired: bool, last: Access | None) -> Access:
    """Makes mostly legal accesses at few addresses."""
    count = data_bits // 8
    everything = (1 << count) - 1
    size = 1 << rng.randrange(count.bit_length())
    strobe = rng.choices((((1 << size) - 1) << rng.randrange(0, count, size),
                          rng.randrange(1 << count), everything), (6, 2, 30 if paired else 2))[0]
    write = rng.random() < 0.5
    addr = rng.choice((0, 0x7F0, 0xBF8, 0xC00, 0xFF8)) + rng.randrange(8)
    if paired and last is not None and rng.random() < 0.6:  # the word after the previous one
        write, addr, strobe = last.write, (last.addr & ~3) + 4 & 0xFFF, everything
    return Access(write, addr, strobe, rng.getrandbits(data_bits))


def same(got: tuple[int, bool], wanted: tuple[int, bool], access: Access, data_bits: int) -> bool:
    """Returns true for a right answer. Only the requested bytes of a read without error count."""
    if got[1] != wanted[1]:
        return False
    if access.write or wanted[1]:
        return True
    mask = sum(0xFF << 8 * i for i in range(data_bits // 8) if access.strobe >> i & 1)
    return got[0] & mask == wanted[0] & mask
