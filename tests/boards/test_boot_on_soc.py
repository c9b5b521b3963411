"""The boot loader on the RTL of the SoC: a program arrives over a line and runs on all harts."""

from dataclasses import replace

import pytest
from typer.testing import CliRunner

from sim.board.boot_loader import BOOT_LOADER, boot_loader
from sim.cli import app, load_verbs
from sim.model.design import soc_design
from sim.tools import ToolError
from soc.config import configuration, without_taic
from soc.memory_map import device
from tests.boards.simulated import simulated
from tests.support.assemble import assemble
from tests.support.elf import DRAM_BASE, Part, elf64

DRAM_BYTES = 1 << 20
# Hart 1 gives hart 0 the word that passes.
PROGRAM = """
.globl _start
_start: la t0, given
        csrr t1, mhartid
        bnez t1, give
        li t2, {finisher:#x}
wait:   lw t1, (t0)
        beqz t1, wait
        sw t1, (t2)
give:   li t1, 0x5555
        sw t1, (t0)
end:    j end
.balign 64
given:  .word 0
.zero 2048, 0x5a
"""

load_verbs(["load"])


def test_rel4_load_starts_a_program_on_both_harts(tmp_path):
    params = without_taic(configuration("tiny", boot_loader=boot_loader(), dram_bytes=DRAM_BYTES))
    program = assemble(PROGRAM.format(finisher=device(params, "finisher").base),
                       tmp_path / "program.elf")
    design = replace(soc_design(params), brief=True)
    with simulated(design, tmp_path, DRAM_BYTES) as (port, process):
        result = CliRunner().invoke(app, ["load", port, str(program), "--patience", "60"])
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
