"""The MMIO crossbar brings each access to its device and each answer to its hart, without delay."""

import random

import cocotb
import pytest
from cocotb.triggers import FallingEdge

from hdl.bus.mmio_xbar import MmioCrossbar, Window
from tests.support.clock import start
from tests.support.mmio import Initiator, Target
from tests.support.pauses import bursts, never, often
from tests.support.refuse import assert_refused
from tests.support.run import run_cocotb

WINDOWS = (Window("a", 0x1000_0000, 0x100), Window("b", 0x0200_0000, 0x1_0000),
           Window("c", 0x0C00_0000, 0x400_0000))
HOLES = (0x1000_0100, 0x0201_0000, 0, 0x0BFF_FFF8, 0xFFFF_FFF8)


class Device:
    """Memory that records the order of accesses. It holds dwords by offset, initially 0."""

    def __init__(self, window):
        self.window, self.bytes, self.served = window, {}, 0

    def serve(self, request):
        self.served += 1
        if request.write:
            for i in range(request.size):
                self.bytes[request.addr + i] = request.data >> 8 * i & 0xFF
            return 0
        base = request.addr & ~7
        return sum(self.bytes.get(base + i, 0) << 8 * i for i in range(8))


class Bench:
    def __init__(self, dut, hart_pause, device_pause):
        self.dut, self.rng = dut, random.Random(cocotb.RANDOM_SEED)
        count = 0
        while hasattr(dut, f"initiator__{count}__request__valid"):
            count += 1
        self.harts = [Initiator(dut, f"initiator__{n}", 32, hart_pause(self.rng))
                      for n in range(count)]
        self.devices = [Device(window) for window in WINDOWS]
        for device in self.devices:
            target = Target(dut, device.window.name, device.window.addr_bits, device.serve,
                            device_pause(self.rng), device_pause(self.rng))
            device.target = target

    async def start(self):
        await start(self.dut)
        for device in self.devices:
            cocotb.start_soon(device.target.run())


@cocotb.test()
@cocotb.parametrize(hart_pause=[never, often], device_pause=[never, often, bursts])
async def every_hart_reads_back_what_it_wrote(dut, hart_pause, device_pause):
    bench = Bench(dut, hart_pause, device_pause)
    await bench.start()
    count = len(bench.harts)

    async def work(n, rng):
        """Each hart has its own dwords in every device."""
        model = {}
        for _ in range(60):
            if rng.random() < 0.1:
                address = rng.choice(HOLES)
                if rng.random() < 0.5:
                    await bench.harts[n].write(address, 1, 4)
                else:
                    assert await bench.harts[n].refused(address, 8), f"{address:#x} answers"
                continue
            window = rng.choice(WINDOWS)
            size = rng.choice((1, 2, 4, 8))
            slot = (rng.randrange(8 // count) * count + n) % (window.size // 8)
            offset = 8 * slot + rng.randrange(0, 8, size)
            address = window.base + offset
            if rng.random() < 0.5:
                value = rng.getrandbits(8 * size)
                await bench.harts[n].write(address, value, size)
                for i in range(size):
                    model[address + i] = value >> 8 * i & 0xFF
            else:
                wanted = sum(model.get(address + i, 0) << 8 * i for i in range(size))
                got = await bench.harts[n].read(address, size)
                assert got == wanted, f"hart {n} reads {got:#x} at {address:#x}, not {wanted:#x}"

    tasks = [cocotb.start_soon(work(n, random.Random(bench.rng.random()))) for n in range(count)]
    for task in tasks:
        await task


@cocotb.test()
async def a_device_that_is_ready_costs_one_cycle(dut):
    bench = Bench(dut, never, never)
    await bench.start()
    hart = bench.harts[0]
    for window in WINDOWS:
        await hart.write(window.base, 0x55, 1)
        assert hart.accepted_after == 0
        assert await hart.read(window.base, 1) == 0x55
        assert hart.accepted_after == 0
        assert hart.answered_after == 1
    assert await hart.refused(HOLES[0])
    assert hart.accepted_after == 0
    assert hart.answered_after == 1


@cocotb.test()
async def harts_take_turns_at_one_device(dut):
    bench = Bench(dut, never, never)
    await bench.start()
    turns = []

    async def hammer(n):
        for _ in range(40):
            await bench.harts[n].write(WINDOWS[0].base, n, 1)
            turns.append(n)

    for task in [cocotb.start_soon(hammer(n)) for n in range(len(bench.harts))]:
        await task
    count = len(bench.harts)
    for i in range(0, len(turns) - count, count):
        assert sorted(turns[i:i + count]) == list(range(count)), "a hart was passed over"
    assert bench.devices[0].served == 40 * count


@cocotb.test()
async def a_device_that_does_not_answer_blocks_only_those_who_ask_it(dut):
    bench = Bench(dut, never, never)
    if len(bench.harts) < 2:
        pytest.skip("needs two harts")
    await bench.start()
    bench.devices[1].target.answer_pause = iter(lambda: True, None)
    stuck = cocotb.start_soon(bench.harts[0].read(WINDOWS[1].base, 8))
    for _ in range(20):
        await bench.harts[1].write(WINDOWS[0].base, 7, 1)
        assert bench.harts[1].accepted_after == 0
    assert not stuck.done()
    bench.devices[1].target.answer_pause = iter(lambda: False, None)
    await stuck
    await FallingEdge(dut.clk)


@pytest.mark.parametrize("initiators", [1, 3])
def test_mmio_xbar(initiators):
    dut = MmioCrossbar(initiators=initiators, windows=WINDOWS, addr_bits=32)
    run_cocotb(dut, __name__, f"mmio_xbar_{initiators}")


def test_overlapping_windows_are_refused():
    windows = (Window("a", 0, 0x1000), Window("b", 0x800, 0x800))
    assert_refused(lambda: MmioCrossbar(initiators=1, addr_bits=32, windows=windows),
                   "windows of a and b overlap")


def test_unaligned_windows_are_refused():
    assert_refused(lambda: Window("a", 0x80, 0x100), "a window has a power of two of bytes")
