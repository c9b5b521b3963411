"""The L1 instruction cache returns the contents of memory at the line's last read after a flush."""

import itertools
import random

import cocotb
from cocotb.triggers import FallingEdge, ReadOnly

from hdl.bus.coherent import MEM_RESPONSE, MemOp, MemSource, mem_request_layout
from hdl.core.fetch.icache import ICache
from hdl.core.fetch.itlb import RECENT_PAGES
from hdl.core.params import HartParams
from tests.support import clock
from tests.support.layouts import pack, unpack
from tests.support.run import run_cocotb

PARAMS = HartParams()
WAY_DWORDS = PARAMS.icache_way_bytes // 8
LINE_DWORDS = PARAMS.line_bytes // 8
PPN_BITS = PARAMS.ppn_bits


class Bench:
    """Makes look-ups and answers refills. ``memory`` holds the dwords that differ from their
    address."""

    def __init__(self, dut) -> None:
        self.dut, self.rng = dut, random.Random(cocotb.RANDOM_SEED)
        dut._log.info(f"seed {cocotb.RANDOM_SEED}")
        self.memory: dict[int, int] = {}
        self.latency = self.gap = 0
        self.now = 0
        self.lines: list[int] = []  # refilled lines, by first dword
        self.beats: list[tuple[int, int, bool]] = []  # earliest cycle, dword, last
        self.read: int | None = None  # index read, now in F

    async def start(self) -> None:
        for name in ("p_en", "look", "cancel", "flush", "mem__response__valid",
                     "mem__request__ready", "mem__write_done", "mem__invalidate__valid"):
            getattr(self.dut, name).value = 0
        await clock.start(self.dut)
        while self.dut.flush_busy.value:
            await self.cycle()

    def dword(self, number: int) -> int:
        return self.memory.get(number, number * 0x1_0000_0001)

    async def cycle(self, index: int | None = None, ppn: int | None = None, look: bool = False,
                    flush: bool = False) -> int | None:
        """Reads ``index`` and looks up the previous read in page ``ppn``. Returns the dword on a
        hit."""
        dut, rng = self.dut, self.rng
        dut.p_en.value = index is not None
        dut.p_index.value = index or 0
        select = rng.randrange(RECENT_PAGES)
        pages = [rng.getrandbits(PPN_BITS) for _ in range(RECENT_PAGES)]
        if ppn is not None:
            pages[select] = ppn
        dut.f_ppn.value = sum(page << n * PPN_BITS for n, page in enumerate(pages))
        dut.f_select.value = (ppn is not None) << select
        dut.f_index.value = self.read or 0
        dut.look.value = look
        dut.flush.value = flush
        dut.mem__request__ready.value = rng.random() < 0.5 and not self.beats
        dut.mem__response__valid.value = 0
        if self.beats and self.beats[0][0] <= self.now:
            _, dword, last = self.beats.pop(0)
            dut.mem__response__valid.value = 1
            dut.mem__response__p.value = pack(MEM_RESPONSE, {
                "source": MemSource.FETCH.value, "data": self.dword(dword), "last": last})
        await ReadOnly()
        got = int(dut.data.value) if dut.hit.value else None
        if dut.mem__request__valid.value and dut.mem__request__ready.value:
            request = unpack(mem_request_layout(PARAMS.paddr_bits),
                             int(dut.mem__request__payload.value))
            assert request["op"] == MemOp.READ_LINE.value
            assert request["source"] == MemSource.FETCH.value
            first = request["addr"] >> 3
            line = first // LINE_DWORDS * LINE_DWORDS
            self.lines.append(line)
            at = self.now + 1 + self.latency
            for beat in range(LINE_DWORDS):
                self.beats.append((at, line + (first + beat) % LINE_DWORDS,
                                   beat == LINE_DWORDS - 1))
                at += 1 + self.gap
        await FallingEdge(dut.clk)
        self.now += 1
        if index is not None:
            self.read = index
        return got

    async def fetch(self, index: int, ppn: int) -> int:
        """Fetches in the way of the front end. Returns the dword."""
        for _ in range(400):
            await self.cycle(index)
            got = await self.cycle(ppn=ppn)
            if got is not None:
                return got
            await self.cycle(ppn=ppn, look=True)
            while not self.dut.retry.value:
                await self.cycle()
        raise AssertionError("the fetch does not end")


def number(index: int, ppn: int) -> int:
    """Returns the number of the physical dword."""
    return ppn << 9 | index % 512


@cocotb.test()
async def random_fetches(dut):
    bench = Bench(dut)
    rng = bench.rng
    await bench.start()
    pages = [rng.getrandbits(PPN_BITS) for _ in range(4)]
    for _ in range(3000):
        bench.latency, bench.gap = rng.choice((0, 3, 20)), rng.choice((0, 0, 2))
        index = rng.randrange(4) * 512 % WAY_DWORDS | rng.randrange(40)
        ppn = rng.choice(pages)
        assert await bench.fetch(index, ppn) == bench.dword(number(index, ppn))
        if rng.random() < 0.01:
            for _ in range(50):
                dword = number(rng.randrange(40), rng.choice(pages))
                bench.memory[dword] = rng.getrandbits(64)
            await bench.cycle(flush=True)


@cocotb.test()
async def streams_during_a_refill(dut):
    """Each dword can be read in the cycle after its arrival. The wanted dword arrives first."""
    bench = Bench(dut)
    await bench.start()
    await bench.cycle(index=5)
    assert await bench.cycle(ppn=7, look=True) is None
    while not bench.beats:
        await bench.cycle()
    await bench.cycle()  # the response for dword 5
    await bench.cycle(5)
    for index, following in itertools.pairwise((5, 6, 7, 0, 1, 2, 3, 4, 4)):
        assert await bench.cycle(following, ppn=7) == bench.dword(number(index, 7))
    assert bench.lines == [7 << 9]


@cocotb.test()
async def ways_fill_before_lines_are_replaced(dut):
    bench = Bench(dut)
    await bench.start()
    for ppn in range(PARAMS.icache_ways):
        await bench.fetch(9, ppn)
    for ppn in range(PARAMS.icache_ways):
        await bench.fetch(9, ppn)
    assert len(bench.lines) == PARAMS.icache_ways
    await bench.fetch(9, 77)
    assert len(bench.lines) == PARAMS.icache_ways + 1


@cocotb.test()
async def flush_drops_everything(dut):
    bench = Bench(dut)
    rng = bench.rng
    await bench.start()
    indices = [rng.randrange(WAY_DWORDS) for _ in range(30)]
    for index in indices:
        await bench.fetch(index, 3)
    await bench.cycle(flush=True)
    while dut.flush_busy.value:
        assert await bench.cycle(rng.choice(indices), ppn=3) is None
    for index in indices:
        await bench.cycle(index)
        assert await bench.cycle(ppn=3) is None


def test_icache():
    run_cocotb(ICache(PARAMS), __name__, "icache")
