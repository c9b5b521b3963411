"""The L2 puts all memory operations in one order, and every hart sees that order."""

import os
import random

import cocotb
import pytest
from cocotb.triggers import FallingEdge, ReadOnly

from hdl.bus.coherent import AmoOp, MemOp, MemSource
from hdl.cache.l2 import L2Cache
from hdl.cache.l2_params import L2Params
from tests.hdl.cache.l2_model import CoherentMemory
from tests.support.clock import start
from tests.support.memory import CoherentInitiator, DramModel, MemRequest
from tests.support.pauses import bursts, never, often
from tests.support.run import run_cocotb

BASE = 0x8000_0000
PADDR_BITS = 32
CYCLES = int(os.environ.get("L2_CYCLES", "2500"))  # length of a random test


def background(number: int) -> int:
    """The initial contents of memory."""
    return number * 0x9E37_79B9_7F4A_7C15 & (1 << 64) - 1


def _same(one, other) -> bool:
    return int(one.value) == int(other.value)


class Bench:
    """An L2 between its harts and memory. Every event is compared with the model."""

    def __init__(self, dut, pause=never, latency=lambda rng: 10, dram_pause=never):
        self.dut, self.rng = dut, random.Random(cocotb.RANDOM_SEED)
        self.ports = sum(hasattr(dut, f"harts__{port}__write_done") for port in range(4))
        self.line_bytes = 1 << PADDR_BITS - len(dut.harts__0__invalidate__line)
        beats = self.line_bytes // 8
        self.harts = [CoherentInitiator(dut, f"harts__{port}", pause(self.rng))
                      for port in range(self.ports)]
        self.model = CoherentMemory(self.ports, background, beats)
        self.dram = DramModel(dut, "dram", lambda: latency(self.rng), dram_pause(self.rng),
                              self.line_bytes, PADDR_BITS, background)
        # True if the present output of the block RAMs comes from a read that collided with a write.
        self.dword_collided = self.tag_collided = False
        self.cycle = 0
        self.watch = None  # called in each cycle before the clock rises

    async def start(self):
        self.dut.flush.value = 0
        await start(self.dut)

    async def step(self):
        """Runs one cycle."""
        for side in (*self.harts, self.dram):
            side.drive()
        await ReadOnly()
        for side in (*self.harts, self.dram):
            side.sample()
        self._compare()
        self._check_collisions()
        if self.watch:
            self.watch()
        self.cycle += 1
        await FallingEdge(self.dut.clk)

    def _compare(self):
        model = self.model
        for port, hart in enumerate(self.harts):
            if hart.invalidated is not None:
                model.invalidate(port, hart.invalidated)
        events = 0
        for port, hart in enumerate(self.harts):
            if hart.response is not None:
                model.respond(port, hart.response)
                events += 1
            if hart.write_done:
                model.write_done(port)
                events += 1
            assert hart.waited < 2000, f"port {port} starves"
        assert events <= 1, "two operations performed in one cycle"
        for port, hart in enumerate(self.harts):
            if hart.accepted is not None:
                model.accept(port, hart.accepted)
        written = self.dram.written
        while written:
            number = written.pop()
            assert self.dram.words[number] == model.read(number), f"dword {number:#x} written back"

    def _check_collisions(self):
        """A block RAM read is undefined if it collides with a write. It must not be used."""
        lines, tags, misses = self.dut.lines, self.dut.tags, self.dut.misses
        stage_moves = int(misses.rotate.value) or (
            int(misses.idle.value) and not int(misses.miss.value))
        assert not (self.dword_collided and int(lines.capture.value)), "a dword is undefined"
        assert not (self.tag_collided and stage_moves), "a tag is undefined"
        self.dword_collided = int(lines.write_en.value) and _same(
            lines.write_addr, lines.read_addr)
        if not int(tags.hold.value):
            self.tag_collided = int(tags.tag_en.value) and _same(tags.write_set, tags.read_set)

    def busy(self):
        return any(hart.queue for hart in self.harts) or any(self.model.pending)

    async def drain(self):
        for _ in range(100_000):
            if not self.busy():
                return
            await self.step()
        raise AssertionError("requests stay unanswered")

    async def check_image(self, lines):
        """Reads every dword of the lines through port 0 and compares it with the model."""
        for line in lines:
            for dword in range(self.model.beats):
                self.harts[0].queue.append(MemRequest(
                    MemOp.READ, line * self.line_bytes + 8 * dword, source=MemSource.WALKER))
            await self.drain()


