"""The first-level TLB finds the latest fill for a page and no dropped entry."""

import os
import random
from dataclasses import dataclass

import cocotb
import pytest
from cocotb.triggers import FallingEdge, Timer

from hdl.core.mmu.tlb import MicroTlb
from hdl.core.mmu.translation import Mode, tlb_entry_layout
from hdl.core.params import configuration
from tests.support.clock import start
from tests.support.run import run_cocotb

PARAMS = configuration("default")
LAYOUT = tlb_entry_layout(PARAMS)
ENTRIES = (4, 8)
CYCLES = 5_000


@dataclass
class Entry:
    page: int
    mode: Mode
    asid: int
    value: int

    @property
    def everywhere(self) -> bool:
        return self.mode is not Mode.SV39 or bool(LAYOUT.from_bits(self.value).g)


class Model:
    """The oldest entry is first. ``None`` stands for an entry that was dropped alone."""

    def __init__(self, entries: int) -> None:
        self.slots: list[Entry | None] = [None] * entries

    def look_up(self, page: int, mode: Mode, asid: int) -> int | None:
        found = [
            entry.value for entry in self.slots
            if entry and entry.page == page and entry.mode is mode
            and (entry.everywhere or entry.asid == asid)
        ]
        assert len(found) <= 1, "the model holds a page twice"
        return found[0] if found else None

    def fill(self, entry: Entry) -> None:
        kept = [
            old if old and old.page % (1 << 14) != entry.page % (1 << 14) else None
            for old in self.slots[1:]
        ]
        self.slots = [*kept, entry]

    def flush(self) -> None:
        self.slots = [None] * len(self.slots)


def some_page(rng: random.Random) -> int:
    """Makes a few pages that differ in one bit."""
    return rng.choice([0, 0, 1, 2, 3]) | rng.choice([0, 0, 1 << rng.randrange(28)])


@cocotb.test()
async def agrees_with_model(dut):
    rng = random.Random(cocotb.RANDOM_SEED)
    model = Model(int(os.environ["TLB_ENTRIES"]))
    dut.fill.value = dut.flush.value = 0
    await start(dut)
    asid, settled, hits = 0, False, 0
    pages = [some_page(rng) for _ in range(12)]
    for cycle in range(CYCLES):
        if cycle % 100 == 0:
            pages = [some_page(rng) for _ in range(12)]
        if rng.random() < 0.05:
            asid, settled = rng.choice([0, 1, 0x100, 0x1FF]), False
        new = Entry(
            rng.choice(pages), rng.choice(list(Mode)),
            asid if rng.random() < 0.9 else rng.randrange(0x200), rng.getrandbits(LAYOUT.size),
        )
        fill, flush = rng.random() < 0.2, rng.random() < 0.01
        dut.asid.value = asid
        dut.fill.value, dut.flush.value = fill, flush
        dut.fill_page.value, dut.fill_mode.value = new.page, new.mode.value
        dut.fill_asid.value, dut.fill_entry.value = new.asid, new.value
        for _ in range(3):
            page, mode = rng.choice(pages), rng.choice(list(Mode))
            dut.page.value, dut.mode.value = page, mode.value
            await Timer(1, "ns")
            if settled:
                expected = model.look_up(page, mode, asid)
                assert bool(dut.hit.value) == (expected is not None), f"cycle {cycle}: hit"
                if expected is not None:
                    assert int(dut.entry.value) == expected, f"cycle {cycle}: entry"
                    hits += 1
        await FallingEdge(dut.clk)
        if fill:
            model.fill(new)
        if flush:
            model.flush()
        settled = True
    assert hits > CYCLES // 20, "too few hits to mean anything"


@pytest.mark.parametrize("entries", ENTRIES)
def test_tlb(entries, monkeypatch):
    monkeypatch.setenv("TLB_ENTRIES", str(entries))
    run_cocotb(MicroTlb(PARAMS, entries), __name__, f"tlb_{entries}")
