"""SDRAM behind the L2 keeps lines and obeys the chip's data sheet."""

import random
from dataclasses import dataclass

import cocotb
import pytest
from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out, connect, flipped
from cocotb.triggers import FallingEdge, ReadOnly
from cocotb.utils import get_sim_time

from boards.litedram_core import SdramChips, core_verilog, init_steps
from boards.sdram import Sdram
from hdl.bus.dram import DramSignature
from sim.model.elaborate import simulation_verilog
from tests.boards.sdram_model import CHIP, FAULTS, SdramModel
from tests.support.clock import PERIOD_NS, cycles, start
from tests.support.run import run_verilog

CHIPS = SdramChips(("MT48LC16M16", "IS42S16160", "AS4C32M16"))
BASE, LINE = 0x8000_0000, 64
ROW = 1024  # bytes; the next row is in another bank, the fourth next in the same bank
PADDR_BITS = 32
START_LIMIT = 30_000  # cycles until the chip has started
TIMES = {35: (11, 9, 12, 12, 9, 17), 60: (12, 9, 14, 13, 9, 17)}  # cycles, by MHz


class WithChip(wiring.Component):
    """``Sdram`` and a chip."""

    def __init__(self, chips: SdramChips, clock_hz: int) -> None:
        self.chips, self.clock_hz = chips, clock_hz
        super().__init__({
            "bus": In(DramSignature(PADDR_BITS)),
            "fault": Out(8),
            "refreshes": Out(32),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        m.submodules.memory = memory = Sdram(
            self.chips, clock_hz=self.clock_hz, paddr_bits=PADDR_BITS, line_bytes=LINE)
        m.submodules.chip = chip = SdramModel(clock_hz=self.clock_hz)
        connect(m, flipped(self.bus), memory.bus)
        connect(m, memory.pads, chip.pads)
        m.d.comb += [self.fault.eq(chip.fault), self.refreshes.eq(chip.refreshes)]
        return m


class Bench:
    """The L2's side of the bus. ``first`` and ``last`` are the cycles from the acceptance of the
    latest read to its first and its last dword."""

    def __init__(self, dut):
        self.dut, self.rng = dut, random.Random(cocotb.RANDOM_SEED)
        dut.bus__request__valid.value = 0
        dut.bus__wdata__valid.value = 0
        self.first = self.last = 0

    async def request(self, write, addr, limit=100):
        self.dut.bus__request__payload.value = addr << 1 | write
        return await self._transfer(self.dut.bus__request__valid, self.dut.bus__request__ready,
                                    limit)

    async def write(self, line, dwords, gaps=0.0):
        await self.request(1, line)
        for dword in dwords:
            while self.rng.random() < gaps:
                await FallingEdge(self.dut.clk)
            self.dut.bus__wdata__payload.value = dword
            await self._transfer(self.dut.bus__wdata__valid, self.dut.bus__wdata__ready, 100)

    async def read(self, addr, limit=100):
        """Returns the dwords in their order of arrival."""
        dut, dwords = self.dut, []
        await self.request(0, addr, limit)
        for cycle in range(1, 150):
            await ReadOnly()
            if int(dut.bus__rdata__valid.value):
                self.last = cycle
                if not dwords:
                    self.first = cycle
                dwords.append(int(dut.bus__rdata__data.value))
            await FallingEdge(dut.clk)
            if len(dwords) == LINE // 8:
                return dwords
        raise AssertionError(f"{len(dwords)} dwords came")

    async def _transfer(self, valid, ready, limit):
        """Returns the number of cycles waited."""
        valid.value = 1
        for waited in range(limit):
            await ReadOnly()
            done = int(ready.value)
            await FallingEdge(self.dut.clk)
            if done:
                valid.value = 0
                return waited
        raise AssertionError("not accepted")

    def dwords(self):
        return [self.rng.getrandbits(64) for _ in range(LINE // 8)]


@cocotb.test()
async def lines_are_kept(dut):
    """Lines are kept for any order, rows, gaps and refreshes. Only ``rule`` may be broken."""
    bench = Bench(dut)
    await start(dut)
    rng, kept = bench.rng, {}
    started = await bench.request(0, BASE, START_LIMIT)
    await cycles(dut, 60)
    lines = [BASE + LINE * n for n in range(6)] + [
        BASE + LINE * rng.randrange((32 << 20) // LINE) for _ in range(30)]
    line, firsts = lines[0], []
    for _ in range(1200):
        if rng.random() < 0.7:  # else the same line again, as early as possible
            line = rng.choice(lines)
        if line not in kept or rng.random() < 0.4:
            kept[line] = bench.dwords()
            await bench.write(line, kept[line], rng.choice([0, 0, 0.3]))
        else:
            dword = rng.randrange(LINE // 8)
            dwords = await bench.read(line + 8 * dword)
            assert dwords == kept[line][dword:] + kept[line][:dword]
            firsts.append(bench.first)
        if rng.random() < 0.3:
            await cycles(dut, rng.randrange(1, 100))
    refreshes = int(dut.refreshes.value)
    dut._log.info(f"started after {started} cycles; {refreshes} refreshes; first dword after "
                  f"{min(firsts)} to {max(firsts)} cycles")
    assert refreshes > 50
    assert int(dut.fault.value) == int(cocotb.plusargs.get("rule", 0))


@cocotb.test()
async def times(dut):
    """Cycles from the acceptance of a request to the first dword, by the state of the bank."""
    if "rule" in cocotb.plusargs:
        pytest.skip("the times are those of the right settings")
    bench = Bench(dut)
    await start(dut)
    await bench.request(0, BASE, START_LIMIT)
    refreshes = int(dut.refreshes.value)
    while int(dut.refreshes.value) == refreshes:
        await cycles(dut, 1)
    await cycles(dut, 60)  # all rows are closed and no refresh comes soon
    seen = []
    for addr in (BASE, BASE + LINE, BASE + 4 * ROW, BASE + ROW):
        await bench.read(addr)
        seen.append(bench.first)
    before = get_sim_time("ns")
    await bench.write(BASE + ROW, bench.dwords())
    seen.append(round((get_sim_time("ns") - before) / PERIOD_NS))
    await bench.read(BASE + 4 * ROW)
    seen.append(bench.first)
    names = ("closed", "open", "other row", "closed, other bank", "line written",
             "open, behind a write to another bank")
    seen = dict(zip(names, seen, strict=True))
    dut._log.info(seen)
    assert seen == dict(zip(names, TIMES[int(cocotb.plusargs["mhz"])], strict=True))


@dataclass(frozen=True)
class WrongChips(SdramChips):
    """Chips with one wrong setting: the controller gets ``wrong`` instead of the true time."""

    wrong: tuple[str, int] = ("", 0)

    def timing(self, clock_hz: int):
        settings = super().timing(clock_hz)
        setattr(settings, *self.wrong)
        return settings


def simulate(chips: SdramChips, mhz: int, name: str, rule: int = 0) -> None:
    clock_hz = mhz * 1_000_000
    text = simulation_verilog(WithChip(chips, clock_hz), "dut")
    run_verilog(text + core_verilog(chips, clock_hz) + CHIP, "dut", __name__, f"sdram-{name}",
                plusargs=[f"+mhz={mhz}", *([f"+rule={rule}"] if rule else [])])


@pytest.mark.parametrize("mhz", TIMES)
def test_sdram(mhz):
    simulate(CHIPS, mhz, str(mhz))


def test_wrong_time_is_seen():
    simulate(WrongChips(CHIPS.names, ("tRCD", 1)), 60, "tRCD", FAULTS["tRCD"])


@pytest.mark.parametrize("mhz", range(25, 101, 5))
def test_times_are_long_enough(mhz):
    """The times match every chip's data sheet, even if the library lacks or rounds a time."""
    timing, period_ns = CHIPS.timing(mhz * 1_000_000), 1e3 / mhz
    for name, ns in {"tRCD": 21, "tRP": 21, "tRAS": 44, "tRC": 66, "tRFC": 70, "tWR": 15,
                     "tRRD": 15}.items():
        assert getattr(timing, name) * period_ns >= ns, name
    assert timing.tREFI * period_ns * 8192 <= 64e6
    steps = init_steps(CHIPS, mhz * 1_000_000)
    assert steps[0].wait * period_ns >= 200e3 and min(step.wait for step in steps) >= timing.tRFC
    assert CHIPS.size_bytes == 32 << 20
