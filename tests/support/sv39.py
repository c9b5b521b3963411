"""Model of Sv39 translation, random page tables, and their memory."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import Enum, auto

from hdl.bus.coherent import MEM_RESPONSE, MemOp, MemSource
from hdl.core.params import HartParams
from tests.support.memory import MemRequest

V, R, W, X, U, G, A, D = (1 << bit for bit in range(8))
LEVELS, PTESIZE, PAGESIZE = 3, 8, 4096


class Fault(Enum):
    PAGE = auto()
    ACCESS = auto()


@dataclass(frozen=True)
class Leaf:
    """The result of a walk: flags of the leaf, page and level. ``everywhere`` is the global bit."""

    flags: int
    ppn: int
    level: int
    everywhere: bool


def walk(va: int, satp_ppn: int, read: Callable[[int], int],
         readable: Callable[[int], bool]) -> Leaf | Fault:
    """The algorithm of the privileged specification, without the check of permissions.

    ``read`` returns the dword at a physical address. ``readable`` tells if PMP and physical memory
    attributes let the walker read it. N, PBMT and the reserved bits must be 0. Software manages A
    and D. The caller checks D.
    """
    # Sv39: "bits 63-39 all equal to bit 38, or else a page-fault exception will occur".
    if va >> 38 not in (0, (1 << 26) - 1):
        return Fault.PAGE
    vpn = [va >> 12 + 9 * level & 0x1FF for level in range(LEVELS)]
    everywhere = False
    # 1. Let a be satp.ppn x PAGESIZE, and let i = LEVELS - 1.
    a, i = satp_ppn * PAGESIZE, LEVELS - 1
    while True:
        # 2. Let pte be the value of the PTE at address a + va.vpn[i] x PTESIZE. If accessing pte
        # violates a PMA or PMP check, raise an access-fault exception.
        address = a + vpn[i] * PTESIZE
        if not readable(address):
            return Fault.ACCESS
        pte = read(address)
        # 3. If pte.v = 0, or if pte.r = 0 and pte.w = 1, or if any bits or encodings that are
        # reserved for future standard use are set within pte, stop and raise a page-fault.
        if not pte & V or (not pte & R and pte & W) or pte >> 54:
            return Fault.PAGE
        everywhere = everywhere or bool(pte & G)
        ppn = pte >> 10 & (1 << 44) - 1
        # 4. If pte.r = 1 or pte.x = 1, go to step 5. Otherwise, this PTE is a pointer to the next
        # level. Let i = i - 1. If i < 0, raise a page-fault. Otherwise let a = pte.ppn x PAGESIZE.
        if pte & (R | X):
            break
        if pte & (D | A | U):  # "For non-leaf PTEs, the D, A, and U bits are reserved"
            return Fault.PAGE
        i -= 1
        if i < 0:
            return Fault.PAGE
        a = ppn * PAGESIZE
    # 6. If i > 0 and pte.ppn[i-1:0] != 0, this is a misaligned superpage; raise a page-fault.
    if ppn % (1 << 9 * i):
        return Fault.PAGE
    # 7. If pte.a = 0 (or a store and pte.d = 0), raise a page-fault exception.
    if not pte & A:
        return Fault.PAGE
    # 8. If i > 0, then this is a superpage translation and pa.ppn[i-1:0] = va.vpn[i-1:0].
    return Leaf(pte & 0xFF, ppn | va >> 12 & (1 << 9 * i) - 1, i, everywhere)


@dataclass
class RandomTables:
    """A memory full of page tables. They are made up on their first read.

    Roots, level 1 and level 0 tables are separate, so that a walk does not read one entry twice.
    Entries are mostly valid. Most invalid entries differ from a valid one in a single bit.
    """

    params: HartParams
    rng: random.Random
    base: int  # first page
    spoilt: float = 0.1
    superpages: float = 0.25  # share of the entries above level 0
    words: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.tables = [[self.base + (level << 6) + n * 7 for n in range(3)] for level in range(3)]

    @property
    def roots(self) -> list[int]:
        return self.tables[2]

    def read(self, address: int) -> int:
        address &= ~7
        if address not in self.words:
            self.words[address] = self.some_pte(address)
        return self.words[address]

    def some_pte(self, address: int) -> int:
        rng, page = self.rng, address >> 12
        level = next((n for n, pages in enumerate(self.tables) if page in pages), 0)
        if level and rng.random() >= self.superpages:
            pte = rng.choice(self.tables[level - 1]) << 10 | V
        else:
            pte = self.some_leaf_page(level) << 10 | A | V
            pte |= rng.choice([R, R | W, R | W | D, X, R | X, R | W | X | D]) | rng.choice([0, U])
        pte |= rng.choice([0, 0, 0, G]) | rng.getrandbits(2) << 8
        choice = rng.random()
        if choice < self.spoilt:
            pte ^= 1 << rng.randrange(64)
        elif choice < self.spoilt * 1.2:
            pte = rng.getrandbits(64)
        return pte

    def some_leaf_page(self, level: int) -> int:
        region = self.rng.choice(self.params.regions)
        page = (region.base >> 12) + self.rng.randrange(-2, (region.size >> 12) + 2)
        if self.rng.random() < 0.05:
            page = self.rng.getrandbits(44)
        return page & ~((1 << 9 * level) - 1) if self.rng.random() < 0.95 else page


class WalkMemory:
    """Answers READ requests on the coherent port ``mem`` of the design after random times."""

    def __init__(self, dut, params: HartParams, read: Callable[[int], int],
                 pause: Iterator[bool]) -> None:
        self.dut, self.params, self.read, self.pause = dut, params, read, pause
        self.ready, self.address = False, None
        self.reads = 0
        dut.mem__response__valid.value = 0

    def drive(self) -> None:
        dut = self.dut
        self.ready = self.address is None and not next(self.pause)
        answer = self.address is not None and not next(self.pause)
        dut.mem__request__ready.value = self.ready
        dut.mem__response__valid.value = answer
        if answer:
            dut.mem__response__p.value = MEM_RESPONSE.const({
                "source": MemSource.WALKER, "data": self.read(self.address), "last": 1,
            }).as_value().value
            self.address = None

    def sample(self) -> None:
        if self.ready and self.dut.mem__request__valid.value:
            request = MemRequest.unpack(int(self.dut.mem__request__payload.value),
                                        self.params.paddr_bits)
            assert request.op is MemOp.READ and request.source is MemSource.WALKER
            self.address = request.addr
            self.reads += 1
