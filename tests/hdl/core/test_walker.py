"""The walker follows the translation algorithm of the privileged specification."""

import random
from collections import Counter

import cocotb
from cocotb.triggers import FallingEdge, Timer

from hdl.core.mmu.translation import tlb_entry_layout
from hdl.core.mmu.walker import Walker
from tests.support.clock import start
from tests.support.hart_params import configuration
from tests.support.pauses import bursts, never, often
from tests.support.protection import Rights, rights, some_page
from tests.support.run import run_cocotb
from tests.support.sv39 import A, D, Fault, Leaf, R, RandomTables, U, V, W, WalkMemory, X, walk

PARAMS = configuration("default")
LAYOUT = tlb_entry_layout(PARAMS)
TABLES = 0x80100
WALKS = 300


class Checker:
    """Answers the walker's requests for rights. Some pages are forbidden, some are of a device."""

    def __init__(self, dut, rng: random.Random, pause) -> None:
        self.dut, self.pause = dut, pause
        kinds = {page: rng.random() for page in range(TABLES, TABLES + 256)}
        self.forbidden = {page for page, kind in kinds.items() if kind < 0.05}
        self.devices = {page for page, kind in kinds.items() if kind > 0.95}

    def rights(self, page: int, machine: bool) -> Rights:
        if page in self.forbidden and not machine:
            return Rights(False, False, False, False)
        if page in self.devices and not machine:
            return Rights(True, True, False, True)
        return rights(PARAMS, [], page, machine=True)

    def readable(self, address: int) -> bool:
        """Returns true if a page-table entry may be read there."""
        found = self.rights(address >> 12, False)
        return not address >> PARAMS.paddr_bits and found.r and not found.io

    def drive(self) -> None:
        self.dut.check__done.value = 0

    async def answer(self) -> None:
        """Answers within the cycle, because the answer depends on the request."""
        dut = self.dut
        if dut.check__valid.value and not next(self.pause):
            found = self.rights(int(dut.check__page.value), bool(dut.check__machine.value))
            dut.check__done.value = 1
            dut.check__r.value, dut.check__w.value = found.r, found.w
            dut.check__x.value, dut.check__io.value = found.x, found.io
            await Timer(1, "ns")


def some_page_number(rng: random.Random) -> int:
    """Makes values of vaddr[38:12] with few values of each part, so that walks share tables."""
    return sum(rng.choice([0, 1, 5, 0x1FF]) << 9 * level for level in range(3))


def expected_entry(outcome: Leaf, allowed: Rights) -> dict[str, int]:
    return {
        "ppn": outcome.ppn % (1 << PARAMS.ppn_bits),
        "r": bool(outcome.flags & R), "w": bool(outcome.flags & W and outcome.flags & D),
        "x": bool(outcome.flags & X), "u": bool(outcome.flags & U), "g": outcome.everywhere,
        "acc_r": allowed.r, "acc_w": allowed.w, "acc_x": allowed.x, "io": allowed.io,
    }


@cocotb.test()
@cocotb.parametrize(pauses=[never, often, bursts])
async def agrees_with_model(dut, pauses):
    rng = random.Random(cocotb.RANDOM_SEED)
    dut.start.value = 0
    await start(dut)
    seen = Counter()
    for number in range(WALKS):
        if number % 100 == 0:
            tables = RandomTables(PARAMS, rng, TABLES)
            memory = WalkMemory(dut, PARAMS, tables.read, pauses(rng))
            checker = Checker(dut, rng, pauses(rng))
        bare, machine = rng.random() < 0.1, rng.random() < 0.5
        page = some_page(PARAMS, rng) if bare else some_page_number(rng)
        root = rng.choice(tables.roots)
        if rng.random() < 0.05:
            root ^= 1 << rng.randrange(44)
        if bare:
            outcome = Leaf(V | R | W | X | U | A | D, page, 0, False)
        else:
            sign = 0x1FFFFFF << 39 if page >> 26 else 0
            outcome = walk(page << 12 | sign, root, tables.read, checker.readable)

        dut.start.value = 1
        dut.bare.value, dut.machine.value = bare, machine
        dut.page.value, dut.satp_ppn.value = page, root
        for _ in range(2000):
            memory.drive()
            checker.drive()
            await Timer(1, "ns")
            await checker.answer()
            memory.sample()
            if dut.done.value:
                break
            await FallingEdge(dut.clk)
            dut.start.value = 0
        else:
            raise AssertionError("the walk has no end")

        where = f"walk {number}: page {page:#x} root {root:#x} bare {bare}: {outcome}"
        assert bool(dut.page_fault.value) == (outcome is Fault.PAGE), where
        assert bool(dut.access_fault.value) == (outcome is Fault.ACCESS), where
        if isinstance(outcome, Leaf):
            allowed = Rights(False, False, False, False)
            if not outcome.ppn >> PARAMS.ppn_bits:
                allowed = checker.rights(outcome.ppn, bare and machine)
            entry = LAYOUT.from_bits(int(dut.entry.value))
            found = {name: int(entry[name]) for name, _ in LAYOUT}
            assert found == expected_entry(outcome, allowed), where
            assert bool(dut.superpage.value) == (outcome.level > 0), where
            seen[f"leaf {outcome.level}"] += 1
        else:
            seen[outcome] += 1
        await FallingEdge(dut.clk)
    dut._log.info("outcomes: %s", dict(seen))
    assert len(seen) == 5 and min(seen.values()) >= WALKS // 100, f"too one-sided: {seen}"


def test_walker():
    run_cocotb(Walker(PARAMS), __name__, "walker")
