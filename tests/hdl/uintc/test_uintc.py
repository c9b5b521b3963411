"""The UINTC keeps its entries, raises and lowers its lines, and refuses wrong accesses."""

import cocotb
import pytest
from cocotb.triggers import FallingEdge, ReadOnly

from hdl.uintc import Uintc, UintcParams
from tests.hdl.uintc.bench import Bench, low
from tests.hdl.uintc.uintc_model import (
    ACTIVE,
    BAD_SIZE,
    BAD_VECTOR,
    ERROR,
    HIGH,
    LOW,
    NO_RECEIVER,
    SEND,
    UintcModel,
)
from tests.support.clock import cycles
from tests.support.mmio import Request
from tests.support.refuse import assert_refused
from tests.support.run import run_cocotb


async def started(dut):
    bench = Bench(dut)
    await bench.start()
    return bench


@cocotb.test()
async def every_entry_is_cleared_by_a_reset(dut):
    bench = await started(dut)
    await bench.compare()
    for index in range(bench.receivers):
        await bench.write(index, LOW, low(0, mode=1))
        await bench.write(index, HIGH, bench.rng.getrandbits(64) | 1)
    await bench.lines(1)
    dut.rst.value = 1
    await FallingEdge(dut.clk)
    dut.rst.value = 0
    await FallingEdge(dut.clk)
    assert int(dut.usip.value) == 0
    bench.model = UintcModel(bench.receivers, bench.harts)
    await bench.bus.read(SEND, 8)
    assert bench.bus.accepted_after == bench.receivers - 1  # one cycle had passed already
    await bench.compare()


@cocotb.test()
async def an_entry_of_hart_0_needs_no_write_low(dut):
    bench = await started(dut)
    await bench.write(1, SEND, 5)
    await bench.write(1, ACTIVE, 1)
    await bench.lines(1)


@cocotb.test()
async def the_line_follows_two_cycles_after_a_send_and_a_read(dut):
    bench = await started(dut)
    top = bench.harts - 1
    await bench.write(1, LOW, low(top))
    await bench.lines(0)
    for _ in range(3):
        await bench.write(1, SEND, 63)  # returns one cycle after the acceptance
        assert int(dut.usip.value) == 0
        await FallingEdge(dut.clk)
        assert int(dut.usip.value) == 1 << top
        assert await bench.read(1, HIGH) == 1 << 63
        assert int(dut.usip.value) == 0  # also two cycles after the acceptance


