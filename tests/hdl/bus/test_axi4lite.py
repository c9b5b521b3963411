"""AXI4-Lite accesses reach the device correctly for any order and any pauses of the channels."""

import random
from dataclasses import replace

import cocotb
import pytest
from cocotb.triggers import FallingEdge, ReadOnly
from cocotb.utils import get_sim_time
from cocotbext.axi import AxiLiteBus, AxiLiteMaster, AxiResp

from hdl.bus.axi4lite import Axi4LiteToMmio
from tests.hdl.bus.word_model import (
    ADDR_BITS,
    REFUSED,
    Device,
    WordModel,
    random_access,
    same,
)
from tests.support.clock import PERIOD_NS, cycles, start
from tests.support.mmio import Target
from tests.support.pauses import bursts, never, often
from tests.support.refuse import assert_refused
from tests.support.run import run_cocotb


class Bench:
    def __init__(self, dut, *, channel_pause=never, device_pause=never):
        self.dut, self.rng = dut, random.Random(cocotb.RANDOM_SEED)
        self.data_bits, self.paired = len(dut.axi__wdata), "paired" in cocotb.plusargs
        self.bytes = self.data_bits // 8
        self.everything = (1 << self.bytes) - 1
        self.master = AxiLiteMaster(AxiLiteBus.from_prefix(dut, "axi_"), dut.clk, dut.rst)
        self.aw, self.w, self.b = (getattr(self.master.write_if, f"{name}_channel")
                                   for name in ("aw", "w", "b"))
        self.ar, self.r = (getattr(self.master.read_if, f"{name}_channel") for name in ("ar", "r"))
        self.channels = (self.aw, self.w, self.b, self.ar, self.r)
        for channel in self.channels:
            channel.log.setLevel("WARNING")
            channel.set_pause_generator(channel_pause(self.rng))
        for part in (self.master.write_if, self.master.read_if):
            part.log.setLevel("WARNING")
        self.model, self.device = WordModel(self.data_bits, self.paired), Device()
        self.target = Target(dut, "mmio", ADDR_BITS, self.device.serve, device_pause(self.rng),
                             device_pause(self.rng))

    async def start(self):
        await start(self.dut)
        cocotb.start_soon(self.target.run())
        cocotb.start_soon(self.responses_are_held())

    async def responses_are_held(self):
        dut, offered = self.dut, {}
        while True:
            await FallingEdge(dut.clk)
            await ReadOnly()
            for name, valid, ready, payload in (
                ("B", dut.axi__bvalid, dut.axi__bready, (dut.axi__bresp,)),
                ("R", dut.axi__rvalid, dut.axi__rready, (dut.axi__rresp, dut.axi__rdata)),
            ):
                shown = tuple(int(p.value) for p in payload) if int(valid.value) else None
                assert offered.get(name) in (None, shown), f"{name} was not held"
                offered[name] = None if int(ready.value) else shown

    async def access(self, access):
        """Tests arbitrary strobes, because the initiator's model does not make them by itself."""
        if not access.write:
            await self.ar.send(self.ar._transaction_obj(araddr=access.addr))
            r = await self.r.recv()
            return int(r.rdata), self.is_error(r.rresp)
        first, second = self.rng.sample((
            (self.aw, {"awaddr": access.addr}),
            (self.w, {"wdata": access.data, "wstrb": access.strobe}),
        ), 2)
        for channel, fields in (first, second):
            await channel.send(channel._transaction_obj(**fields))
            await cycles(self.dut, self.rng.choice((0, 0, 4)))
        b = await self.b.recv()
        return 0, self.is_error(b.bresp)

    @staticmethod
    def is_error(response):
        assert int(response) in (AxiResp.OKAY, AxiResp.SLVERR)
        return int(response) == AxiResp.SLVERR


@cocotb.test(timeout_time=1, timeout_unit="ms")
@cocotb.parametrize(channel_pause=[never, often, bursts], device_pause=[never, often])
async def accesses_follow_the_model(dut, channel_pause, device_pause):
    bench = Bench(dut, channel_pause=channel_pause, device_pause=device_pause)
    await bench.start()
    last = None
    for n in range(150):
        last = random_access(bench.rng, bench.data_bits, bench.paired, last)
        if not last.write:
            last = replace(last, strobe=bench.everything)
        wanted = bench.model.access(last)
        got = await bench.access(last)
        assert same(got, wanted, last, bench.data_bits), f"access {n}, {last}: {got}, not {wanted}"
    assert bench.device.log == bench.model.device.log


