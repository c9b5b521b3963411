"""``rel4 run`` exits with the status of the program, like ``rel4 sim``."""

import json
import os
import random
import subprocess
import sys
import threading
import tty
from contextlib import contextmanager, suppress

import pytest

from boards.end import end_message
from hdl.peripheral.finisher import Kind
from sim.tools import PROJECT
from soc.config import DRAM_BASE
from tests.boards.line_model import TargetLine
from tests.support.elf import Part, elf64

MEMORY = 1 << 16


@contextmanager
def board(tmp_path, written: bytes):
    """Makes a pseudo terminal with a boot loader behind it and returns its name. The started
    program writes ``written``. The contents of the memory go to ``memory``."""
    master, slave = os.openpty()
    tty.setraw(slave)
    os.set_blocking(master, False)
    line = TargetLine(tmp_path / "memory", base=DRAM_BASE, memory_bytes=MEMORY,
                      rng=random.Random(1))
    stop = threading.Event()

    def serve():
        seen, started = b"", False
        while not stop.is_set():
            with suppress(BlockingIOError):
                line.write(os.read(master, 4096))
            seen += (piece := line.read(0.01))
            os.write(master, piece)
            if not started and seen.endswith(b"started\n"):
                started = True
                os.write(master, written)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield os.ttyname(slave)
    finally:
        stop.set()
        thread.join()
        line.close()
        os.close(slave)
        os.close(master)


@pytest.fixture
def image(tmp_path):
    content = random.Random(1).randbytes(3000)
    (tmp_path / "image.elf").write_bytes(elf64([Part(content, DRAM_BASE)]))
    return tmp_path / "image.elf", content


def run(port, image, *options):
    command = [sys.executable, "-m", "sim", "run", image, "--board", port, *map(str, options)]
    return subprocess.run(command, cwd=PROJECT, capture_output=True, text=True,
                          stdin=subprocess.DEVNULL)


@pytest.mark.parametrize("kind, code, status, word", [
    (Kind.PASS, 0, 0, "passed"), (Kind.FAIL, 42, 1, "failed"),
])
def test_program_ends(tmp_path, image, kind, code, status, word):
    with board(tmp_path, b"hello\n" + end_message(kind.value, code)) as port:
        result = run(port, image[0], "--json", tmp_path / "result.json")
    assert result.returncode == status, result.stderr
    assert result.stdout == "started\nhello\n"
    assert ("failed with code 42" in result.stderr) == (status == 1)
    report = json.loads((tmp_path / "result.json").read_text())
    assert (report["status"], report["exit_code"]) == (word, code)
    assert (tmp_path / "memory").read_bytes()[:3000] == image[1]


def test_time_limit(tmp_path, image):
    with board(tmp_path, b"endless") as port:
        result = run(port, image[0], "--timeout", 0.5)
    assert result.returncode == 124
    assert "rel4 run: no end after 0.5 s" in result.stderr


def test_bad_image(tmp_path):
    (tmp_path / "image.elf").write_bytes(b"hello")
    with board(tmp_path, b"") as port:
        result = run(port, tmp_path / "image.elf")
    assert result.returncode == 2
    assert "image.elf: not an ELF file" in result.stderr


def test_no_port(tmp_path, image):
    result = run(str(tmp_path / "port"), image[0])
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == f"rel4 run: {tmp_path / 'port'}: No such file or directory\n"
