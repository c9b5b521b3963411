"""The wiring of the SoC, seen from harts that the test controls."""

import random
import struct

import cocotb
from cocotb.triggers import FallingEdge, ReadOnly

import soc.top
from hdl.bus.coherent import MemOp
from soc.bootrom import boot_rom
from soc.config import DRAM_BASE
from soc.memory_map import (
    TAIC_BASE,
    UART_INTERRUPT,
    UINTC_BASE,
    device,
    hart_params,
    plic_contexts,
    taic_params,
)
from tests.soc.puppets import PARAMS, PuppetHart, PuppetSoc
from tests.support.clock import cycles, start
from tests.support.mmio import Initiator
from tests.support.pauses import never
from tests.support.run import run_cocotb

HART = hart_params(PARAMS)
ENQUEUE, DEQUEUE, WRITE_HART, REGISTER_INTERRUPT = 0x00, 0x08, 0x38, 0x40  # in a queue's page
GRANT = 0xC00  # in the control page
LINES = {"msip": 0, "mtip": 1, "m": 2, "s": 3, "usip": 4, "u": 5, "ssip": 6}


class Bench:
    def __init__(self, dut):
        self.dut, self.rng = dut, random.Random(cocotb.RANDOM_SEED)
        self.harts = [Initiator(dut, f"hart{n}__mmio", HART.paddr_bits, never(self.rng))
                      for n in range(PARAMS.harts)]
        for name in ("interrupts", "uart_rx__valid", "uart_tx__ready", "dram__rdata__valid",
                     "dram__request__ready", "dram__wdata__ready"):
            getattr(dut, name).value = 0
        for n in range(PARAMS.harts):
            getattr(dut, f"hart{n}__mem__request__valid").value = 0

    async def start(self):
        await start(self.dut)

    def lines(self, hart):
        """Returns the names of the interrupt lines that are high."""
        value = int(getattr(self.dut, f"hart{hart}__lines").value)
        return {name for name, bit in LINES.items() if value >> bit & 1}

    async def fetch(self, hart, address):
        """Reads a dword through the coherent port."""
        port = f"hart{hart}__mem__"
        getattr(self.dut, port + "request__valid").value = 1
        payload = MemOp.READ.value | address << 9
        getattr(self.dut, port + "request__payload").value = payload
        taken = False
        for _ in range(2000):  # the L2 clears its tags after reset
            await ReadOnly()
            taken |= bool(int(getattr(self.dut, port + "request__ready").value))
            answered = int(getattr(self.dut, port + "response__valid").value)
            response = int(getattr(self.dut, port + "response__p").value)
            await FallingEdge(self.dut.clk)
            if taken:
                getattr(self.dut, port + "request__valid").value = 0
            if answered:
                return response >> 2 & (1 << 64) - 1
        raise AssertionError(f"no answer to a read of {address:#x}")


CLINT, PLIC, UART, FINISHER = (device(PARAMS, name).base
                               for name in ("clint", "plic", "uart0", "finisher"))


@cocotb.test()
async def each_hart_gets_its_own_interrupts_from_the_clint(dut):
    bench = Bench(dut)
    await bench.start()
    for n in range(PARAMS.harts):
        writer = bench.harts[bench.rng.randrange(PARAMS.harts)]
        others = [i for i in range(PARAMS.harts) if i != n]
        await writer.write(CLINT + 4 * n, 1)
        assert bench.lines(n) == {"msip"}
        await writer.write(CLINT + 0x4000 + 8 * n, 0, 8)
        await cycles(dut, 2)
        assert bench.lines(n) == {"msip", "mtip"}
        assert all(not bench.lines(i) for i in others)
        await writer.write(CLINT + 4 * n, 0)
        await writer.write(CLINT + 0x4000 + 8 * n, (1 << 64) - 1, 8)


@cocotb.test()
async def each_context_of_the_plic_leads_to_its_hart_and_mode(dut):
    bench = Bench(dut)
    await bench.start()
    hart = bench.harts[0]
    await hart.write(PLIC + 4 * 5, 1)
    dut.interrupts.value = 1 << 5
    for context, (n, mode) in enumerate(plic_contexts(PARAMS)):
        await hart.write(PLIC + 0x2000 + 0x80 * context, 1 << 5)
        await cycles(dut, 20)
        for i in range(PARAMS.harts):
            assert bench.lines(i) == ({mode} if i == n else set())
        await hart.write(PLIC + 0x2000 + 0x80 * context, 0)
        await cycles(dut, 20)


@cocotb.test()
async def the_uart_moves_bytes_and_interrupts(dut):
    bench = Bench(dut)
    await bench.start()
    hart = bench.harts[1]
    await hart.write(UART, 0x5A, 1)
    await cycles(dut, 2)
    assert (int(dut.uart_tx__valid.value), int(dut.uart_tx__payload.value)) == (1, 0x5A)
    await hart.write(PLIC + 4 * UART_INTERRUPT, 1)
    await hart.write(PLIC + 0x2000, 1 << UART_INTERRUPT)
    await hart.write(UART + 1, 1, 1)
    assert bench.lines(0) == set()
    dut.uart_rx__payload.value = 0xA5
    dut.uart_rx__valid.value = 1
    await cycles(dut, 1)
    dut.uart_rx__valid.value = 0
    await cycles(dut, 20)
    assert bench.lines(0) == {"m"}
    assert await hart.read(UART, 1) == 0xA5


