"""The boot loader on the RTL of the SoC: a program comes over a line and runs on all harts."""

import os
import subprocess
from contextlib import contextmanager

import pytest
from typer.testing import CliRunner

from sim.board.boot_loader import BOOT_LOADER, boot_loader
from sim.board.loader import Loader, Patience, program_for
from sim.board.serial_line import SerialLine
from sim.cli import app, load_verbs
from sim.program import Program
from sim.run import RunOptions, model_command, soc_design
from sim.tools import BUILD, ToolError
from soc.config import configuration
from tests.sim.elf import DRAM_BASE, Part, elf64

DRAM_BYTES = 1 << 20
PATIENCE = Patience(seconds=60)  # the machine may be busy
PROGRAM = BUILD / "sw" / "contention.elf"

load_verbs(["load"])


@contextmanager
def board(tmp_path):
    """A simulated SoC whose UART is the pseudo terminal of the name returned, and its process.

    Its memory holds an endless loop at first, so that nothing but the boot ROM can start.
    """
    (tmp_path / "loop.elf").write_bytes(elf64([Part(b"\x6f\0\0\0" * 16, DRAM_BASE)]))
    program = Program.load(tmp_path / "loop.elf", memory_bytes=DRAM_BYTES)
    params = configuration("tiny", boot_loader=boot_loader(), dram_bytes=DRAM_BYTES)
    command = model_command(soc_design(params), program, DRAM_BYTES,
                            RunOptions(max_cycles=400_000_000))
    master, slave = os.openpty()
    process = subprocess.Popen(command, stdin=master, stdout=master, stderr=subprocess.PIPE)
    try:
        yield os.ttyname(slave), process
    finally:
        process.kill()
        process.communicate()
        os.close(master)
        os.close(slave)


def test_program_is_loaded_and_runs_on_both_harts(tmp_path):
    with board(tmp_path) as (port, process):
        line = SerialLine(port, 115_200)
        loader = Loader(line, PATIENCE)
        info = loader.hello()
        assert info.first == DRAM_BASE
        assert DRAM_BASE < info.end < DRAM_BASE + DRAM_BYTES
        loader.load(program_for(info, PROGRAM), info)
        loader.run()
        output = loader.behind
        while process.poll() is None:
            output += line.read(0.1)
        output += line.read(0.1)
        line.close()
    assert process.returncode == 0, output
    assert b"contention amo 0 2 " in output  # on two harts


def test_rel4_load_starts_a_program(tmp_path):
    with board(tmp_path) as (port, process):
        result = CliRunner().invoke(app, ["load", port, str(PROGRAM)])
        assert result.exit_code == 0, result.output
        assert process.wait(timeout=300) == 0


def test_loader_that_is_not_built(tmp_path):
    with pytest.raises(ToolError, match="is missing: make sw"):
        boot_loader(tmp_path / "boot.elf")


def test_loader_for_another_address(tmp_path):
    (tmp_path / "boot.elf").write_bytes(elf64([Part(bytes(16), DRAM_BASE)]))
    with pytest.raises(ToolError, match="is not linked for 0x2000"):
        boot_loader(tmp_path / "boot.elf")


def test_loader_fits():
    assert 1000 < len(boot_loader()) < 4096 and BOOT_LOADER.exists()
