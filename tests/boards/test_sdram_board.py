"""A whole board with SDRAM on the RTL runs firmware, kernel and loaded programs."""

from boards.catalogue import ULX3S_SDRAM
from hdl.peripheral.finisher import Kind
from sim.board.boot_loader import boot_loader
from sim.board.loader import Loader, Patience, program_for
from sim.board.serial_line import SerialLine
from sim.board.session import converse
from sim.model.elf import Program
from sim.tools import BUILD
from soc.config import DRAM_BASE, configuration, without_taic
from tests.boards.board_model import board_design
from tests.boards.sdram_model import write_image
from tests.boards.simulated import simulated
from tests.boards.test_board_model import program
from tests.support.elf import Part, elf64

CLOCK_HZ = 60_000_000
SIZE = ULX3S_SDRAM.size_bytes
HELLO = BUILD / "sw" / "hello.elf"
IMAGE = BUILD / "tests" / "sdram-board.hex"  # always the same path, because it is part of the model
PATIENCE = Patience(seconds=60)
SECONDS = 200


def run(line, loader: Loader, info) -> bytes:
    """Starts the program in memory and returns its output. The program must pass."""
    output = []
    loader.run()
    end = converse(line, info.announcement, behind=loader.behind, output=output.append,
                   typed=lambda: b"", seconds=SECONDS)
    assert end and end.passed, (end, b"".join(output))
    return b"".join(output)


def test_programs_run_from_sdram(tmp_path):
    """First hello, already in memory, runs from its firmware to its end. Then a reset hits the chip
    during operation, and a program arrives over the line."""
    IMAGE.parent.mkdir(parents=True, exist_ok=True)
    write_image(Program.load(HELLO, memory_bytes=SIZE), IMAGE)
    params = without_taic(configuration(
        "tiny", harts=1, boot_loader=boot_loader(), dram_bytes=SIZE, l2_bytes=32 << 10,
        clock_hz=CLOCK_HZ, uart_baud=CLOCK_HZ // 16))
    code = program(b"small", Kind.PASS.value)
    (tmp_path / "small.elf").write_bytes(elf64([
        Part(code, DRAM_BASE), Part(b"data", DRAM_BASE + 4096, 5000)]))
    with simulated(board_design(params, ULX3S_SDRAM, IMAGE), tmp_path, SIZE) as (port, process):
        line = SerialLine(port, 115_200)
        loader = Loader(line, PATIENCE)
        info = loader.hello()
        assert info.first == DRAM_BASE and info.end > DRAM_BASE + SIZE - (64 << 10)
        assert b"Back in the interrupted code: one user interrupt" in run(line, loader, info)
        loader = Loader(line, PATIENCE)
        loader.hello()
        loader.load(program_for(info, tmp_path / "small.elf"), info)
        assert run(line, loader, info) == b"small"
        assert process.poll() is None  # the chip reported no fault
