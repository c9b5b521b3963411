"""The bytes of the flash arrive in order from any address. Only reads are sent."""

import random

import cocotb
import pytest

from hdl.peripheral.spi_flash import ADDR_BITS, SpiFlashReader
from tests.hdl.peripheral.flash_model import FAST_READ, WAKE_UP, FlashModel
from tests.support.clock import cycles, start
from tests.support.mmio import Initiator
from tests.support.pauses import never
from tests.support.run import run_cocotb

ADDRESS, DATA = 0, 8


class Bench:
    def __init__(self, dut, size=4096):
        self.dut, self.rng = dut, random.Random(cocotb.RANDOM_SEED)
        self.contents = self.rng.randbytes(size)
        self.flash = FlashModel(dut, "flash", self.contents)
        self.hart = Initiator(dut, "bus", ADDR_BITS, never(self.rng))

    async def start(self):
        await start(self.dut)
        await cycles(self.dut, 5500)  # the flash wakes up
        return self

    async def expect(self, address, count=1):
        for _ in range(count):
            wanted = (self.contents[address:] + self.contents)[:8]
            got = await self.hart.read(DATA, 8)
            assert got == int.from_bytes(wanted, "little"), f"{address:#x}"
            address = (address + 8) % len(self.contents)


@cocotb.test()
async def after_reset_it_is_woken_and_read_from_the_start(dut):
    bench = await Bench(dut).start()
    await bench.expect(0, 20)
    assert bench.flash.commands == [(WAKE_UP,), (FAST_READ, 0)]
    assert bench.flash.deselected_clocks == 8


@cocotb.test()
async def a_read_waits_until_it_is_awake(dut):
    bench = Bench(dut)
    await start(dut)
    await bench.hart.write(ADDRESS, 0x123)
    await cycles(dut, 4700)
    await bench.expect(0x123)
    assert bench.flash.commands == [(WAKE_UP,), (FAST_READ, 0x123)]


@cocotb.test()
async def addresses_take_effect_whenever_they_come(dut):
    bench = await Bench(dut).start()
    for _ in range(60):
        address = bench.rng.randrange(len(bench.contents))
        await cycles(dut, bench.rng.randrange(300))
        await bench.hart.write(ADDRESS, address | bench.rng.randrange(256) << 24)
        await cycles(dut, bench.rng.choice([0, 0, bench.rng.randrange(400)]))
        await bench.expect(address, bench.rng.randrange(4))


@cocotb.test()
async def the_last_of_several_addresses_counts(dut):
    bench = await Bench(dut).start()
    for _ in range(20):
        addresses = [bench.rng.randrange(len(bench.contents)) for _ in range(3)]
        for address in addresses:
            await cycles(dut, bench.rng.randrange(150))
            await bench.hart.write(ADDRESS, address)
        await bench.expect(addresses[-1], 2)


@cocotb.test()
async def it_goes_on_behind_the_end(dut):
    bench = await Bench(dut).start()
    await bench.hart.write(ADDRESS, 4096 - 20)
    await bench.expect(4096 - 20, 5)


@cocotb.test()
async def nothing_that_is_written_reaches_the_flash(dut):
    bench = await Bench(dut).start()
    bench.flash.commands.clear()
    for offset in (DATA, DATA + 4, 16, 0x800, *(bench.rng.randrange(8, 4096) & ~3
                                               for _ in range(30))):
        await bench.hart.write(offset, 0x06C7_60D8, 4)
        await cycles(dut, bench.rng.randrange(50))
    for size in (1, 2):
        await bench.hart.write(ADDRESS, 0x06, size)
    await bench.expect(0, 2)
    assert bench.flash.commands == []


@cocotb.test()
async def only_whole_dwords_are_given(dut):
    bench = await Bench(dut).start()
    for size in (1, 2, 4):
        assert await bench.hart.refused(DATA, size)
    await bench.expect(0)


def test_spi_flash():
    run_cocotb(SpiFlashReader(clock_hz=100_000_000), __name__, "spi_flash")


@pytest.mark.parametrize("mhz, cycles", [(10, 1), (35, 1), (66, 1), (67, 2), (100, 2), (133, 3)])
def test_the_flash_is_not_clocked_too_fast(mhz, cycles):
    assert SpiFlashReader(clock_hz=mhz * 1_000_000).half_period == cycles
