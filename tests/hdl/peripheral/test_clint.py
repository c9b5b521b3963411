"""The CLINT matches a model in every cycle."""

import random

import cocotb
from cocotb.triggers import FallingEdge, ReadOnly

from hdl.peripheral.clint import ADDR_BITS, Clint
from tests.support.clock import cycles, start
from tests.support.mmio import Initiator, Request
from tests.support.pauses import never, often
from tests.support.refuse import assert_refused
from tests.support.run import run_cocotb

HARTS, CLOCKS = 3, 5
MSIP, MTIMECMP, MTIME = 0x0000, 0x4000, 0xBFF8
ALL_ONES = (1 << 64) - 1


class Model:
    """The state after reset and the effect of each cycle."""

    def __init__(self):
        self.clocks = self.time = self.msip = self.mtip = 0
        self.load = None  # of mtime: bits written in the previous cycle, and their value
        self.mtimecmp = [ALL_ONES] * HARTS

    def read(self, addr, size):
        """Returns the value, or None if the access is refused."""
        if MSIP <= addr < MSIP + 4 * HARTS:
            return self.msip >> addr // 4 & 1 if size == 4 else None
        for base, values in ((MTIMECMP, self.mtimecmp), (MTIME, [self.loaded])):
            if base <= addr < base + 8 * len(values):
                shifted = values[(addr - base) // 8] >> 8 * (addr % 8)
                return shifted & (1 << 8 * size) - 1 if size >= 4 else None
        return 0

    @property
    def loaded(self):
        """Returns the time with the written bits applied."""
        if self.load is None:
            return self.time
        bits, value = self.load
        return self.time & ~bits | value

    def step(self, request):
        time, loaded = self.time, self.loaded
        written, self.load = self.load is not None, None
        self.mtip = sum((time >= compare) << n for n, compare in enumerate(self.mtimecmp))
        self.clocks = (self.clocks + 1) % CLOCKS
        if written:
            self.time = loaded
        elif self.clocks == 0:
            self.time = time + 1 & ALL_ONES
        if request and request.write:
            self.write(request)

    def write(self, request):
        addr, size = request.addr, request.size
        shift = 8 * (addr % 8)
        bits, value = ((1 << 8 * size) - 1) << shift, request.data << shift

        if MSIP <= addr < MSIP + 4 * HARTS and size == 4:
            n = addr // 4
            self.msip = self.msip & ~(1 << n) | (request.data & 1) << n
        elif MTIMECMP <= addr < MTIMECMP + 8 * HARTS and size >= 4:
            n = (addr - MTIMECMP) // 8
            self.mtimecmp[n] = self.mtimecmp[n] & ~bits | value
        elif MTIME <= addr < MTIME + 8 and size >= 4:
            self.load = bits, value


class Bench:
    def __init__(self, dut, pause=never):
        self.dut, self.rng, self.model = dut, random.Random(cocotb.RANDOM_SEED), Model()
        self.bus = Initiator(dut, "bus", ADDR_BITS, pause(self.rng))
        self.reads = []  # answers of the model

    async def start(self):
        await start(self.dut)
        self.model.clocks = 1 % CLOCKS  # one cycle has passed since reset
        cocotb.start_soon(self.compare())

    async def compare(self):
        dut, model = self.dut, self.model
        while True:
            await ReadOnly()
            assert (int(dut.time.value), int(dut.msip.value), int(dut.mtip.value)) == (
                model.time, model.msip, model.mtip)
            request = None
            if int(dut.bus__request__valid.value) and int(dut.bus__request__ready.value):
                request = Request.unpack(int(dut.bus__request__payload.value), ADDR_BITS)
                if not request.write:
                    self.reads.append(model.read(request.addr, request.size))
            model.step(request)
            await FallingEdge(dut.clk)


@cocotb.test()
@cocotb.parametrize(pause=[never, often])
async def behaves_as_the_model(dut, pause):
    bench = Bench(dut, pause)
    await bench.start()
    rng = bench.rng
    places = ([(MSIP + 4 * n, 4) for n in range(HARTS + 1)]
              + [(MTIMECMP + 8 * n, 8) for n in range(HARTS + 1)] + [(MTIME, 8), (0x8000, 8)])
    for _ in range(800):
        base, width = rng.choice(places)
        size = rng.choice((4, 8, 4, 8, 2, 1))
        addr = (base + rng.randrange(width)) // size * size
        if rng.random() < 0.5:
            near = bench.model.time + rng.randrange(-4, 12) & ALL_ONES
            value = rng.choice((near >> 8 * (addr % 8), rng.getrandbits(64), 1, 0))
            await bench.bus.write(addr, value & (1 << 8 * size) - 1, size)
        elif await bench.bus.refused(addr, size):
            assert bench.reads.pop() is None, f"{size} bytes at {addr:#x} are refused"
        else:
            got = await bench.bus.read(addr, size)
            assert got == bench.reads.pop(), f"{size} bytes at {addr:#x}"
            assert bench.bus.answered_after == 1


@cocotb.test()
async def the_time_ticks_once_in_so_many_cycles(dut):
    bench = Bench(dut)
    await bench.start()
    before = await bench.bus.read(MTIME, 8)
    await cycles(dut, 100 * CLOCKS - bench.bus.answered_after - 1)
    assert await bench.bus.read(MTIME, 8) == before + 100


def test_clint():
    run_cocotb(Clint(harts=HARTS, clocks_per_tick=CLOCKS), __name__, "clint")


def test_a_tick_has_at_least_one_clock():
    assert_refused(lambda: Clint(harts=1, clocks_per_tick=0),
                   "clocks_per_tick must be at least 1, not 0")