@cocotb.test()
async def all_entries_and_vectors_are_told_apart(dut):
    bench = await started(dut)
    order = list(range(bench.receivers))
    bench.rng.shuffle(order)
    for index in order:
        await bench.write(index, LOW, low(index % bench.harts, mode=index & 1))
        await bench.write(index, SEND, index % 64)
        await bench.write(index, HIGH, 1 << index // 8 % 64)
    await bench.compare()
    await bench.lines(0)
    for vector in range(64):
        await bench.write(order[0], SEND, vector)
        assert await bench.read(order[0], HIGH) == 1 << vector


@cocotb.test()
async def write_low_moves_pending_vectors_to_another_hart(dut):
    bench = await started(dut)
    if bench.harts == 1:
        return
    await bench.write(2, LOW, low(0))
    await bench.write(2, SEND, 9)
    await bench.lines(0b01)
    await bench.write(2, LOW, low(1))
    assert int(dut.usip.value) == 0b01
    await bench.lines(0b10)  # both change in the same cycle
    assert await bench.read(2, HIGH) == 1 << 9
    await bench.lines(0)


@cocotb.test()
async def activation_delivers_what_was_sent_before(dut):
    bench = await started(dut)
    for activation in ((ACTIVE, 1), (LOW, low(0))):
        await bench.write(3, LOW, low(0, active=0))
        await bench.write(3, SEND, 1)
        await bench.write(3, SEND, 40)
        await bench.lines(0)
        await bench.write(3, *activation)
        await bench.lines(1)
        assert await bench.read(3, HIGH) == 1 << 1 | 1 << 40
        await bench.lines(0)


@cocotb.test()
async def the_line_stays_until_the_last_receiver_of_the_hart_is_drained(dut):
    bench = await started(dut)
    for index in (0, 4):
        await bench.write(index, LOW, low(0))
        await bench.write(index, SEND, index)
    await bench.lines(1)
    assert await bench.read(4, HIGH) == 1 << 4
    await bench.lines(1)
    assert await bench.read(0, HIGH) == 1
    await bench.lines(0)


@cocotb.test()
async def deactivation_lowers_the_line_and_keeps_what_is_pending(dut):
    bench = await started(dut)
    for deactivation in ((ACTIVE, 0), (LOW, low(0, active=0))):
        await bench.write(1, LOW, low(0))
        await bench.write(1, SEND, 17)
        await bench.lines(1)
        await bench.write(1, *deactivation)
        await bench.lines(0)
        await bench.write(1, ACTIVE, 1)
        await bench.lines(1)
        assert await bench.read(1, HIGH) == 1 << 17


@cocotb.test()
async def the_hart_id_is_compared_on_all_bits(dut):
    bench = await started(dut)
    await bench.write(1, SEND, 0)
    for bit in range(16):
        for hart in {0, bench.harts - 1}:
            wrong = hart ^ 1 << bit
            await bench.write(1, LOW, low(wrong))
            await bench.lines(1 << wrong if wrong < bench.harts else 0)
            assert await bench.read(1, LOW) == low(wrong)
    await bench.write(1, LOW, low(bench.harts - 1))
    await bench.lines(1 << bench.harts - 1)


@cocotb.test()
async def reserved_bits_are_not_kept(dut):
    bench = await started(dut)
    await bench.write(1, LOW, (1 << 64) - 1)
    assert await bench.read(1, LOW) == 0xFFFF_0003
    await bench.write(1, ACTIVE, (1 << 64) - 2)
    assert await bench.read(1, ACTIVE) == 0
    assert await bench.read(1, LOW) == 0xFFFF_0002


@cocotb.test()
async def operations_in_adjacent_cycles_see_each_other(dut):
    """Writes to one entry in every cycle, and reads as densely as one initiator can."""
    bench = await started(dut)
    rng = bench.rng
    for _ in range(300):
        index = rng.choice((1, 1, 1, 2))
        register = rng.choice((SEND, SEND, LOW, HIGH, ACTIVE))
        if rng.random() < 0.3:
            await bench.read(index, register)
        else:
            value = {
                SEND: rng.randrange(64),
                LOW: low(rng.randrange(bench.harts), rng.randrange(2)),
                HIGH: 1 << rng.randrange(64),
                ACTIVE: rng.randrange(2),
            }[register]
            await bench.write(index, register, value)


@cocotb.test()
async def what_is_refused_changes_no_entry(dut):
    bench = await started(dut)
    rng = bench.rng
    for index in range(bench.receivers):
        await bench.write(index, LOW, low(rng.randrange(bench.harts), rng.randrange(2)))
        await bench.write(index, HIGH, rng.getrandbits(64))
    await bench.lines(bench.model.usip())
    for vector in (64, 65, 127, 1 << 16, 1 << 32, 1 << 63, (1 << 64) - 1):
        index = rng.randrange(bench.receivers)
        await bench.write(index, SEND, vector)
        error = await bench.read_at(ERROR)
        assert (error & 0xF, error >> 16 & 0xFFFF) == (BAD_VECTOR, index)
    for register in (SEND, LOW, HIGH, ACTIVE):
        for size in (1, 2, 4):
            for byte in range(0, 8, size):
                index = rng.randrange(bench.receivers)
                offset = 32 * index + register + byte
                await bench.write_at(offset, rng.getrandbits(8 * size), size)
                await bench.read_at(offset, size)
                error = await bench.read_at(ERROR)
                assert (error & 0xF, error >> 16 & 0xFFFF) == (BAD_SIZE, index)
    for index in range(bench.receivers, 512, 7):
        for register in (SEND, LOW, HIGH, ACTIVE):
            await bench.write(index, register, rng.randrange(64))
            assert await bench.read(index, register) == 0
            error = await bench.read_at(ERROR)
            assert (error & 0xF, error >> 16 & 0xFFFF) == (NO_RECEIVER, index)
    await bench.lines(bench.model.usip())
    await bench.compare()


@cocotb.test()
async def of_several_reasons_the_greatest_is_told(dut):
    """UINTC-5.1: the size before the entry, the entry before the vector."""
    bench = await started(dut)
    missing = bench.receivers if bench.receivers < 512 else None
    for index, size, reason in ((1, 8, BAD_VECTOR), (missing, 8, NO_RECEIVER),
                                (1, 4, BAD_SIZE), (missing, 4, BAD_SIZE)):
        if index is not None:
            await bench.write(index, SEND, 64, size=size)
            assert await bench.read_at(ERROR) & 0xF == reason
            assert await bench.read_at(ERROR) >> 16 & 0xFFFF == index


@cocotb.test()
async def the_error_page_tells_and_forgets(dut):
    bench = await started(dut)
    await bench.write(3, SEND, 64)
    await bench.write(2, LOW, 0, size=4)
    error = await bench.read_at(ERROR)
    assert error == 2 << 32 | 2 << 16 | (1 << 2 | LOW >> 3) << 8 | BAD_SIZE
    for size in (1, 2, 4):  # outside the table: refused without a record
        await bench.write_at(ERROR, 0, size)
        await bench.read_at(ERROR, size)
    for offset in (ERROR + 8, ERROR + 0x20, 0x7FF8):
        await bench.write_at(offset, (1 << 64) - 1)
        assert await bench.read_at(offset) == 0
    assert await bench.read_at(ERROR) == error
    await bench.write(4, SEND, 64)
    await bench.write_at(ERROR, (1 << 64) - 1)  # directly after a refusal
    assert await bench.read_at(ERROR) == 0
    await bench.write_at(ERROR, 0)
    await bench.write(4, SEND, 64)  # directly after a clear
    assert await bench.read_at(ERROR) == 1 << 32 | 4 << 16 | 1 << 10 | BAD_VECTOR


@cocotb.test()
async def the_count_of_refusals_stops_at_its_limit(dut):
    bench = await started(dut)
    bus = bench.bus
    bus.payload.value = Request(True, SEND, 8, 64).pack(bus.addr_bits)
    bus.valid.value = 1  # refused in every cycle
    await cycles(dut, 0xFFFE)
    bus.valid.value = 0
    for count in (0xFFFE, 0xFFFF, 0xFFFF):
        assert await bus.read(ERROR, 8) == count << 32 | 1 << 10 | BAD_VECTOR
        await bus.write(SEND, 64, 8)


@cocotb.test()
async def nothing_is_accepted_before_the_table_is_clear(dut):
    bench = await started(dut)
    dut.rst.value = 1
    await FallingEdge(dut.clk)
    dut.rst.value = 0
    bench.bus.valid.value = 1
    bench.bus.payload.value = Request(False, SEND, 8).pack(bench.bus.addr_bits)
    for _ in range(bench.receivers):
        await ReadOnly()
        assert not int(bench.bus.ready.value)
        assert not int(bench.bus.r_valid.value)
        await FallingEdge(dut.clk)
    await ReadOnly()
    assert int(bench.bus.ready.value)


@pytest.mark.parametrize(("receivers", "harts"), [(512, 4), (5, 1)])
def test_uintc(receivers, harts):
    run_cocotb(Uintc(UintcParams(receivers, harts)), __name__, f"uintc_{receivers}_{harts}")


def test_parameters_are_checked():
    assert_refused(lambda: UintcParams(receivers=513), "receivers must be 2 to 512, not 513")
    assert_refused(lambda: UintcParams(harts=0), "harts must be 1 to 16, not 0")
