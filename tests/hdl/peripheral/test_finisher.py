"""The finisher shows only the first valid end."""

import random

import cocotb

from hdl.peripheral.finisher import ADDR_BITS, Finisher
from tests.support.clock import start
from tests.support.mmio import Initiator
from tests.support.pauses import often
from tests.support.run import run_cocotb


async def bench(dut):
    rng = random.Random(cocotb.RANDOM_SEED)
    bus = Initiator(dut, "bus", ADDR_BITS, often(rng))
    await start(dut)
    return bus, rng


def shown(dut):
    return int(dut.valid.value), int(dut.kind.value), int(dut.code.value)


@cocotb.test()
@cocotb.parametrize(kind=[0x3333, 0x5555, 0x7777], size=[2, 4])
async def latches_the_end(dut, kind, size):
    bus, rng = await bench(dut)
    code = rng.randrange(1 << 16)
    await bus.write(0, kind | code << 16 if size == 4 else kind, size)
    end = 1, kind, code if size == 4 else 0
    assert shown(dut) == end
    await bus.write(0, 0x5555, 4)
    await bus.write(0, 0x0001_3333, 4)
    assert shown(dut) == end


@cocotb.test()
async def other_writes_do_nothing(dut):
    bus, rng = await bench(dut)
    for _ in range(200):
        size = rng.choice((1, 2, 4, 8))
        addr = rng.randrange(0, 0x100, size)
        value = rng.choice((0x3333, 0x5555, 0x7777, rng.getrandbits(16)))
        if addr == 0 and size in (2, 4) and value in (0x3333, 0x5555, 0x7777):
            continue
        await bus.write(addr, value & (1 << 8 * size) - 1, size)
        assert shown(dut) == (0, 0, 0), f"{value:#x} of {size} bytes at {addr:#x} ends the run"


def test_finisher():
    run_cocotb(Finisher(), __name__, "finisher")
