"""The second-level TLB finds the latest fill for a page, with any mix of address spaces."""

import random
from collections import defaultdict
from itertools import product

import cocotb
from cocotb.triggers import FallingEdge, Timer

from hdl.core.mmu.l2tlb import SPREAD_BITS, VPN_BITS, L2Tlb
from hdl.core.mmu.translation import TlbFlush, tlb_entry_layout
from hdl.core.params import configuration
from tests.support.clock import start
from tests.support.run import run_cocotb

PARAMS = configuration("default")
INDEX_BITS = (PARAMS.l2tlb_entries - 1).bit_length()
G = tlb_entry_layout(PARAMS)["g"].offset
ROUNDS = 2_000
STEP = 1 << (INDEX_BITS - SPREAD_BITS)  # between the places that a page may have
PLACES = 1 << SPREAD_BITS


class Bench:
    def __init__(self, dut) -> None:
        self.dut = dut

    async def start(self) -> None:
        dut = self.dut
        for port in (dut.read, dut.fill, dut.superpage, dut.flush, dut.page, dut.asid,
                     dut.fill_entry):
            port.value = 0
        await start(dut)
        for _ in range(2 * PARAMS.l2tlb_entries):
            await FallingEdge(dut.clk)

    async def fill(self, page: int, asid: int, entry: int, superpage: int = 0) -> None:
        dut = self.dut
        dut.superpage.value = superpage
        dut.page.value, dut.asid.value, dut.fill_entry.value, dut.fill.value = page, asid, entry, 1
        await FallingEdge(dut.clk)
        dut.fill.value = 0
        await FallingEdge(dut.clk)

    async def flush(self, page: int | None) -> None:
        """Flushes a page, or all; returns when the flush takes effect."""
        request = TlbFlush.const({"valid": 1, "all": page is None, "page": page or 0})
        self.dut.flush.value = request.as_value().value
        await FallingEdge(self.dut.clk)
        self.dut.flush.value = 0

    async def wait(self, cycles: int) -> None:
        for _ in range(cycles):
            await FallingEdge(self.dut.clk)

    async def look_up(self, page: int, asid: int) -> int | None:
        dut = self.dut
        dut.page.value, dut.asid.value, dut.read.value = page, asid, 1
        await FallingEdge(dut.clk)
        dut.read.value = 0
        await Timer(1, "ns")
        found = int(dut.entry.value) if int(dut.hit.value) else None
        await FallingEdge(dut.clk)
        return found


@cocotb.test()
async def a_page_of_all_spaces_is_not_taken_for_another(dut):
    """A page with the same index in another address space is not mistaken for it."""
    bench = Bench(dut)
    await bench.start()
    for half, asid, other in product((0, 1 << VPN_BITS - 1), (0, 1, 5), range(PLACES)):
        page = half | 5
        await bench.fill(page, asid, 1 << G | 0x1234)
        assert await bench.look_up(page, asid) == 1 << G | 0x1234
        for difference in range(1, PLACES):
            found = await bench.look_up(page ^ difference * STEP, other)
            assert found is None, f"page {difference * STEP:#x} away, address space {other}"


@cocotb.test()
async def agrees_with_model(dut):
    rng = random.Random(cocotb.RANDOM_SEED)
    bench = Bench(dut)
    await bench.start()
    filled: dict[int, list[int]] = defaultdict(list)
    pages = [rng.getrandbits(VPN_BITS) for _ in range(2)]
    pages += [page ^ 1 << rng.randrange(VPN_BITS) for page in pages for _ in range(6)]
    # A page is global, or it belongs to one address space.
    owners = {page: rng.choice([None, 0, 1, 2]) for page in pages}
    hits = 0
    for _ in range(ROUNDS):
        page = rng.choice(pages)
        owner = owners[page]
        asid = rng.randrange(10) if owner is None else owner
        if rng.random() < 0.3:
            entry = rng.getrandbits(G) | (owner is None) << G
            await bench.fill(page, asid, entry)
            filled[page].append(entry)
            assert await bench.look_up(page, asid) == entry
        else:
            found = await bench.look_up(page, asid)
            if found is None:
                continue
            hits += 1
            # A global page may be in several places. Each was right when it was filled.
            assert found in (filled[page] if owner is None else filled[page][-1:])
    assert hits > ROUNDS // 10, "too few hits to mean anything"


@cocotb.test()
async def a_flush_of_a_page_leaves_no_entry_of_it(dut):
    """In no address space, and it leaves the pages with another index."""
    bench = Bench(dut)
    await bench.start()
    for asid in range(PLACES):
        await bench.fill(5, asid, 0x100 | asid)
        await bench.fill(6, asid, 0x200 | asid)
    await bench.flush(5)
    assert await bench.look_up(6, 0) is None, "hits while a flush is under way"
    await bench.wait(PLACES)
    for asid in range(PLACES):
        assert await bench.look_up(5, asid) is None
        assert await bench.look_up(6, asid) == 0x200 | asid


@cocotb.test()
async def a_flush_of_all_leaves_nothing(dut):
    bench = Bench(dut)
    await bench.start()
    pages = range(2 * STEP)
    for page in pages:
        await bench.fill(page, 0, page)
    await bench.flush(None)
    await bench.fill(7, 0, 0x1234)  # lost: the flush is under way
    await bench.wait(PARAMS.l2tlb_entries)
    for page in pages:
        assert await bench.look_up(page, 0) is None


@cocotb.test()
async def a_flush_of_a_page_clears_all_if_its_half_has_superpages(dut):
    """Each part of a superpage must go, whichever page of it is named."""
    bench = Bench(dut)
    await bench.start()
    other_half = 1 << VPN_BITS - 1
    for half, flushed in product((0, other_half), repeat=2):
        part, small = half | 0x209, 0x30A
        await bench.fill(part, 0, 0x11, superpage=1)
        await bench.fill(small, 0, 0x22)
        await bench.flush(flushed | 0x201)
        await bench.wait(PARAMS.l2tlb_entries)
        goes = half == flushed
        assert await bench.look_up(part, 0) == (None if goes else 0x11)
        assert await bench.look_up(small, 0) == (None if goes else 0x22)
        await bench.flush(None)
        await bench.wait(PARAMS.l2tlb_entries)


def test_l2tlb():
    run_cocotb(L2Tlb(PARAMS), __name__, "l2tlb")
