"""Makes exported Verilog, checks it, and reaches it from another system's bus."""

import os
import subprocess
from functools import cache

from cocotbext.axi import AxiLiteBus, AxiLiteMaster, AxiResp
from typer.testing import CliRunner

from sim import tools
from sim.cli import app, load_verbs
from tests.hdl.bus.word_model import Access
from tests.support.pauses import often
from tests.support.wishbone import Wishbone

load_verbs(["verilog"])

PORTS = {
    "wishbone": "wb_cyc wb_stb wb_we wb_adr wb_sel wb_dat_w wb_dat_r wb_ack wb_err wb_stall",
    "axi4-lite": "s_axi_awaddr s_axi_awprot s_axi_awvalid s_axi_awready s_axi_wdata s_axi_wstrb "
                 "s_axi_wvalid s_axi_wready s_axi_bresp s_axi_bvalid s_axi_bready s_axi_araddr "
                 "s_axi_arprot s_axi_arvalid s_axi_arready s_axi_rdata s_axi_rresp s_axi_rvalid "
                 "s_axi_rready",
}

# Warnings that stay: several modules in one file, and bits that a memory or a sum has too much.
STYLE = {"DECLFILENAME", "UNUSEDSIGNAL"}


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
    """Makes accesses of 8 bytes. A narrow bus takes two words for each."""

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


def bus_port(dut, rng):
    """Returns the initiator for the bus of ``dut``."""
    return (AxiPort if hasattr(dut, "s_axi_awaddr") else WishbonePort)(dut, rng)


def rel4_verilog(*arguments):
    return CliRunner().invoke(app, ["verilog", *(str(a) for a in arguments)])


@cache
def export(*arguments) -> str:
    result = rel4_verilog(*arguments)
    assert result.exit_code == 0, result.stderr
    return result.stdout


def lint(top, *sources) -> str:
    """Returns Verilator's output."""
    command, root = tools.verilator()
    return subprocess.run([*command, "--lint-only", "-Wall", "-Wno-fatal", "--top-module", top,
                           *sources], env={**os.environ, "VERILATOR_ROOT": str(root)},
                          capture_output=True, text=True, check=True).stderr
