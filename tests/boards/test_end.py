"""The host gets the end message once, after the last byte of the program."""

import random

import cocotb
from cocotb.triggers import FallingEdge, ReadOnly

from boards.end import END_MARK, EndReporter, end_message
from hdl.peripheral.finisher import Kind
from tests.support.clock import start
from tests.support.run import run_cocotb


async def outcome(dut, rng, output, kind, code, until=2000):
    """Lets the program write ``output`` and end. Returns the bytes on the line. The line must be
    idle at the end."""
    dut.i__valid.value = dut.busy.value = dut.valid.value = 0
    dut.kind.value, dut.code.value = kind, code
    dut.rst.value = 1
    await FallingEdge(dut.clk)
    dut.rst.value = 0
    sent, waiting, busy = b"", list(output), 0
    for _ in range(until):
        dut.i__valid.value = bool(waiting)
        dut.i__payload.value = waiting[0] if waiting else 0
        # The finisher is written while bytes still wait in the UART.
        dut.valid.value = len(waiting) <= 3
        dut.busy.value = busy > 0
        dut.o__ready.value = busy == 0
        await ReadOnly()
        if int(dut.done.value):
            assert not busy
            await FallingEdge(dut.clk)
            return sent
        if int(dut.i__valid.value) and int(dut.i__ready.value):
            waiting.pop(0)
        if int(dut.o__valid.value) and int(dut.o__ready.value):
            sent += bytes([int(dut.o__payload.value)])
            busy = rng.randrange(1, 12)
        busy = max(0, busy - 1)
        await FallingEdge(dut.clk)
    raise AssertionError(f"not done; sent {sent}")


@cocotb.test()
@cocotb.parametrize(end=[(Kind.PASS.value, 0), (Kind.FAIL.value, 0xFEDC), (Kind.RESET.value, 0)])
async def end_follows_the_output(dut, end):
    rng = random.Random(cocotb.RANDOM_SEED)
    await start(dut)
    for length in (0, 1, 5, 40):
        output = rng.randbytes(length)
        assert await outcome(dut, rng, output, *end) == output + end_message(*end)


@cocotb.test()
async def nothing_is_said_while_the_program_runs(dut):
    dut.valid.value = dut.i__valid.value = 0
    dut.o__ready.value = 1
    await start(dut)
    for _ in range(100):
        await ReadOnly()
        assert not int(dut.o__valid.value) and not int(dut.done.value)
        await FallingEdge(dut.clk)


def test_end_reporter():
    run_cocotb(EndReporter(), __name__, "end_reporter")


def test_message():
    assert end_message(0x3333, 0x0102) == END_MARK + bytes([0x33, 0x33, 2, 1, 0x96])