VALUES = (0, 1, (1 << 64) - 1, 1 << 63, 1 << 31, (1 << 31) - 1, 0xFFFF_FFFF_0000_0000)


class RandomHart:
    """Makes requests of every operation for some lines. An SC mostly follows an LR."""

    def __init__(self, rng, lines, line_bytes, reads):
        self.rng, self.lines, self.line_bytes, self.reads = rng, lines, line_bytes, reads
        self.reserved = None

    def request(self):
        rng = self.rng
        addr = rng.choice(self.lines) * self.line_bytes + rng.randrange(self.line_bytes)
        if rng.random() < 0.5:
            addr &= ~(self.line_bytes - 1)
        data = rng.choice((rng.choice(VALUES), rng.getrandbits(64)))
        if self.reserved is not None and rng.random() < 0.5:
            if rng.random() < 0.8:
                addr = self.reserved
            self.reserved = None
            return MemRequest(MemOp.SC, addr, data, rng.choice((0x0F, 0xF0, 0xFF)))
        op = rng.choices(list(MemOp), (self.reads, 1, 8, 2, 1, 2))[0]
        if op == MemOp.READ_LINE:
            source = rng.choice((MemSource.DATA, MemSource.DATA, MemSource.FETCH))
            return MemRequest(op, addr, source=source)
        if op == MemOp.READ:
            return MemRequest(op, addr, source=MemSource.WALKER)
        if op == MemOp.LR:
            self.reserved = addr
            return MemRequest(op, addr)
        if op == MemOp.AMO:
            mask = rng.choice((0x0F, 0xF0, 0xFF))
            return MemRequest(op, addr, data, mask, rng.choice(list(AmoOp)))
        mask = 0xFF if op == MemOp.SC else rng.choice((0xFF, rng.getrandbits(8)))
        return MemRequest(op, addr, data, mask)


