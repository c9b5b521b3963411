"""Wishbone accesses reach the device correctly for any kind and timing of the initiator."""

import random

import cocotb
import pytest
from cocotb.triggers import FallingEdge, ReadOnly
from cocotbext.wishbone.driver import WBOp, WishboneMaster

from hdl.bus.wishbone import WishboneToMmio
from tests.hdl.bus.word_model import ADDR_BITS, Access, Device, WordModel, random_access, same
from tests.support.clock import cycles, start
from tests.support.mmio import Target
from tests.support.pauses import bursts, never, often
from tests.support.refuse import assert_refused
from tests.support.run import run_cocotb
from tests.support.wishbone import Wishbone


class Bench:
    def __init__(self, dut, *, pipelined=True, initiator_pause=never, device_pause=never):
        self.dut, self.rng = dut, random.Random(cocotb.RANDOM_SEED)
        self.data_bits = len(dut.wb__dat_w)
        self.paired = "paired" in cocotb.plusargs
        self.everything = (1 << self.data_bits // 8) - 1
        self.wb = Wishbone(dut, "wb__", pipelined=pipelined, pause=initiator_pause(self.rng))
        self.model, self.device = WordModel(self.data_bits, self.paired), Device()
        self.target = Target(dut, "mmio", ADDR_BITS, self.device.serve, device_pause(self.rng),
                             device_pause(self.rng))

    async def start(self):
        await start(self.dut)
        cocotb.start_soon(self.target.run())

    def some(self, count):
        last = None
        for _ in range(count):
            last = random_access(self.rng, self.data_bits, self.paired, last)
            yield last

    def check(self, accesses, answers):
        for n, (access, got) in enumerate(zip(accesses, answers, strict=True)):
            wanted = self.model.access(access)
            assert same(got, wanted, access, self.data_bits), (
                f"access {n}, {access}: {got}, not {wanted}")
        assert self.device.log == self.model.device.log


@cocotb.test()
@cocotb.parametrize(pipelined=[False, True], initiator_pause=[never, often, bursts],
                    device_pause=[never, often])
async def accesses_follow_the_model(dut, pipelined, initiator_pause, device_pause):
    bench = Bench(dut, pipelined=pipelined, initiator_pause=initiator_pause,
                  device_pause=device_pause)
    await bench.start()
    accesses = list(bench.some(200))
    bench.check(accesses, await bench.wb.run(accesses))


@cocotb.test()
async def a_foreign_model_gets_the_same_answers(dut):
    bench = Bench(dut, device_pause=often)
    master = WishboneMaster(dut, "wb_", dut.clk, timeout=100, signals_dict={
        "cyc": "cyc", "stb": "stb", "we": "we", "adr": "adr", "sel": "sel", "datwr": "dat_w",
        "datrd": "dat_r", "ack": "ack", "err": "err", "stall": "stall"})
    await bench.start()
    accesses = list(bench.some(150))
    results = await master.send_cycle([
        WBOp(adr=a.addr, dat=a.data if a.write else None, sel=a.strobe,
             idle=bench.rng.choice((0, 0, 3))) for a in accesses])
    bench.check(accesses, [(int(r.datrd), r.ack == 2) for r in results])


@cocotb.test()
async def every_size_costs_what_is_documented(dut):
    bench = Bench(dut, pipelined=False)
    if bench.paired:
        pytest.skip("without paired words only")
    await bench.start()
    for write, wanted in (True, 3), (False, 4):
        for size in (1, 2, 4, 8)[:bench.data_bits // 32 + 2]:
            before = cocotb.utils.get_sim_time("ns")
            await bench.wb.run([Access(write, 0x100, (1 << size) - 1, 0x55)] * 10)
            took = (cocotb.utils.get_sim_time("ns") - before) / 10
            assert took == 10 * wanted, f"{took / 10} cycles for {size} bytes, write {write}"


@cocotb.test()
@cocotb.parametrize(write=[False, True])
async def an_access_without_cyc_is_performed_but_not_answered(dut, write):
    bench = Bench(dut)
    if bench.paired:
        pytest.skip("without paired words only")
    bench.target.ready_pause = iter(lambda: True, None)
    await bench.start()
    bench.wb.put(Access(write, 0x40, bench.everything, 0x77))
    dut.wb__cyc.value = dut.wb__stb.value = 1
    await FallingEdge(dut.clk)
    dut.wb__cyc.value = dut.wb__stb.value = 0
    await cycles(dut, 5)
    task = cocotb.start_soon(bench.wb.run([Access(False, 0x48, bench.everything)]))
    await cycles(dut, 5)
    assert not task.done() and not bench.device.log
    bench.target.ready_pause = iter(lambda: False, None)
    bench.device.dwords[0x48 // 8] = 0x1234
    assert await task == [(0x1234, False)]
    assert [entry[:2] for entry in bench.device.log] == [(write, 0x40), (False, 0x48)]


@cocotb.test()
async def nothing_happens_without_both_cyc_and_stb(dut):
    bench = Bench(dut)
    await bench.start()
    bench.wb.put(Access(True, 0x40, bench.everything, 1))
    for cyc, stb in (0, 1), (1, 0):
        dut.wb__cyc.value, dut.wb__stb.value = cyc, stb
        for _ in range(5):
            await ReadOnly()
            assert not int(dut.wb__ack.value) and not int(dut.wb__err.value)
            await FallingEdge(dut.clk)
    assert not bench.device.log


@pytest.mark.parametrize("data_bits, paired", [(64, False), (32, False), (32, True)])
def test_wishbone(data_bits, paired):
    run_cocotb(WishboneToMmio(addr_bits=ADDR_BITS, data_bits=data_bits, paired=paired), __name__,
               f"wishbone_{data_bits}_{paired:d}", plusargs=["+paired"] * paired)


def test_widths_that_there_are_not_are_refused():
    assert_refused(lambda: WishboneToMmio(addr_bits=12, data_bits=16),
                   "a data bus has 32 or 64 bits, not 16")
    assert_refused(lambda: WishboneToMmio(addr_bits=12, data_bits=64, paired=True),
                   "only a data bus of 32 bits has its words paired, not of 64")
