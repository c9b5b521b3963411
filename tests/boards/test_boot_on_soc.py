"""The boot loader on the RTL of the SoC: a program arrives over a line and runs on all harts."""

from dataclasses import replace

import pytest
from typer.testing import CliRunner

from sim.board.boot_loader import BOOT_LOADER, boot_loader
from sim.cli import app, load_verbs
from sim.model.design import soc_design
from sim.tools import BUILD, ToolError
from soc.config import configuration
from tests.boards.simulated import simulated
from tests.support.elf import DRAM_BASE, Part, elf64

DRAM_BYTES = 1 << 20
PROGRAM = BUILD / "sw" / "contention.elf"

load_verbs(["load"])


def test_rel4_load_starts_a_program_on_both_harts(tmp_path):
    """The program passes only if hart 1 takes part."""
    params = configuration("tiny", boot_loader=boot_loader(), dram_bytes=DRAM_BYTES)
    design = replace(soc_design(params), brief=True)
    with simulated(design, tmp_path, DRAM_BYTES) as (port, process):
        result = CliRunner().invoke(app, ["load", port, str(PROGRAM), "--patience", "60"])
        assert result.exit_code == 0, result.output
        assert process.wait(timeout=300) == 0


def test_loader_that_is_not_built(tmp_path):
    with pytest.raises(ToolError, match="is missing: make sw"):
        boot_loader(tmp_path / "boot.elf")


def test_loader_for_another_address(tmp_path):
    (tmp_path / "boot.elf").write_bytes(elf64([Part(bytes(16), DRAM_BASE)]))
    with pytest.raises(ToolError, match="is not linked for 0x2040"):
        boot_loader(tmp_path / "boot.elf")


def test_loader_fits():
    assert 1000 < len(boot_loader()) < 4096 and BOOT_LOADER.exists()
