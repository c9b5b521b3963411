"""The exported Verilog works unchanged behind each bus. Unsuitable options are refused."""

import os
import random
import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import cocotb
import pytest
from cocotb.triggers import FallingEdge

from hdl.uintc import UintcParams, uintc_registers
from sim import tools
from tests.support.clock import cycles, start
from tests.support.run import run_verilog
from tests.support.toolchain import verilator_environment
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
def test_lint_finds_little(tmp_path, bus):
    """There is no latch, loop, open input or second driver, and no width or case is in doubt."""
    source = tmp_path / "uintc.v"
    source.write_text(export("uintc", "--bus", bus, "--harts", 4))
    found = re.findall(r"%(?:Warning|Error)-(\w+)", lint("uintc", source))
    assert set(found) <= STYLE
    assert len(found) <= 8


def test_no_name_needs_an_escape():
    for part, options in (("uintc", ("--bus", "wishbone")), ("hart", ("--config", "tiny"))):
        assert "\\" not in export(part, *options)


def test_header_tells_the_origin():
    text = export("uintc", "--bus", "wishbone", "--harts", 3, "--prefix", "my_")
    lines = text.splitlines()
    assert lines[:5] == [
        f"// my_uintc: uintc of rel4-soc {version('rel4-soc')}",
        "// Made by: rel4 verilog uintc --harts 3 --bus wishbone --prefix my_",
        "// Parameters: harts=3, receivers=512, bus=wishbone, bus-bits=64",
        "// Copyright (c) 2026, the rel4-soc authors",
        "// SPDX-License-Identifier: BSD-2-Clause",
    ]
    licence = (tools.PROJECT / "LICENSE").read_text()
    assert lines[3].removeprefix("// ") in licence and licence.startswith("BSD 2-Clause License")
    again = lines[1].removeprefix("// Made by: rel4 verilog ").split()
    assert export(*again) == text


def test_two_exports_with_prefixes_stand_side_by_side(tmp_path):
    sources = [tmp_path / f"{prefix}.v" for prefix in ("a", "b")]
    for source, bus in zip(sources, ("wishbone", "axi4-lite"), strict=True):
        source.write_text(export("uintc", "--bus", bus, "--prefix", f"{source.stem}_"))
    modules = [name for source in sources
               for name in re.findall(r"^module (\w+)", source.read_text(), re.MULTILINE)]
    assert len(set(modules)) == len(modules) > 10
    assert all(name.startswith(("a_uintc", "b_uintc")) for name in modules)


def test_fusesoc_takes_the_core(tmp_path):
    """FuseSoC finds the core beside the file, and its target ``lint`` passes."""
    result = rel4_verilog("uintc", "--bus", "wishbone", "--core", "-o", tmp_path / "mine.v")
    assert result.exit_code == 0, result.stderr
    verilator_environment()
    done = subprocess.run(
        [Path(sys.executable).with_name("fusesoc"), "--cores-root", ".", "run", "--target=lint",
         f"rel4:soc:uintc:{version('rel4-soc')}"], cwd=tmp_path, capture_output=True, text=True,
        env={**os.environ, "XDG_CONFIG_HOME": str(tmp_path), "HOME": str(tmp_path)})
    assert done.returncode == 0, done.stdout + done.stderr
    (files,) = (tmp_path / "build").rglob("*.vc")
    assert "mine.v" in files.read_text()


def test_the_example_of_the_manual_fits(tmp_path):
    manual = (tools.PROJECT / "docs" / "ip.md").read_text()
    (example,) = re.findall(r"```verilog\n(module soc_interrupts.*?)```", manual, re.DOTALL)
    (tmp_path / "soc_interrupts.v").write_text(example)
    (tmp_path / "uintc.v").write_text(export("uintc", "--bus", "axi4-lite", "--harts", 4))
    said = lint("soc_interrupts", tmp_path / "soc_interrupts.v", tmp_path / "uintc.v")
    assert "soc_interrupts.v" not in said


BAD = {
    "--core needs a file for the Verilog: -o F.v": ["uintc", "--core"],
    "x.core is the name of the description; call the Verilog F.v":
        ["uintc", "--core", "-o", "x.core"],
    "a prefix has letters, digits and _, and starts with no digit; not '1x'":
        ["uintc", "--prefix", "1x"],
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
