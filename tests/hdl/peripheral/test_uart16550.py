"""The UART follows its model event by event, and times out correctly."""

import random

import cocotb
import pytest
from cocotb.triggers import FallingEdge, ReadOnly

from hdl.peripheral.uart16550 import Uart16550
from hdl.peripheral.uart16550_registers import ADDR_BITS
from tests.hdl.peripheral.uart_model import UartModel
from tests.support.clock import cycles, start
from tests.support.mmio import Initiator
from tests.support.pauses import never
from tests.support.refuse import assert_refused
from tests.support.run import run_cocotb

DIVISOR = 0x1234  # long enough that the random test has no time-out
RBR, THR, IER, IIR, FCR, LCR, MCR, LSR, MSR = 0, 0, 1, 2, 2, 3, 4, 5, 6
SETTLE = 40  # cycles until nothing moves any more


class Bench:
    def __init__(self, dut):
        self.dut, self.rng = dut, random.Random(cocotb.RANDOM_SEED)
        self.bus = Initiator(dut, "bus", ADDR_BITS, never(self.rng))
        self.model = UartModel(DIVISOR, modem=0b1011)
        for name in ("tx__ready", "rx__valid", "tx_busy", "overrun"):
            getattr(dut, name).value = 0
        dut.modem.value = self.model.modem

    async def start(self):
        await start(self.dut)

    async def receive(self, byte, errors=0):
        """Offers a byte for one cycle. Returns true if it was taken."""
        self.dut.rx__valid.value = 1
        self.dut.rx__payload.value = byte | errors << 8
        await ReadOnly()
        taken = bool(int(self.dut.rx__ready.value))
        await FallingEdge(self.dut.clk)
        self.dut.rx__valid.value = 0
        return taken

    async def take(self):
        """Returns the byte sent to the line, or None."""
        self.dut.tx__ready.value = 1
        await ReadOnly()
        byte = int(self.dut.tx__payload.value) if int(self.dut.tx__valid.value) else None
        await FallingEdge(self.dut.clk)
        self.dut.tx__ready.value = 0
        return byte

    async def pulse(self, name):
        signal = getattr(self.dut, name)
        signal.value = 1
        await FallingEdge(self.dut.clk)
        signal.value = 0

    async def random_event(self):
        rng, model = self.rng, self.model
        kind = rng.choices(("read", "write", "receive", "take", "overrun", "modem", "busy"),
                           (30, 30, 25, 20, 2, 2, 2))[0]
        if kind == "read":
            offset = rng.choice((0, 0, 1, 2, 2, 3, 4, 5, 5, 6, 7, 8, 0x80))
            wanted = model.read(offset)
            got = await self.bus.read(offset, 1)
            assert got == wanted, f"offset {offset} reads {got:#x}, not {wanted:#x}"
        elif kind == "write":
            offset = rng.choice((0, 0, 0, 0, 1, 2, 3, 4, 7))
            value = rng.getrandbits(8)
            if offset == LCR and rng.random() < 0.7:
                value &= 0x7F
            if offset == MCR and rng.random() < 0.7:
                value &= ~0x10
            if offset == FCR and rng.random() < 0.7:
                value = value & ~6 | 1
            model.write(offset, value)
            await self.bus.write(offset, value, 1)
        elif kind == "receive":
            byte, errors = rng.getrandbits(8), rng.choice((0, 0, 0, 0, 1, 2, 4))
            takes = not model.loop and len(model.rx) < model.depth
            assert await self.receive(byte, errors) == takes
            if takes:
                model.receive(byte, errors << 2)
        elif kind == "take":
            wanted = model.take() if model.tx and not model.loop else None
            assert await self.take() == wanted
        elif kind == "overrun":
            model.overrun |= not model.loop
            await self.pulse("overrun")
        elif kind == "modem":
            lines = rng.getrandbits(4)
            model.change_modem(lambda: setattr(model, "modem", lines))
            self.dut.modem.value = lines
        else:
            model.busy = not model.busy
            self.dut.tx_busy.value = int(model.busy)
        return kind


@cocotb.test()
@cocotb.parametrize(part=[0, 1, 2])
async def behaves_as_the_model(dut, part):
    bench = Bench(dut)
    bench.rng.seed(f"{cocotb.RANDOM_SEED} {part}")
    await bench.start()
    for step in range(1000):
        kind = await bench.random_event()
        bench.model.settle()
        await cycles(dut, SETTLE if bench.model.loop else 3)
        assert int(dut.irq.value) == bench.model.irq(), f"irq after {kind}, step {step}"


async def set_up(bench, divisor, lcr):
    for offset, value in ((LCR, 0x80), (0, divisor), (1, 0), (LCR, lcr), (FCR, 0xC1), (IER, 1)):
        await bench.bus.write(offset, value, 1)


@cocotb.test()
@cocotb.parametrize(divisor=[1, 3], lcr=[0x00, 0x03, 0x0F])
async def times_out_after_four_characters(dut, divisor, lcr):
    bench = Bench(dut)
    await bench.start()
    await set_up(bench, divisor, lcr)
    frame_bits = 1 + 5 + (lcr & 3) + 1 + (lcr >> 2 & 1) + (lcr >> 3 & 1)
    four = 4 * frame_bits * 16 * divisor
    await bench.receive(0x41)
    await bench.receive(0x42)
    await cycles(dut, four - 2)
    assert not int(dut.irq.value)
    await cycles(dut, 4 + divisor)
    assert int(dut.irq.value)
    assert await bench.bus.read(IIR, 1) == 0xCC
    assert await bench.bus.read(RBR, 1) == 0x41
    assert not int(dut.irq.value), "reading restarts the time-out"
    await cycles(dut, four // 2)
    await bench.receive(0x43)
    await cycles(dut, four // 2 + 16)
    assert not int(dut.irq.value), "receiving restarts the time-out"
    await cycles(dut, four)
    assert int(dut.irq.value)


@cocotb.test()
async def only_bytes_may_be_accessed(dut):
    bench = Bench(dut)
    await bench.start()
    for size in (2, 4, 8):
        assert await bench.bus.refused(0, size)
        await bench.bus.write(0, 0x41, size)
    await cycles(dut, 3)
    assert await bench.take() is None


def test_uart16550():
    run_cocotb(Uart16550(divisor=DIVISOR), __name__, "uart16550")


@pytest.mark.parametrize("divisor", [0, 0x10000])
def test_divisor_is_checked(divisor):
    assert_refused(lambda: Uart16550(divisor=divisor), f"divisor must be .* not {divisor}")