@cocotb.test()
async def the_finisher_shows_the_end(dut):
    bench = Bench(dut)
    await bench.start()
    await bench.harts[1].write(FINISHER, 42 << 16 | 0x3333)
    assert (int(dut.finisher__valid.value), int(dut.finisher__kind.value),
            int(dut.finisher__code.value)) == (1, 0x3333, 42)


@cocotb.test()
async def the_time_is_the_same_for_all(dut):
    bench = Bench(dut)
    await bench.start()
    await bench.harts[0].write(CLINT + 0xBFF8, 0x1234_5678_9ABC_DEF0, 8)
    await cycles(dut, 1)  # until the effect shows
    for n in range(PARAMS.harts):
        assert int(getattr(dut, f"hart{n}__time").value) == 0x1234_5678_9ABC_DEF0
        assert int(getattr(dut, f"hart{n}__hart_id").value) == n


@cocotb.test()
async def each_hart_has_its_own_way_to_taic(dut):
    """A line of the PLIC wakes a task that interrupts its hart. Both harts see all queues."""
    bench = Bench(dut)
    await bench.start()
    queues = []
    for hart, process in zip(bench.harts, (0, 7), strict=True):
        for word in (1, process):
            await hart.write(TAIC_BASE, word, 8)
        index = await hart.read(TAIC_BASE, 8)
        queues.append(TAIC_BASE + 0x1000 + 0x1000 * (
            taic_params(PARAMS).queues * (index >> 32) + index % (1 << 32)))
    await bench.harts[0].write(TAIC_BASE + GRANT + 8 * 5, 0b11, 8)
    for n, (queue, line) in enumerate(zip(queues, ("ssip", "usip"), strict=True)):
        await bench.harts[n].write(queue + WRITE_HART, 1 - n, 8)
        await bench.harts[n].write(queue + REGISTER_INTERRUPT + 8 * 5, 0x109, 8)
        dut.interrupts.value = 1 << 5
        await cycles(dut, 20)
        assert bench.lines(1 - n) == {line} and bench.lines(n) == set()
        assert await bench.harts[n].read(queue + DEQUEUE, 8) == 0x109
        dut.interrupts.value = 0
        await cycles(dut, 20)
        assert bench.lines(1 - n) == set()
    for n, queue in enumerate(queues):
        await bench.harts[n].write(queue + ENQUEUE, 0x40 + n, 8)
    for n, queue in enumerate(queues):
        assert await bench.harts[1 - n].read(queue + DEQUEUE, 8) == 0x40 + n


@cocotb.test()
async def nothing_answers_where_there_is_nothing(dut):
    bench = Bench(dut)
    await bench.start()
    for address in (TAIC_BASE - 8, UINTC_BASE + 0x8000, UART + 0x100, CLINT + 0x1_0000, 0):
        assert await bench.harts[0].refused(address)
        await bench.harts[0].write(address, 1)


@cocotb.test()
async def the_boot_rom_is_behind_the_l2(dut):
    bench = Bench(dut)
    await bench.start()
    image = boot_rom(PARAMS)
    offsets = [0, 0x18, len(image) - 8, *(bench.rng.randrange(0, len(image), 8) for _ in range(40))]
    for offset in offsets:
        wanted, = struct.unpack_from("<Q", image, offset)
        hart = bench.rng.randrange(PARAMS.harts)
        got = await bench.fetch(hart, HART.reset_vector + offset)
        assert got == wanted, f"{offset:#x} holds {got:#x}, not {wanted:#x}"
        assert not int(dut.dram__request__valid.value)


@cocotb.test()
async def a_miss_reaches_the_dram(dut):
    bench = Bench(dut)
    await bench.start()
    task = cocotb.start_soon(bench.fetch(0, DRAM_BASE + 0x48))
    await ReadOnly()
    while not int(dut.dram__request__valid.value):
        await FallingEdge(dut.clk)
        await ReadOnly()
    assert int(dut.dram__request__payload.value) == DRAM_BASE + 0x48 << 1
    await FallingEdge(dut.clk)
    dut.dram__request__ready.value = 1
    await FallingEdge(dut.clk)
    dut.dram__request__ready.value = 0
    for beat in range(8):
        dut.dram__rdata__valid.value = 1
        dut.dram__rdata__data.value = 0x1000 + beat
        await FallingEdge(dut.clk)
    dut.dram__rdata__valid.value = 0
    assert await task == 0x1000


def test_top(monkeypatch):
    puppets = [PuppetHart(HART) for _ in range(PARAMS.harts)]
    waiting = iter(puppets)
    monkeypatch.setattr(soc.top, "Hart", lambda params: next(waiting))
    run_cocotb(PuppetSoc(puppets, PARAMS), __name__, "soc_top")
