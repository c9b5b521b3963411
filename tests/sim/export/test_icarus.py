"""Exports answer in Icarus Verilog, which starts no process that waits for nothing."""

import random
import struct
import subprocess

import cocotb
import pytest
from cocotb.triggers import FallingEdge

from hdl.peripheral.finisher import Kind
from soc.config import DRAM_BASE
from tests.sim.cli import test_verilog, test_verilog_taic
from tests.support.clock import start
from tests.support.icarus import run_icarus
from tests.support.memory import DramModel
from tests.support.pauses import never
from tests.support.run import run_verilog
from tests.support.verilog import export

ROUNDS, CODE = 12, 0x2F1

# Sums products and quotients through memory; ends with the low bits of the sum.
PROGRAM = f"""
    li   s0, {ROUNDS}
    la   s1, words
    li   s2, 0
loop:
    mul  t0, s0, s0
    sd   t0, 0(s1)
    amoadd.d zero, s0, (s1)
    ld   t1, 0(s1)
    div  t2, t1, s0
    add  s2, s2, t1
    add  s2, s2, t2
    addi s1, s1, 64
    addi s0, s0, -1
    bnez s0, loop
    slli s2, s2, 16
    li   t0, {Kind.FAIL.value:#x}
    or   s2, s2, t0
    li   t1, 0x100000
    sw   s2, 0(t1)
    j    .
    .balign 64
words:
"""
EXPECTED = sum(n * n + n + (n * n + n) // n for n in range(1, ROUNDS + 1)) & 0xFFFF


def machine_code(folder) -> bytes:
    (folder / "program.s").write_text(PROGRAM)
    tool = "riscv64-unknown-elf-"
    subprocess.run([f"{tool}gcc", "-march=rv64imac", "-mabi=lp64", "-misa-spec=2.2", "-nostdlib",
                    f"-Wl,-Ttext={DRAM_BASE:#x}", "program.s", "-o", "program.elf"], cwd=folder,
                   check=True)
    subprocess.run([f"{tool}objcopy", "-O", "binary", "program.elf", "program.bin"], cwd=folder,
                   check=True)
    return (folder / "program.bin").read_bytes()


@cocotb.test(timeout_time=200, timeout_unit="us")
async def a_program_ends(dut):
    with open(cocotb.plusargs["program"], "rb") as file:
        code = file.read()
    code += bytes(-len(code) % 8)
    dram = DramModel(dut, "dram", lambda: 3, never(random.Random(cocotb.RANDOM_SEED)))
    dram.words |= {DRAM_BASE // 8 + n: word for n, (word,) in
                   enumerate(struct.iter_unpack("<Q", code))}
    for name in ("uart_tx__ready", "uart_rx__payload", "uart_rx__valid", "uart_tx_busy",
                 "uart_overrun", "interrupts"):
        getattr(dut, name).value = 0
    await start(dut)
    cocotb.start_soon(dram.run())
    while not int(dut.finisher__valid.value):
        await FallingEdge(dut.clk)
    assert int(dut.finisher__kind.value) == Kind.FAIL.value
    assert int(dut.finisher__code.value) == EXPECTED


DEVICES = {
    "uintc": (test_verilog, ["--bus", "axi4-lite", "--bus-bits", 32, "--harts",
                             test_verilog.HARTS, "--receivers", test_verilog.RECEIVERS]),
    "taic": (test_verilog_taic, ["--bus", "wishbone", *test_verilog_taic.OPTIONS]),
}


@pytest.mark.parametrize("part", DEVICES)
def test_device_answers_in_icarus(part):
    module, options = DEVICES[part]
    run_icarus(export(part, *options), part, module.__name__, f"icarus_{part}")


@pytest.mark.parametrize("run", [run_icarus, run_verilog])
@pytest.mark.tier("all")
def test_soc_runs_a_program(tmp_path, run):
    program = tmp_path / "code"
    program.write_bytes(machine_code(tmp_path))
    text = export("soc", "--config", "tiny", "--harts", 1, "--no-taic")
    run(text, "soc", __name__, f"{run.__name__}_soc", plusargs=[f"+program={program}"])
