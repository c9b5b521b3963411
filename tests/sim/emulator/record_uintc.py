"""Records random operations at UINTC, sensible or not."""

import random

import cocotb

from hdl.uintc.params import ADDR_BITS
from tests.sim.emulator.recorder import Recorder
from tests.sim.emulator.shapes import UINTC
from tests.support.clock import cycles, start

ENTRY_BYTES = 32
ID_OR_SEND, LOW, HIGH, ACTIVE = range(0, ENTRY_BYTES, 8)
ERROR = 0x4000
SETTLED = 2  # cycles until a line follows, UINTC-4.6


class Traffic:
    def __init__(self, recorder, params, rng):
        self.recorder, self.params, self.rng = recorder, params, rng
        self.busy = rng.sample(range(params.receivers), min(4, params.receivers))

    def entry(self):
        """Draws an entry, mostly one of a few."""
        kind = self.rng.random()
        if kind < 0.85:
            return self.rng.choice(self.busy)
        return self.rng.randrange(self.params.receivers if kind < 0.95 else 512)

    def hart(self):
        if self.rng.random() < 0.9:
            return self.rng.randrange(self.params.harts)
        return self.rng.randrange(self.params.harts) ^ 1 << self.rng.randrange(16)

    async def operation(self):
        rng, recorder = self.rng, self.recorder
        at = ENTRY_BYTES * self.entry()
        kind = rng.choices(("send", "low", "high", "active", "read", "width", "error", "beyond"),
                           (8, 4, 2, 3, 10, 1, 2, 1))[0]
        if kind == "send":
            vector = rng.randrange(64) if rng.random() < 0.9 else rng.getrandbits(64)
            await recorder.write(at + ID_OR_SEND, vector)
        elif kind == "low":
            rest = rng.getrandbits(64) & ~0xFFFF_0000 if rng.random() < 0.2 else 1
            await recorder.write(at + LOW, self.hart() << 16 | rest)
        elif kind == "high":
            await recorder.write(at + HIGH, rng.getrandbits(64) & rng.getrandbits(64))
        elif kind == "active":
            await recorder.write(at + ACTIVE, rng.getrandbits(rng.choice((1, 1, 64))))
        elif kind == "read":
            await recorder.read(at + rng.choice((ID_OR_SEND, LOW, HIGH, HIGH, ACTIVE)))
        elif kind == "width":
            await self.width(rng.choice((at, ERROR)) + rng.randrange(0, ENTRY_BYTES, 8))
        elif kind == "error":
            if rng.random() < 0.3:
                await recorder.write(ERROR, rng.getrandbits(64))
            await recorder.read(ERROR)
        else:
            offset = ERROR + 8 * rng.randrange(512)
            await recorder.write(offset, rng.getrandbits(64))
            await recorder.read(offset)

    async def width(self, offset):
        """Accesses of another width than 8 bytes."""
        size = self.rng.choice((1, 2, 4))
        offset += size * self.rng.randrange(8 // size)
        if self.rng.random() < 0.5:
            await self.recorder.write(offset, self.rng.getrandbits(8 * size), size)
        else:
            await self.recorder.read(offset, size)


@cocotb.test()
async def random_operations(dut):
    params = UINTC[cocotb.plusargs["shape"]]
    recorder = Recorder(dut, "uintc", {"receivers": params.receivers, "harts": params.harts},
                        ["bus"], ADDR_BITS, settle=SETTLED)
    await start(dut)
    await cycles(dut, params.receivers)
    traffic = Traffic(recorder, params, random.Random(cocotb.RANDOM_SEED))
    for _ in range(int(cocotb.plusargs["operations"])):
        await traffic.operation()
    for index in range(params.receivers):
        for register in (LOW, ACTIVE, HIGH):
            await recorder.read(ENTRY_BYTES * index + register)
    await recorder.read(ERROR)
    recorder.save(cocotb.plusargs["trace"])
