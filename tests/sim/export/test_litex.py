"""The example for LiteX in the manual works, and what it warns of happens."""

import random
import re

import cocotb
import pytest
from migen import C, Cat

from sim import tools
from tests.hdl.bus.word_model import Access
from tests.sim.cli.test_verilog import RECEIVERS, register
from tests.support.clock import cycles, start
from tests.support.icarus import run_icarus
from tests.support.pauses import never
from tests.support.verilog import export
from tests.support.wishbone import Wishbone

BASE, HARTS = 0x02F1_0000, 2


class Driver:
    """Accesses of 8 bytes by an initiator of 32 bits, the lower word first."""

    def __init__(self, dut):
        self.wb = Wishbone(dut, "wb_", pipelined=False,
                           pause=never(random.Random(cocotb.RANDOM_SEED)))

    async def run(self, write, addr, value=0):
        """Returns what was read, and whether the bus reported an error."""
        words = [await self.wb.one(Access(write, (BASE + addr + 4 * part) // 4, 0xF,
                                          value >> 32 * part & 0xFFFF_FFFF)) for part in (0, 1)]
        return words[1][0] << 32 | words[0][0], words[0][1] or words[1][1]

    async def write(self, name, value, index=0):
        _, error = await self.run(True, register(name, index), value)
        assert not error

    async def read(self, name, index=0):
        value, error = await self.run(False, register(name, index))
        assert not error
        return value


@cocotb.test(timeout_time=100, timeout_unit="us")
async def receivers_are_interrupted(dut):
    driver = Driver(dut)
    await start(dut)
    assert await driver.read("id") & 0xFFFF_FFFF == HARTS << 16 | RECEIVERS
    for index, hart, vector in ((1, 1, 5), (6, 0, 63)):
        await driver.write("low", hart << 16 | 1, index)
        await driver.write("send", vector, index)
        await cycles(dut, 3)
        assert int(dut.usip.value) == 1 << hart
        assert await driver.read("high", index) == 1 << vector
        await driver.write("active", 0, index)
    assert await driver.read("error") & 0xF == 0


@cocotb.test(timeout_time=100, timeout_unit="us")
async def writes_are_lost(dut):
    driver = Driver(dut)
    await start(dut)
    await driver.write("low", 1 << 16 | 1, 1)
    await driver.write("send", 5, 1)
    await cycles(dut, 10)
    assert int(dut.usip.value) == 0
    _, error = await driver.run(False, register("low", 1))
    assert error


def example(bits: int):
    """Returns the class in the manual, for a device of 32 bits or, wrongly, of 64. LiteX converts
    only buses that count words."""
    manual = (tools.PROJECT / "docs" / "ip.md").read_text()
    (code,) = re.findall(r"```python\n(from litex.gen.*?)```", manual, re.DOTALL)
    if bits == 64:
        for old, new in (("data_width=32", "data_width=64"), (', addressing="byte"', ""),
                         ("bus.adr[:15]", "Cat(C(0, 3), bus.adr[:12])")):
            assert old in code
            code = code.replace(old, new)
    names: dict = {"Cat": Cat, "C": C}
    exec(code, names)
    return names["Uintc"]


@pytest.mark.parametrize(("bits", "happens"), [(32, "receivers_are_interrupted"),
                                              (64, "writes_are_lost")])
def test_uintc_in_litex(bits, happens, monkeypatch):
    from tests.sim.export.litex_soc import Soc

    device = export("uintc", "--bus", "wishbone", "--bus-bits", bits, "--harts", HARTS,
                    "--receivers", RECEIVERS)
    monkeypatch.setenv("COCOTB_TEST_FILTER", happens)
    run_icarus(device + Soc(example(bits)).verilog(), "litex", __name__, f"litex_{bits}")