@cocotb.test()
@cocotb.parametrize(
    (("lines", "stride"), [(3, 1), (6, 8), (96, 1)]),  # all stay; one full set; many evictions
    ("timing", ["fast", "slow"]),
)
async def operations_have_one_order(dut, lines, stride, timing):
    fast = timing == "fast"
    bench = Bench(
        dut,
        pause=never if fast else bursts,
        latency=(lambda rng: 1) if fast else (lambda rng: rng.choice((1, 2, 5, 9, 10, 30))),
        dram_pause=never if fast else often,
    )
    await bench.start()
    rng = bench.rng
    pool = [BASE // bench.line_bytes + stride * n for n in range(lines)]
    makers = [RandomHart(rng, pool, bench.line_bytes, rng.choice((1, 4))) for _ in bench.harts]
    for _ in range(CYCLES):
        for hart, maker in zip(bench.harts, makers, strict=True):
            if len(hart.queue) < 2:
                hart.queue.append(maker.request())
        await bench.step()
    await bench.drain()
    model = bench.model
    dut._log.info("%d operations, %d SC done, %d refused after eviction",
                  model.performed, model.successes, model.refusals)
    assert model.performed > CYCLES // 100 and model.successes > 0
    if lines == 3:
        assert not model.refusals, "an SC was refused without a reason"
    await bench.check_image(pool)


@cocotb.test()
async def counters_incremented_by_lr_sc_lose_nothing(dut):
    """All harts increment one counter with LR/SC while their other accesses evict lines."""
    bench = Bench(dut, latency=lambda rng: rng.choice((1, 10)))
    await bench.start()
    rng, goal = bench.rng, 40
    addr = BASE + 0x40
    done = [0] * bench.ports
    loaded = [None] * bench.ports
    noise = [BASE + bench.line_bytes * 8 * n for n in range(64)]
    bench.model.words[addr // 8] = bench.dram.words[addr // 8] = 0

    def watch():
        for port, hart in enumerate(bench.harts):
            response = hart.response
            if response is None or response.source == MemSource.FETCH:
                continue
            if loaded[port] is None:
                loaded[port] = response.data
                if rng.random() < 0.3:
                    hart.queue.append(MemRequest(
                        MemOp.READ_LINE, rng.choice(noise), source=MemSource.FETCH))
                hart.queue.append(MemRequest(MemOp.SC, addr, response.data + 1, 0xFF))
            else:
                loaded[port] = None
                done[port] += response.data == 0
                if done[port] < goal:
                    hart.queue.append(MemRequest(MemOp.LR, addr))

    bench.watch = watch
    for hart in bench.harts:
        hart.queue.append(MemRequest(MemOp.LR, addr))
    await bench.drain()
    assert done == [goal] * bench.ports
    assert bench.model.read(addr // 8) == goal * bench.ports
    assert bench.model.refusals == 0, "evicted in spite of its reservation"


@cocotb.test()
async def eviction_ends_reservations(dut):
    """There are as many harts as ways, and each reserves a line of one set. Another line of the set
    evicts one of them."""
    bench = Bench(dut)
    await bench.start()
    if bench.ports == 1:
        pytest.skip("needs two ports")
    lines = [BASE + (1 << 16) * n for n in range(bench.ports + 1)]
    for port, addr in enumerate(lines[:-1]):
        await answered(bench, port, MemRequest(MemOp.LR, addr))
    await answered(bench, 0, MemRequest(MemOp.READ, lines[-1]))
    for port in range(bench.ports):  # the model knows that no hart reserved it
        await answered(bench, port, MemRequest(MemOp.SC, lines[-1], 1, 0xFF))
        assert bench.harts[port].response.data == 1
    await bench.drain()


@cocotb.test()
async def a_victim_written_just_before_is_written_back(dut):
    """A written line survives at any distance between the write and the miss that evicts it."""
    bench = Bench(dut)
    await bench.start()
    hart, fresh = bench.harts[0], BASE
    for gap in range(4):
        for _ in range(10):
            *readers, missing = (fresh + 4096 * n for n in range(5))  # all in one set
            fresh += 4096 * 5
            for addr in readers:
                await answered(bench, 0, MemRequest(MemOp.READ, addr, source=MemSource.WALKER))
            await bench.drain()
            for _ in range(20):
                await bench.step()
            hart.queue.append(MemRequest(MemOp.WRITE, readers[-1], gap, 0xFF))
            for _ in range(gap + 1):
                await bench.step()
            hart.queue.append(MemRequest(MemOp.WRITE, missing, gap, 0xFF))
            await bench.drain()
            await answered(bench, 0, MemRequest(MemOp.READ, readers[-1], source=MemSource.WALKER))


async def answered(bench, port, request):
    """Returns the cycles from the acceptance of the request to its first answer."""
    hart = bench.harts[port]
    hart.queue.append(request)
    accepted = None
    for _ in range(200):
        await bench.step()
        if hart.accepted is not None:
            accepted = bench.cycle
        if hart.response is not None or hart.write_done:
            return bench.cycle - accepted
    raise AssertionError(f"{request} is not answered")


@cocotb.test()
async def takes_the_documented_cycles(dut):
    latency = 10
    bench = Bench(dut, latency=lambda rng: latency)
    await bench.start()
    line = MemRequest(MemOp.READ_LINE, BASE + 0x18)
    assert await answered(bench, 0, line) == 3 + latency
    await bench.drain()
    for _ in range(4):
        await bench.step()
    for request in (line, MemRequest(MemOp.READ, BASE), MemRequest(MemOp.LR, BASE),
                    MemRequest(MemOp.SC, BASE, 1, 0xFF), MemRequest(MemOp.WRITE, BASE, 2, 0xFF),
                    MemRequest(MemOp.AMO, BASE, 3, 0xFF, AmoOp.ADD)):
        assert await answered(bench, 0, request) == 2, request
        await bench.drain()
        await bench.step()


@cocotb.test()
async def writes_that_hit_take_a_cycle_each(dut):
    bench = Bench(dut)
    await bench.start()
    await answered(bench, 0, MemRequest(MemOp.READ_LINE, BASE))
    await bench.drain()
    for _ in range(4):
        await bench.step()
    began = bench.cycle
    bench.harts[0].queue += [
        MemRequest(MemOp.WRITE, BASE + 8 * (n % 4), n, 0xFF) for n in range(20)]
    await bench.drain()
    assert bench.cycle - began == 20 + 2


@cocotb.test()
async def a_stream_of_writes_does_not_starve_a_reader(dut):
    bench = Bench(dut)
    await bench.start()
    if bench.ports == 1:
        pytest.skip("needs two ports")
    for port in range(bench.ports):
        await answered(bench, port, MemRequest(MemOp.READ_LINE, BASE))
        await bench.drain()
    for hart in bench.harts[1:]:
        hart.queue += [MemRequest(MemOp.WRITE, BASE, n, 0xFF) for n in range(200)]
    for _ in range(10):
        await bench.step()
        assert await answered(bench, 0, MemRequest(MemOp.READ, BASE)) == 2
        assert bench.harts[0].waited <= 2 + bench.ports
    await bench.drain()


@cocotb.test()
async def atomics_of_others_do_not_starve_lr_and_sc(dut):
    """The second SC succeeds if it comes soon enough, however often the others write the line."""
    bench = Bench(dut)
    await bench.start()
    await answered(bench, 0, MemRequest(MemOp.READ_LINE, BASE))
    await bench.drain()
    for hart in bench.harts[1:]:
        hart.queue += [MemRequest(MemOp.AMO, BASE, 1, 0xFF, AmoOp.ADD) for _ in range(200)]
    for distance in (1, 6, 11):
        attempts = 0
        while attempts == 0 or bench.harts[0].response.data:
            attempts += 1
            assert attempts <= 2, f"SC is refused {distance} cycles behind LR"
            await answered(bench, 0, MemRequest(MemOp.LR, BASE))
            for _ in range(distance):
                await bench.step()
            await answered(bench, 0, MemRequest(MemOp.SC, BASE, 1, 0xFF))
    await bench.drain()


@cocotb.test()
async def repeated_lr_does_not_starve_others(dut):
    bench = Bench(dut)
    await bench.start()
    if bench.ports == 1:
        pytest.skip("needs two ports")
    for port in range(bench.ports):
        await answered(bench, port, MemRequest(MemOp.READ_LINE, BASE))
        await bench.drain()
    await answered(bench, 0, MemRequest(MemOp.SC, BASE, 1, 0xFF))
    assert bench.harts[0].response.data == 1
    bench.harts[0].queue += [MemRequest(MemOp.LR, BASE) for _ in range(2000)]
    for number in range(20):
        port = 1 + number % (bench.ports - 1)
        await answered(bench, port, MemRequest(MemOp.READ, BASE))
        assert bench.harts[port].waited <= 16 + 2 + bench.ports
    bench.harts[0].queue.clear()
    await bench.drain()


@cocotb.test()
@cocotb.parametrize(timing=["fast", "slow"])
async def a_flush_leaves_every_write_in_memory(dut, timing):
    """It may come at any time. What was accepted before is performed, and nothing is after."""
    fast = timing == "fast"
    bench = Bench(dut, latency=(lambda rng: 1) if fast else (lambda rng: rng.choice((1, 9, 30))),
                  dram_pause=never if fast else often)
    await bench.start()
    rng, model = bench.rng, bench.model
    pool = [BASE // bench.line_bytes + n for n in range(96)]
    makers = [RandomHart(rng, pool, bench.line_bytes, 1) for _ in bench.harts]
    for _ in range(CYCLES // 5 + rng.randrange(100)):
        for hart, maker in zip(bench.harts, makers, strict=True):
            if len(hart.queue) < 2:
                hart.queue.append(maker.request())
        await bench.step()
    stale = [dword for dword in model.words if bench.dram.read(dword) != model.read(dword)]
    assert stale, "nothing was dirty"
    dut.flush.value = 1
    await bench.step()
    for _ in range(50_000):
        await bench.step()
        assert all(hart.accepted is None for hart in bench.harts)
        if int(dut.flushed.value):
            break
    assert int(dut.flushed.value), "not flushed"
    for dword in list(model.words):
        assert bench.dram.read(dword) == model.read(dword), f"dword {dword:#x} is not in memory"
    for _ in range(20):
        await bench.step()
        assert int(dut.flushed.value) and not int(dut.dram__request__valid.value)


@cocotb.test()
async def a_flush_takes_the_documented_cycles(dut):
    bench = Bench(dut)
    await bench.start()
    sets, ways = 1 << len(dut.flush_walk.set), 1 << len(dut.flush_walk.way)
    dirty = 3
    for n in range(dirty):
        await answered(bench, 0, MemRequest(MemOp.WRITE, BASE + bench.line_bytes * n, n, 0xFF))
    await bench.drain()
    for _ in range(20):
        await bench.step()
    dut.flush.value = 1
    began = bench.cycle
    while not int(dut.flushed.value):
        await bench.step()
    beats = bench.model.beats
    # A burst: its request, a cycle in the memory, and the dwords.
    expected = sets * (4 + 2 * ways) + dirty * ((beats + 2) + (beats + 4))
    assert abs(bench.cycle - began - expected) <= 4, (bench.cycle - began, expected)


@pytest.mark.parametrize("params", [
    L2Params(ports=1, ways=2, line_bytes=32, size_bytes=512),
    L2Params(ports=2, ways=2, size_bytes=1024),
    L2Params(ports=4, size_bytes=2048),
], ids=lambda params: f"{params.ports}_ports")
def test_l2(params):
    run_cocotb(L2Cache(params), __name__, f"l2_{params.ports}")
