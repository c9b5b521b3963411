"""A whole board on the RTL: loader, memory, serial line, and the end message for the host."""

import struct
import subprocess
import sys

from hdl.peripheral.finisher import Kind
from sim.tools import PROJECT
from soc.config import DRAM_BASE, configuration
from soc.memory_map import device
from tests.boards.board_model import SMALL_DRAM_BYTES, small_board
from tests.boards.simulated import simulated
from tests.support.elf import Part, elf64

T0, T1, T2 = 5, 6, 7


def immediate(opcode: int, rd: int, funct3: int, rs1: int, value: int) -> int:
    return (value & 0xFFF) << 20 | rs1 << 15 | funct3 << 12 | rd << 7 | opcode


def store(funct3: int, rs1: int, rs2: int, offset: int = 0) -> int:
    return rs2 << 20 | rs1 << 15 | funct3 << 12 | offset << 7 | 0x23


def lui(rd: int, value: int) -> int:
    return value + 0x800 & 0xFFFF_F000 | rd << 7 | 0x37


def program(text: bytes, finish: int) -> bytes:
    """A program that writes ``text`` to the UART and ``finish`` to the finisher."""
    params = configuration("tiny")
    code = [lui(T0, device(params, "uart0").base)]
    for byte in text:
        code += [
            immediate(0x03, T1, 4, T0, 5),      # lbu t1, 5(t0): line status
            immediate(0x13, T1, 7, T1, 0x20),   # andi t1, t1, 0x20: there is room
            0xFE030CE3,                         # beqz t1, back to lbu
            immediate(0x13, T1, 0, 0, byte),    # li t1, byte
            store(0, T0, T1),                   # sb t1, 0(t0)
        ]
    code += [
        lui(T2, device(params, "finisher").base),
        lui(T1, finish), immediate(0x13, T1, 0, T1, finish),
        store(2, T2, T1),                       # sw t1, 0(t2)
        0x0000006F,                             # j here
    ]
    return struct.pack(f"<{len(code)}I", *code)


def test_programs_run_one_after_the_other(tmp_path):
    """The board is reset into its boot loader each time, and can be loaded again."""
    with simulated(small_board(), tmp_path, SMALL_DRAM_BYTES) as (port, _):
        for n, (finish, status) in enumerate([
            (42 << 16 | Kind.FAIL.value, 1), (Kind.PASS.value, 0), (7 << 16 | Kind.FAIL.value, 1),
        ]):
            text = f"program {n}\n".encode()
            (tmp_path / "image.elf").write_bytes(elf64([
                Part(program(text, finish), DRAM_BASE),
                Part(b"data", DRAM_BASE + 4096, 5000)]))
            command = [sys.executable, "-m", "sim", "run", tmp_path / "image.elf",
                       "--board", port, "--patience", "60", "--timeout", "200"]
            result = subprocess.run(command, cwd=PROJECT, capture_output=True,
                                    stdin=subprocess.DEVNULL)
            assert result.stdout == text, result.stderr
            assert result.returncode == status, result.stderr
            assert (f"failed with code {finish >> 16}".encode() in result.stderr) == (status == 1)
