"""The exported Verilog works unchanged behind each bus. Unsuitable options are refused."""

import random
import re

import cocotb
import pytest
from cocotb.triggers import FallingEdge

from hdl.uintc import UintcParams, uintc_registers
from sim import tools
from tests.support.clock import cycles, start
from tests.support.run import run_verilog
from tests.support.verilog import PORTS, STYLE, bus_port, export, lint, rel4_verilog

HARTS, RECEIVERS = 2, 8
OFFSETS = {entry.name: entry.offset for entry in uintc_registers(UintcParams())}


def register(name: str, index: int = 0) -> int:
    return OFFSETS[name] + 32 * index


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def receivers_are_interrupted(dut):
    rng = random.Random(cocotb.RANDOM_SEED)
    port = bus_port(dut, rng)
    await start(dut)
    assert await port.read(register("id")) & 0xFFFF_FFFF == HARTS << 16 | RECEIVERS
    for _ in range(20):
        index, hart = rng.randrange(RECEIVERS), rng.randrange(HARTS)
        vectors = {rng.randrange(64) for _ in range(3)}
        await port.write(register("low", index), hart << 16 | 1)
        assert int(dut.usip.value) == 0
        for vector in vectors:
            await port.write(register("send", index), vector)
        await cycles(dut, 3)
        assert int(dut.usip.value) == 1 << hart, "usip after SEND"
        await port.write(register("active", index), 0)
        await cycles(dut, 3)
        assert int(dut.usip.value) == 0, "usip of an inactive receiver"
        assert await port.read(register("low", index)) == hart << 16
        assert await port.read(register("high", index)) == sum(1 << v for v in vectors)
        assert await port.read(register("high", index)) == 0
        await FallingEdge(dut.clk)
    await port.write(register("send", 1), 64)
    assert await port.read(register("error")) & 0xF == 1
    assert await port.refuses_three_bytes(register("low"))


@pytest.mark.parametrize("bits", [64, 32])
@pytest.mark.parametrize("bus", ["wishbone", "axi4-lite"])
def test_uintc_behind(bus, bits):
    text = export("uintc", "--bus", bus, "--bus-bits", bits, "--harts", HARTS,
                  "--receivers", RECEIVERS)
    run_verilog(text, "uintc", __name__, f"verilog_uintc_{bus}_{bits}")


@pytest.mark.parametrize("bus", PORTS)
def test_ports_have_plain_names(bus):
    text = export("uintc", "--bus", bus)
    (ports,) = re.findall(r"^module uintc\((.*?)\);", text, re.MULTILINE | re.DOTALL)
    assert sorted(re.findall(r"\w+", ports)) == sorted(["clk", "rst", "usip", *PORTS[bus].split()])


@pytest.mark.parametrize("bus", PORTS)
def test_lint_finds_nothing_but_style(tmp_path, bus):
    """There is no latch, loop, open input or second driver. Other warnings are about the
    generator's style."""
    source = tmp_path / "uintc.v"
    source.write_text(export("uintc", "--bus", bus, "--harts", 4))
    assert set(re.findall(r"%(?:Warning|Error)-(\w+)", lint("uintc", source))) <= STYLE


def test_the_example_of_the_manual_fits(tmp_path):
    manual = (tools.PROJECT / "docs" / "ip.md").read_text()
    (example,) = re.findall(r"```verilog\n(module soc_interrupts.*?)```", manual, re.DOTALL)
    (tmp_path / "soc_interrupts.v").write_text(example)
    (tmp_path / "uintc.v").write_text(export("uintc", "--bus", "axi4-lite", "--harts", 4))
    said = lint("soc_interrupts", tmp_path / "soc_interrupts.v", tmp_path / "uintc.v")
    assert "soc_interrupts.v" not in said


BAD = {
    "soc has no option --bus": ["soc", "--bus", "wishbone"],
    "hart has no option --receivers": ["hart", "--receivers", "8"],
    "uintc has no option --memory": ["uintc", "--memory", "16"],
    "uintc has no option --config": ["uintc", "--config", "tiny"],
    "the MMIO port has 64 bits; the width is that of a bus": ["uintc", "--bus-bits", "32"],
    "a data bus has 32 or 64 bits, not 16": ["uintc", "--bus", "wishbone", "--bus-bits", "16"],
    "receivers must be 2 to 512, not 513": ["uintc", "--receivers", "513"],
    "harts must be 1 to 16, not 0": ["uintc", "--harts", "0"],
    "uintc has no option --contexts": ["uintc", "--contexts", "4"],
    "taic has no option --receivers": ["taic", "--receivers", "4"],
    "queues must be a power of two from 2 to 8, not 3": ["taic", "--queues", "3"],
}


@pytest.mark.parametrize("text", BAD)
def test_options_that_do_not_fit_are_refused(text):
    result = rel4_verilog(*BAD[text])
    assert result.exit_code == 2
    assert result.stderr.strip() == f"rel4 verilog: {text}"
