"""The second-level TLB finds the latest fill for a page, with any mix of address spaces."""

import random
from collections import defaultdict
from itertools import product

import cocotb
from cocotb.triggers import FallingEdge, Timer

from hdl.core.l2tlb import SPREAD_BITS, VPN_BITS, L2Tlb
from hdl.core.params import configuration
from hdl.core.translation import tlb_entry_layout
from tests.support.clock import start
from tests.support.run import run_cocotb

PARAMS = configuration("default")
INDEX_BITS = (PARAMS.l2tlb_entries - 1).bit_length()
G = tlb_entry_layout(PARAMS)["g"].offset
ROUNDS = 2_000


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

    async def fill(self, page: int, asid: int, entry: int) -> None:
        dut = self.dut
        dut.page.value, dut.asid.value, dut.fill_entry.value, dut.fill.value = page, asid, entry, 1
        await FallingEdge(dut.clk)
        dut.fill.value = 0
        await FallingEdge(dut.clk)

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
    step = 1 << (INDEX_BITS - SPREAD_BITS)
    for half, asid, other in product((0, 1 << VPN_BITS - 1), (0, 1, 5), range(1 << SPREAD_BITS)):
        page = half | 5
        await bench.fill(page, asid, 1 << G | 0x1234)
        assert await bench.look_up(page, asid) == 1 << G | 0x1234
        for difference in range(1, 1 << SPREAD_BITS):
            found = await bench.look_up(page ^ difference * step, other)
            assert found is None, f"page {difference * step:#x} away, address space {other}"


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


def test_l2tlb():
    run_cocotb(L2Tlb(PARAMS), __name__, "l2tlb")
