"""The serial line carries every format, tolerates a wrong clock and detects errors."""

import random
from dataclasses import dataclass

import cocotb
from cocotb.triggers import FallingEdge, ReadOnly

from hdl.peripheral.uart_phy import UartSerialPhy
from tests.support.clock import cycles, start
from tests.support.run import run_cocotb


@dataclass(frozen=True)
class Format:
    divisor: int
    word: int
    stop: int
    parity: int
    even: int
    stick: int

    @classmethod
    def random(cls, rng):
        return cls(rng.randrange(1, 4), *(rng.randrange(n) for n in (4, 2, 2, 2, 2)))

    def pack(self, break_=0):
        return (self.divisor | self.word << 16 | self.stop << 18 | self.parity << 19
                | self.even << 20 | self.stick << 21 | break_ << 22)

    def mask(self):
        return (1 << 5 + self.word) - 1

    def levels(self, byte, *, wrong_parity=False, stop=1):
        """Returns the levels of the line, one for each sixteenth of a bit."""
        bits = [0] + [byte >> n & 1 for n in range(5 + self.word)]
        if self.parity:
            even = sum(bits) % 2
            right = 1 - self.even if self.stick else even if self.even else 1 - even
            bits.append(right ^ wrong_parity)
        stop_sixteenths = (24 if self.word == 0 else 32) if self.stop else 16
        return [bit for bit in bits for _ in range(16)] + [stop] * stop_sixteenths


class Bench:
    def __init__(self, dut):
        self.dut, self.rng = dut, random.Random(cocotb.RANDOM_SEED)
        for name in ("tx__valid", "rx__ready"):
            getattr(dut, name).value = 0
        dut.rxd.value = 1

    async def start(self):
        self.dut.format.value = Format(1, 3, 0, 0, 0, 0).pack()
        await start(self.dut)

    async def send(self, byte):
        self.dut.tx__valid.value = 1
        self.dut.tx__payload.value = byte
        await ReadOnly()
        while not int(self.dut.tx__ready.value):
            await FallingEdge(self.dut.clk)
            await ReadOnly()
        await FallingEdge(self.dut.clk)
        self.dut.tx__valid.value = 0

    async def put_on_line(self, levels, cycles_each):
        """``cycles_each`` may be a fraction, because the sender's clock differs."""
        time = 0.0
        for level in levels:
            self.dut.rxd.value = level
            time += cycles_each
            await cycles(self.dut, int(time))
            time -= int(time)
        self.dut.rxd.value = 1

    async def received(self):
        """Returns the byte and its errors (parity, framing, break from bit 0 up), or None."""
        self.dut.rx__ready.value = 1
        await ReadOnly()
        valid, payload = int(self.dut.rx__valid.value), int(self.dut.rx__payload.value)
        await FallingEdge(self.dut.clk)
        self.dut.rx__ready.value = 0
        return (payload & 0xFF, payload >> 8) if valid else None


@cocotb.test()
async def sends_every_format(dut):
    bench = Bench(dut)
    await bench.start()
    for _ in range(40):
        line, byte = Format.random(bench.rng), bench.rng.getrandbits(8)
        dut.format.value = line.pack()
        await bench.send(byte)
        await FallingEdge(dut.clk)  # the line changes one cycle later
        wanted = [level for level in line.levels(byte & line.mask()) for _ in range(line.divisor)]
        seen, busy = [], []
        for _ in wanted:
            seen.append(int(dut.txd.value))
            busy.append(int(dut.tx_busy.value))
            await FallingEdge(dut.clk)
        assert seen == wanted, f"{byte:#x} with {line}"
        assert all(busy[:-1]), "busy to the end of the frame"
        assert not int(dut.tx_busy.value)


@cocotb.test()
async def break_holds_the_line_low(dut):
    bench = Bench(dut)
    await bench.start()
    dut.format.value = Format(1, 3, 0, 0, 0, 0).pack(break_=1)
    await cycles(dut, 2)
    assert int(dut.txd.value) == 0


@cocotb.test()
@cocotb.parametrize(drift=[1.0, 0.98, 1.02])
async def receives_every_format(dut, drift):
    bench = Bench(dut)
    await bench.start()
    rng = bench.rng
    for _ in range(30):
        line, byte = Format.random(rng), rng.getrandbits(8)
        byte &= line.mask()
        wrong_parity = bool(line.parity) and rng.random() < 0.3
        stop = int(rng.random() > 0.2)
        dut.format.value = line.pack()
        levels = line.levels(byte, wrong_parity=wrong_parity, stop=stop)
        await bench.put_on_line(levels, line.divisor * drift)
        await cycles(dut, 40 * line.divisor)
        is_break = not any(levels)
        wanted = byte, wrong_parity | (1 - stop) << 1 | is_break << 2
        assert await bench.received() == wanted, f"{byte:#x} with {line}"
        assert await bench.received() is None


@cocotb.test()
async def a_byte_that_finds_no_room_is_an_overrun(dut):
    bench = Bench(dut)
    await bench.start()
    line = Format(1, 3, 0, 0, 0, 0)
    overruns = 0

    async def count():
        nonlocal overruns
        while True:
            await ReadOnly()
            overruns += int(dut.overrun.value)
            await FallingEdge(dut.clk)

    cocotb.start_soon(count())
    for byte in (1, 2, 3):
        await bench.put_on_line(line.levels(byte), 1)
    await cycles(dut, 4)
    assert overruns == 2
    assert await bench.received() == (1, 0)


@cocotb.test()
async def a_short_low_pulse_is_no_start_bit(dut):
    bench = Bench(dut)
    await bench.start()
    await bench.put_on_line([0] * 5, 1)
    await cycles(dut, 400)
    assert await bench.received() is None


def test_uart_phy():
    run_cocotb(UartSerialPhy(), __name__, "uart_phy")
