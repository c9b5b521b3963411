"""Host and boot loader agree on a faster line. They recover if the faster line does not work."""

from contextlib import contextmanager

import pytest

from hdl.peripheral.finisher import Kind
from sim.board.boot_loader import boot_loader
from sim.board.loader import Loader, Patience, program_for
from sim.board.serial_line import LineError
from sim.board.session import converse
from soc.config import DRAM_BASE, configuration, without_taic
from tests.boards.board_model import board_design
from tests.boards.simulated import simulated
from tests.boards.speed_model import ModelLine
from tests.boards.test_board_model import program
from tests.support.elf import Part, elf64

CLOCK_HZ = 100_000_000
BAUD, FAST = CLOCK_HZ // (16 * 4), CLOCK_HZ // 16
DRAM_BYTES = 32 << 10
PATIENCE = Patience(seconds=20)  # for a simulation on a machine that may be busy
TEXT = b"as before"


@contextmanager
def board(folder, **options):
    """The line to a freshly reset board, and an image that writes ``TEXT``."""
    design = board_design(without_taic(configuration(
        "tiny", harts=1, clock_hz=CLOCK_HZ, boot_loader=boot_loader(), dram_bytes=DRAM_BYTES,
        uart_baud=BAUD)), host_changes_rate=True)
    image = folder / "image.elf"
    image.write_bytes(elf64([
        Part(program(TEXT, Kind.PASS.value), DRAM_BASE), Part(bytes(range(256)) * 4,
                                                             DRAM_BASE + 4096)]))
    with simulated(design, folder, DRAM_BYTES) as (port, _):
        yield ModelLine(port, CLOCK_HZ, BAUD, **options), image


def load_and_run(line, image, *, baud: int, patience=PATIENCE) -> bool:
    """Runs the program to its end. Returns true if it was loaded at ``baud``."""
    loader = Loader(line, patience)
    info = loader.hello()
    fast = loader.hasten(baud)
    loader.load(program_for(info, image), info)
    loader.run()
    assert line.baud == BAUD
    output = bytearray()
    end = converse(line, info.announcement, behind=loader.behind, output=output.extend,
                   typed=lambda: b"", seconds=60)
    assert end.passed
    assert output == TEXT
    return fast


def test_programs_are_loaded_at_any_rate(tmp_path):
    """The second program comes after the first, so from a board that was reset."""
    with board(tmp_path) as (line, image):
        for baud in (FAST, FAST * 9 // 20):
            assert load_and_run(line, image, baud=baud)


def test_a_line_that_is_not_fit_for_it_stays_slow(tmp_path):
    with board(tmp_path, limit=BAUD) as (line, image):
        assert not load_and_run(line, image, baud=FAST, patience=Patience(seconds=8))


def test_a_host_that_knows_nothing_of_the_rate_finds_the_loader(tmp_path):
    with board(tmp_path) as (line, image):
        loader = Loader(line, PATIENCE)
        loader.hello()
        assert loader.hasten(FAST)
        line.baud = BAUD
        assert load_and_run(line, image, baud=FAST)


def test_a_rate_that_cannot_be_is_refused(tmp_path):
    with board(tmp_path) as (line, _):
        loader = Loader(line, PATIENCE)
        loader.hello()
        with pytest.raises(LineError, match="refuses speed"):
            loader.hasten(1)
