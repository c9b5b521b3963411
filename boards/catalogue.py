"""The supported boards."""

from amaranth_boards.arty_a7 import ArtyA7_100Platform
from amaranth_boards.ecpix5 import ECPIX585Platform
from amaranth_boards.ulx3s import ULX3S_85F_Platform

from .board import Board, Pin, Toolchain
from .litedram_core import SdramChips

KIB = 1024
ULX3S_SDRAM = SdramChips(("MT48LC16M16", "IS42S16160", "AS4C32M16"))

BOARDS: dict[str, Board] = {board.name: board for board in (
    Board(
        name="ulx3s-85f",
        title="Radiona ULX3S with LFE5U-85F",
        platform=ULX3S_85F_Platform,
        toolchain=Toolchain.ECP5,
        programmer="ulx3s",
        device=("--85k", "--package", "CABGA381", "--speed", "6"),
        oscillator=Pin("clk25"), oscillator_mhz=25,
        reset=Pin("button_pwr"),
        lights=tuple(Pin("led", n) for n in range(8)),
        clock_mhz=50,
        harts=2,
        l2_bytes=64 * KIB,
        memory_bytes=ULX3S_SDRAM.size_bytes,
        sdram=ULX3S_SDRAM,
        flash="spi_flash",
    ),
    Board(
        name="ecpix5-85f",
        title="LambdaConcept ECPIX-5 with LFE5UM5G-85F",
        platform=ECPIX585Platform,
        toolchain=Toolchain.ECP5,
        programmer="ecpix5",
        device=("--um5g-85k", "--package", "CABGA554", "--speed", "8"),
        oscillator=Pin("clk100"), oscillator_mhz=100,
        reset=Pin("rst"),
        lights=tuple(Pin("rgb_led", n, "g") for n in range(4)),
        clock_mhz=35,
        memory_bytes=128 * KIB,
        flash="spi_flash_1x",
    ),
    Board(
        name="arty-a7-100",
        title="Digilent Arty A7-100",
        platform=ArtyA7_100Platform,
        toolchain=Toolchain.VIVADO,
        programmer="arty_a7_100t",
        oscillator=Pin("clk100"), oscillator_mhz=100,
        reset=Pin("rst"),
        lights=tuple(Pin("led", n) for n in range(4)),
        clock_mhz=50,
        memory_bytes=128 * KIB,
    ),
)}


def board(name: str) -> Board:
    """The board called ``name``. ``ValueError`` for an unknown name lists the boards."""
    if name not in BOARDS:
        raise ValueError(f"no board {name!r}; there are {', '.join(BOARDS)}")
    return BOARDS[name]
