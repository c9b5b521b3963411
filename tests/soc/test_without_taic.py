"""A SoC without TAIC runs programs that do not use TAIC. Its address range is a hole."""

import re
import struct
from dataclasses import replace

import pytest
from typer.testing import CliRunner

from hdl.core.params import RegionKind
from sim.cli import app, load_verbs
from sim.model.design import soc_design
from sim.model.run_options import RunOptions
from sim.model.simulate import simulate
from sim.tools import BUILD
from soc.config import CONFIGURATIONS, configuration, without_taic
from soc.generate import GENERATORS, generate
from soc.memory_map import TAIC_BASE, devices, hart_params, taic_params, windows
from tests.support.elf import DRAM_BASE, Part, elf64

PARAMS = without_taic(configuration("default"))
SMALL = without_taic(configuration("tiny", harts=1))
DESIGN = replace(soc_design(SMALL), brief=True)
LUI_T0_TAIC = TAIC_BASE | 5 << 7 | 0x37
LD_T1 = 0x0002B303  # ld t1, 0(t0)
SW_T1 = 0x0062A023  # sw t1, 0(t0)
FOREVER = 0x0000006F  # j .


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_the_map_has_no_taic(name):
    whole = configuration(name)
    params = without_taic(whole)
    assert [d.name for d in devices(params)] == [
        d.name for d in devices(whole) if d.name != "taic"]
    assert windows(params) == windows(whole)
    assert all(r.base + r.size <= TAIC_BASE or r.base > TAIC_BASE
               for r in hart_params(params).regions if r.kind is RegionKind.IO)
    with pytest.raises(ValueError, match=f"configuration {name}-no-taic has no TAIC"):
        taic_params(params)


@pytest.mark.parametrize("kind", GENERATORS)
def test_nothing_of_taic_is_generated(kind):
    text = generate(kind, PARAMS)
    text = text if isinstance(text, str) else text.decode("latin-1")
    # The boot loader's description of the SoC says that there is no TAIC.
    text = re.sub(r".*there is a taic.*\n(.*pub const taic: usize.*\n)?", "", text.lower())
    assert "taic" not in text.replace("no-taic", "")


def test_options():
    load_verbs(["gen", "verilog", "synth"])

    def rel4(*arguments):
        return CliRunner().invoke(app, arguments)

    assert "default-no-taic" in rel4("gen", "dts", "--no-taic").stdout
    refused = rel4("verilog", "taic", "--no-taic")
    assert (refused.exit_code, refused.stderr) == (
        2, "rel4 verilog: taic has no option --no-taic\n")
    refused = rel4("synth", "--target", "taic", "--no-taic")
    assert refused.exit_code == 2
    assert "configuration default-no-taic has no TAIC" in refused.stderr


def test_hello_runs():
    result = simulate(SMALL, BUILD / "sw" / "hello.elf", RunOptions(max_cycles=20_000_000),
                      design=DESIGN)
    assert result.passed, result.errors


@pytest.mark.parametrize("access, trap", [
    (LD_T1, "load access fault"), (SW_T1, "store access fault"),
])
def test_an_access_to_its_window_is_refused(tmp_path, access, trap):
    code = struct.pack("<3I", LUI_T0_TAIC, access, FOREVER)
    (tmp_path / "program.elf").write_bytes(elf64([Part(code)]))
    result = simulate(SMALL, tmp_path / "program.elf", RunOptions(max_cycles=20_000),
                      design=DESIGN)
    assert f"first trap at {DRAM_BASE + 4:016x}: {trap}" in result.errors
