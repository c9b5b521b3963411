"""Multipliers of a netlist multiply."""

import random

import cocotb
import pytest
from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out
from cocotb.triggers import Timer

from tests.netlist.synthesise import netlist_of
from tests.support.run import run_verilog


class Product(wiring.Component):
    def __init__(self, signed: bool) -> None:
        self.signed = signed
        super().__init__({"a": In(16), "b": In(16), "product": Out(32)})

    def elaborate(self, platform) -> Module:
        m = Module()
        a, b = ((self.a.as_signed(), self.b.as_signed()) if self.signed else (self.a, self.b))
        m.d.comb += self.product.eq(a * b)
        return m


@cocotb.test()
async def product_is_right(dut):
    rng = random.Random(cocotb.RANDOM_SEED)
    ends = [0, 1, 0x7FFF, 0x8000, 0xFFFF]
    for _ in range(2000):
        a, b = (rng.choice(ends) if rng.random() < 0.2 else rng.getrandbits(16) for _ in "ab")
        dut.a.value, dut.b.value = a, b
        await Timer(1, "ns")
        if "signed" in cocotb.plusargs:
            a, b = (value - (value >> 15 << 16) for value in (a, b))
        assert int(dut.product.value) == a * b & 0xFFFF_FFFF


@pytest.mark.parametrize("signed", [True, False], ids=["signed", "unsigned"])
def test_multiplier(signed):
    text = netlist_of(Product(signed), f"product {signed}")
    assert "MULTIPLIER" in text
    run_verilog(text, "top", __name__, f"netlist product {signed}",
                plusargs=["+signed"] if signed else [])