@cocotb.test(timeout_time=1, timeout_unit="ms")
@cocotb.parametrize(channel_pause=[never, often, bursts], device_pause=[never, often])
async def many_at_once_neither_lose_nor_mix(dut, channel_pause, device_pause):
    """Each worker has its own bytes. Writes and reads of all workers overlap."""
    bench = Bench(dut, channel_pause=channel_pause, device_pause=device_pause)
    await bench.start()
    workers = 1 if bench.paired else 6
    sizes = (8,) if bench.paired else (1, 2, 4, 8)[:bench.data_bits // 32 + 2]

    async def work(worker, rng):
        memory = bytearray(256)
        base = 256 * worker
        for _ in range(40):
            size = rng.choice(sizes)
            at = rng.randrange(0, 256, size)
            if rng.random() < 0.5:
                memory[at:at + size] = value = rng.randbytes(size)
                written = await bench.master.write(base + at, value)
                assert written.resp == AxiResp.OKAY
            else:
                read = await bench.master.read(base + at, size)
                assert read.resp == AxiResp.OKAY
                assert read.data == bytes(memory[at:at + size]), f"worker {worker} at {at:#x}"

    tasks = [cocotb.start_soon(work(n, random.Random(bench.rng.random()))) for n in range(workers)]
    for task in tasks:
        await task


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def an_error_of_the_device_is_the_readers(dut):
    bench = Bench(dut)
    await bench.start()
    size = 8 if bench.paired else bench.bytes
    assert (await bench.master.read(REFUSED.start, size)).resp == AxiResp.SLVERR
    assert (await bench.master.write(REFUSED.start, bytes(size))).resp == AxiResp.OKAY
    assert (await bench.master.read(0, size)).resp == AxiResp.OKAY


@cocotb.test(timeout_time=1, timeout_unit="ms")
@cocotb.parametrize(stuck=["b", "r"])
async def a_response_that_is_not_taken_stops_only_its_kind(dut, stuck):
    bench = Bench(dut)
    await bench.start()
    size = 8 if bench.paired else bench.bytes

    def access(write, n):
        return bench.master.write(8 * n, bytes(size)) if write else bench.master.read(8 * n, size)

    write = stuck == "b"
    channel = getattr(bench, stuck)
    channel.clear_pause_generator()
    channel.pause = True
    held = [cocotb.start_soon(access(write, n)) for n in range(4)]
    await cycles(dut, 20)
    for n in range(5):
        await access(not write, n)
    assert not any(task.done() for task in held)
    channel.pause = False
    for task in held:
        await task


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def writes_and_reads_take_turns(dut):
    bench = Bench(dut)
    await bench.start()
    size = 8 if bench.paired else bench.bytes

    async def all_of(make):
        for task in [cocotb.start_soon(make(8 * n)) for n in range(30)]:
            await task

    writes = cocotb.start_soon(all_of(lambda at: bench.master.write(at, bytes(size))))
    reads = cocotb.start_soon(all_of(lambda at: bench.master.read(at, size)))
    await writes
    await reads
    kinds = [write for write, *_ in bench.device.log]
    middle = kinds[10:40]
    assert 10 <= sum(middle) <= 20, f"{sum(middle)} writes among {len(middle)}"


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def an_access_costs_what_is_documented(dut):
    bench = Bench(dut)
    if bench.paired:
        pytest.skip("without paired words only")
    await bench.start()
    writes = [(bench.aw, {"awaddr": 0x100}), (bench.w, {"wdata": 1, "wstrb": bench.everything})]
    reads = [(bench.ar, {"araddr": 0x100})]
    for channels, answers, wanted in (writes, bench.b, 3), (reads, bench.r, 4):
        async def send(channel, fields):
            for _ in range(20):
                await channel.send(channel._transaction_obj(**fields))

        for channel, fields in channels:
            cocotb.start_soon(send(channel, fields))
        times = []
        for _ in range(20):
            await answers.recv()
            times.append(get_sim_time("ns"))
        took = (times[-1] - times[9]) / 10 / PERIOD_NS
        assert took == wanted, f"{took} cycles from one {answers.log.name} to the next"


@pytest.mark.parametrize("data_bits, paired", [(64, False), (32, False), (32, True)])
def test_axi4lite(data_bits, paired):
    run_cocotb(Axi4LiteToMmio(addr_bits=ADDR_BITS, data_bits=data_bits, paired=paired), __name__,
               f"axi4lite_{data_bits}_{paired:d}", plusargs=["+paired"] * paired)


def test_widths_that_there_are_not_are_refused():
    assert_refused(lambda: Axi4LiteToMmio(addr_bits=12, data_bits=128),
                   "a data bus has 32 or 64 bits, not 128")
