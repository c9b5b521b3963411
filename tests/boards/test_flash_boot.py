"""A board starts the program in its flash unless the flash is damaged or the host comes first."""

import subprocess
import sys
import time

from boards.board import FLASH_IMAGE
from hdl.peripheral.finisher import Kind
from sim.board.boot_loader import boot_loader
from sim.board.serial_line import SerialLine
from sim.tools import PROJECT
from soc.boot_image import boot_image
from soc.config import DRAM_BASE, configuration, without_taic
from tests.boards.board_model import board_design
from tests.boards.simulated import simulated
from tests.boards.test_board_model import program
from tests.support.elf import Part, elf64

DRAM_BYTES = 32 << 10
PATIENCE_SECONDS = 240  # for a simulation on a busy machine


def read_until(line, wanted, seconds=PATIENCE_SECONDS):
    deadline, seen = time.monotonic() + seconds, b""
    while wanted not in seen:
        assert time.monotonic() < deadline, seen
        seen += line.read(1)
    return seen


def test_flash_and_host(tmp_path):
    """The flash gives a wrong bit at first, so the board waits for the host and runs its program.
    That program ends with a reset. Then the program in the flash runs, again and again."""
    code = program(b"from the flash", Kind.PASS.value)
    params = without_taic(configuration(
        "tiny", harts=1, boot_loader=boot_loader(), dram_bytes=DRAM_BYTES,
        uart_baud=100_000_000 // 16, flash_image=FLASH_IMAGE, boot_window_ms=1))
    image = boot_image(DRAM_BASE, [(DRAM_BASE, code, len(code)),
                                   (DRAM_BASE + 4096, bytes(range(1, 200)), 3000)])
    (tmp_path / "image.elf").write_bytes(elf64([
        Part(program(b"from the host", Kind.PASS.value), DRAM_BASE)]))
    with simulated(board_design(params, flash=image), tmp_path, DRAM_BYTES) as (port, _):
        line = SerialLine(port, 115_200)
        assert b"from" not in read_until(line, b"flash: CRC-32")
        line.close()
        done = subprocess.run(
            [sys.executable, "-m", "sim", "run", tmp_path / "image.elf", "--board", port,
             "--patience", "60", "--timeout", "200"],
            cwd=PROJECT, capture_output=True, stdin=subprocess.DEVNULL)
        assert (done.returncode, done.stdout) == (0, b"from the host"), done.stderr
        line = SerialLine(port, 115_200)
        for _ in range(2):
            assert b"flash: " not in read_until(line, b"from the flash")
        line.close()
