"""Stores leave the store buffer once, in order, each to its port. No store goes to a device before
every earlier write is acknowledged."""

import random
from collections import deque

import cocotb
from amaranth.lib import data
from cocotb.triggers import Timer

from hdl.bus.coherent import mem_request_layout
from hdl.bus.mmio import mmio_request_layout
from hdl.core.lsu.store_buffer import StoreBuffer, store_layout
from hdl.core.params import HartParams
from tests.support.run import run_cocotb

PARAMS = HartParams(store_buffer_entries=4)


def pack(layout: data.StructLayout, fields: dict[str, int]) -> int:
    return sum(value << layout[name].offset for name, value in fields.items())


def unpack(layout: data.StructLayout, packed: int) -> dict[str, int]:
    return {name: packed >> at.offset & (1 << at.width) - 1 for name, at in layout}


async def clock(dut) -> None:
    await Timer(1)
    dut.clk.value = 1
    await Timer(1)
    dut.clk.value = 0


@cocotb.test()
@cocotb.parametrize(io=[0.0, 0.1, 0.5], ready=[0.2, 0.9], acknowledge=[0.1, 0.9])
async def drains_in_order(dut, io, ready, acknowledge):
    rng = random.Random(cocotb.RANDOM_SEED)
    held: deque[dict[str, int]] = deque()
    outstanding = pushed = 0
    for port in (dut.push, dut.store, dut.write_done, dut.mem__ready, dut.mmio__ready, dut.clk):
        port.value = 0
    dut.rst.value = 1
    await clock(dut)
    dut.rst.value = 0
    while pushed < 200 or held or outstanding:
        await Timer(1)
        full = bool(dut.full.value)
        assert full == (len(held) == PARAMS.store_buffer_entries)
        assert bool(dut.empty.value) == (not held)
        assert bool(dut.drained.value) == (not held and not outstanding)
        assert bool(dut.device.value) == any(store["io"] for store in held)
        push = pushed < 200 and not full and rng.random() < 0.6
        store = {"addr": rng.getrandbits(32), "data": rng.getrandbits(64),
                 "mask": rng.getrandbits(8), "size": rng.getrandbits(2),
                 "io": int(rng.random() < io)}
        done = outstanding > 0 and rng.random() < acknowledge
        dut.push.value, dut.store.value = push, pack(store_layout(PARAMS), store)
        dut.write_done.value = done
        dut.mem__ready.value, dut.mmio__ready.value = rng.random() < ready, rng.random() < ready
        await Timer(1)
        sent = dut.mem__valid.value and dut.mem__ready.value
        if dut.mem__valid.value:
            assert held and not held[0]["io"]
            request = unpack(mem_request_layout(32), int(dut.mem__payload.value))
            assert all(request[name] == held[0][name] for name in ("addr", "data", "mask"))
        if dut.mmio__valid.value:
            assert held[0]["io"] and not outstanding
            request = unpack(mmio_request_layout(32), int(dut.mmio__payload.value))
            assert request == {"write": 1} | {
                name: held[0][name] for name in ("addr", "size", "data", "mask")}
        if sent or (dut.mmio__valid.value and dut.mmio__ready.value):
            held.popleft()
        outstanding += bool(sent) - done
        if push:
            held.append(store)
            pushed += 1
        await clock(dut)


def test_store_buffer():
    run_cocotb(StoreBuffer(PARAMS), __name__, "store_buffer")
