"""PMP and physical memory attributes grant the rights of the privileged specification."""

import dataclasses
import os
import random

import cocotb
import pytest
from cocotb.triggers import FallingEdge, Timer

from hdl.core.mmu.protect import Protect, aligned_blocks
from tests.support.clock import start
from tests.support.hart_params import configuration
from tests.support.protection import Rights, pack_pmp, rights, some_page, some_pmps
from tests.support.run import run_cocotb

CONFIGURATIONS = {
    "default": configuration("default"),
    "wide": dataclasses.replace(configuration("full"), paddr_bits=39),
}


@cocotb.test()
async def agrees_with_model(dut):
    rng = random.Random(cocotb.RANDOM_SEED)
    params = CONFIGURATIONS[os.environ["PROTECT_CONFIGURATION"]]
    dut.check__valid.value = 0
    await start(dut)
    seen = set()
    for _ in range(150):
        entries = some_pmps(params, rng)
        dut.check__valid.value = 0
        dut.pmp.value = pack_pmp(entries)
        await FallingEdge(dut.clk)
        for _ in range(20):
            page, machine = some_page(params, rng), rng.random() < 0.5
            dut.check__valid.value = 1
            dut.check__page.value, dut.check__machine.value = page, machine
            cycles, abandoned = 1, False
            await Timer(1, "ns")
            while not dut.check__done.value:
                abandoned = rng.random() < 0.01
                if abandoned:
                    break
                assert cycles < params.pmp_entries, "no answer"
                await FallingEdge(dut.clk)
                cycles += 1
            else:
                found = Rights(*(
                    bool(getattr(dut, f"check__{name}").value) for name in ("r", "w", "x", "io")
                ))
                expected = rights(params, entries, page, machine)
                assert found == expected, f"page {page:#x} machine {machine} {entries}"
                seen.add(found)
            await FallingEdge(dut.clk)
            if abandoned or rng.random() < 0.5:
                dut.check__valid.value = 0
                await FallingEdge(dut.clk)
    assert len(seen) >= 5, "too few kinds of rights to mean anything"


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_protect(name, monkeypatch):
    monkeypatch.setenv("PROTECT_CONFIGURATION", name)
    run_cocotb(Protect(CONFIGURATIONS[name]), __name__, f"protect_{name}")


def test_aligned_blocks_are_aligned_and_cover():
    rng = random.Random(1)
    for _ in range(200):
        first, count = rng.randrange(1 << 12), rng.randrange(1, 1 << 12)
        blocks = list(aligned_blocks(first, count))
        assert all(page % (1 << log2) == 0 for page, log2 in blocks)
        covered = [page + n for page, log2 in blocks for n in range(1 << log2)]
        assert covered == list(range(first, first + count))
