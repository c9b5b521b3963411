"""Model of PMP and physical memory attributes, byte by byte, and random PMP configurations."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from hdl.core.mmu.translation import PmpEntry
from hdl.core.params import HartParams, RegionKind

OFF, TOR, NA4, NAPOT = range(4)
PMPADDR_BITS = 54


@dataclass(frozen=True)
class Pmp:
    r: int
    w: int
    x: int
    a: int
    lock: int
    addr: int


@dataclass(frozen=True)
class Rights:
    r: bool
    w: bool
    x: bool
    io: bool


def pack_pmp(entries: Sequence[Pmp]) -> int:
    """Returns the entries as the value of a port."""
    size = PmpEntry.as_shape().size
    return sum(
        PmpEntry.const(vars(entry)).as_value().value << size * number
        for number, entry in enumerate(entries)
    )


def matched_bytes(entry: Pmp, previous: Pmp | None) -> range:
    """Returns the physical addresses that an entry matches, with a grain of 4 KiB."""
    if entry.a == TOR:
        bottom = previous.addr >> 10 if previous else 0
        return range(bottom << 12, entry.addr >> 10 << 12)
    if entry.a == NAPOT:
        address = entry.addr | 0x1FF
        ones = 0
        while address >> ones & 1:
            ones += 1
        base = address >> ones << ones << 2
        return range(base, base + (1 << ones + 3))
    return range(0)


def pmp_rights(entries: Sequence[Pmp], address: int, machine: bool) -> tuple[bool, bool, bool]:
    previous = None
    for entry in entries:
        if address in matched_bytes(entry, previous):
            if machine and not entry.lock:
                return True, True, True
            return bool(entry.r), bool(entry.w), bool(entry.x)
        previous = entry
    allowed = machine or not entries
    return allowed, allowed, allowed


def rights(params: HartParams, entries: Sequence[Pmp], page: int, machine: bool) -> Rights:
    """Returns the permitted accesses to a physical page."""
    address = page << 12
    kind = None
    for region in params.regions:
        if region.base <= address < region.base + region.size:
            kind = region.kind
    if kind is None:
        return Rights(False, False, False, False)
    r, w, x = pmp_rights(entries, address, machine)
    return Rights(
        r, w and kind is not RegionKind.ROM, x and kind is not RegionKind.IO, kind is RegionKind.IO,
    )


def some_page(params: HartParams, rng: random.Random) -> int:
    """Draws a physical page, most likely near the edge of a region."""
    if rng.random() < 0.2:
        return rng.getrandbits(params.ppn_bits)
    region = rng.choice(params.regions)
    edge = rng.choice([region.base, region.base + region.size]) >> 12
    inward = rng.randrange(region.size >> 12)
    offset = rng.choice([-1, 0, 1, inward, -inward])
    return (edge + offset) % (1 << params.ppn_bits)


def some_pmp(params: HartParams, rng: random.Random) -> Pmp:
    address = some_page(params, rng) << 10 | rng.getrandbits(10)
    a = rng.choice([OFF, TOR, TOR, NA4, NAPOT, NAPOT, NAPOT])
    choice = rng.random()
    if a == NAPOT and choice < 0.7:
        address |= (1 << rng.randrange(params.ppn_bits + 11)) - 1
    elif choice > 0.95:
        address = rng.choice([(1 << PMPADDR_BITS) - 1, rng.getrandbits(PMPADDR_BITS)])
    r, x = rng.getrandbits(1), rng.getrandbits(1)
    return Pmp(r, r & rng.getrandbits(1), x, a, rng.getrandbits(1), address)


def some_pmps(params: HartParams, rng: random.Random) -> list[Pmp]:
    """Makes random entries. Often the upper entries are all off."""
    used = rng.randrange(params.pmp_entries + 1)
    off = Pmp(0, 0, 0, OFF, 0, 0)
    return [
        some_pmp(params, rng) if number < used else off for number in range(params.pmp_entries)
    ]
