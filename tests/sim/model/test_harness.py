"""The harness's main loop: memory, terminal, the ends of a run and the files that it writes."""

import json
import os
import pty
import signal
import struct
import subprocess
import termios
import time
from pathlib import Path

import pytest

from hdl.core.isa import Event
from sim.model.design import Design
from sim.model.elf import BadImage, Program
from sim.model.run_options import BadArgument, Latency, RunOptions
from sim.model.simulate import model_command, simulate
from soc.config import SocParams
from tests.sim.model.toy_soc import LINE_BYTES, Command, ToySoc
from tests.support.elf import DRAM_BASE, Part, elf64

PARAMS = SocParams(dram_bytes=1 << 20)
DESIGN = Design(make=ToySoc, identity="toy", harts=1, line_bytes=LINE_BYTES,
                sources=(Path(__file__).parent / "toy_soc.py",))
SOON = RunOptions(max_cycles=5000)
PASS, FAIL = 0x5555, 0x3333


def dword(command: Command, low: int = 0, high: int = 0) -> bytes:
    return struct.pack("<II", command.value | low << 8, high)


def show(text: str) -> bytes:
    return b"".join(dword(Command.PRINT, ord(c)) for c in text)


def finish(kind: int, code: int = 0) -> bytes:
    return dword(Command.FINISH, kind << 8, code)


def image(tmp_path: Path, commands: bytes, **elf) -> Path:
    path = tmp_path / "toy.elf"
    path.write_bytes(elf64([Part(commands)], **elf))
    return path


def run(path: Path, options: RunOptions = SOON, stdin: bytes = b""):
    return simulate(PARAMS, path, options, stdin=stdin, design=DESIGN)


def start(path: Path, options: RunOptions, **popen) -> subprocess.Popen:
    program = Program.load(path, memory_bytes=PARAMS.dram_bytes)
    return subprocess.Popen(model_command(DESIGN, program, PARAMS.dram_bytes, options), **popen)


@pytest.mark.parametrize("latency", ["1", "10", "random", "random:77"])
def test_prints_and_passes(tmp_path, latency):
    text = "Hello from more than one line of memory.\n"
    path = image(tmp_path, show(text) + finish(PASS))
    result = run(path, RunOptions(max_cycles=5000, latency=Latency.parse(latency)))
    assert (result.exit_status, result.output.decode(), result.errors) == (0, text, "")
    assert result.report["status"] == "passed"
    assert result.report["exit_code"] == 0
    assert result.report["instructions"] == len(text)


def test_latency_is_counted_from_request_to_first_data(tmp_path):
    path = image(tmp_path, finish(PASS))
    cycles = {n: run(path, RunOptions(latency=Latency(n))).report["cycles"] for n in (1, 2, 30)}
    assert cycles[2] == cycles[1] + 1
    assert cycles[30] == cycles[1] + 29


def test_random_latency_repeats_with_its_seed(tmp_path):
    path = image(tmp_path, show("x" * 100) + finish(PASS))
    cycles = [run(path, RunOptions(latency=Latency(None, seed))).report["cycles"]
              for seed in (1, 1, 2)]
    assert cycles[0] == cycles[1] != cycles[2]


@pytest.mark.parametrize("latency", ["1", "random"])
def test_written_lines_are_read_back(tmp_path, latency):
    first = dword(Command.COPY, 3 << 8) + show("copied") + finish(PASS)
    second = dword(Command.JUMP, 3) + bytes(56)
    third = bytes(64)
    copy_target = dword(Command.STOP) * 8
    path = image(tmp_path, first + second + third + copy_target)
    limited = run(path, RunOptions(max_cycles=2000, latency=Latency.parse(latency)))
    assert limited.exit_status == 124
    lines = [dword(Command.COPY, 4 << 8) + show("abcdef") + finish(PASS),
             dword(Command.JUMP, 5), dword(Command.STOP)]
    assert limited.report["instructions"] > 0 and lines


@pytest.mark.parametrize("code", [1, 7, 0xFFFF])
def test_failure_has_its_code(tmp_path, code):
    result = run(image(tmp_path, finish(FAIL, code)))
    assert (result.exit_status, result.report["exit_code"]) == (1, code)
    assert f"failed with code {code} in cycle" in result.errors


@pytest.mark.parametrize("value, expected", [(1, (0, 0)), (2 * 33 + 1, (1, 33))])
def test_tohost(tmp_path, value, expected):
    offset = 0x1000
    commands = dword(Command.STORE, offset + 8, 1) + dword(Command.STORE, offset, value)
    path = image(tmp_path, commands + finish(PASS), symbols={"tohost": DRAM_BASE + offset})
    result = run(path, RunOptions(max_cycles=5000, tohost=True))
    assert (result.exit_status, result.report["exit_code"]) == expected
    assert result.report["instructions"] == 2
    assert run(path).report["instructions"] == 2  # without --tohost the finisher also ends it


def test_cycle_limit_reports_the_hart(tmp_path):
    result = run(image(tmp_path, show("ab") + dword(Command.TRAP, 5)), RunOptions(max_cycles=777))
    assert (result.exit_status, result.report["status"]) == (124, "cycle_limit")
    assert (result.report["cycles"], result.report["exit_code"]) == (777, None)
    assert result.errors.splitlines()[0] == "rel4 sim: no end after 777 cycles"
    place = "hart 0: M-mode, pc 0000000080000010, last retired 0000000080000008: nop (00000013)"
    assert place in result.errors
    assert "last trap at 0000000080000010: load access fault" in result.errors


def test_counters_are_named_like_the_events(tmp_path):
    report = run(image(tmp_path, show("abc")), RunOptions(max_cycles=600)).report
    (hart,) = report["harts"]
    assert set(hart["counters"]) == {e.name.lower() for e in Event if e is not Event.NONE}
    assert hart["counters"]["instruction"] == hart["instructions"] == 3
    assert hart["counters"]["stall"] == 597
    assert hart["cycles"] == report["cycles"] == 600


def test_input_reaches_the_program(tmp_path):
    path = image(tmp_path, dword(Command.ECHO) * 5 + finish(PASS))
    endless = RunOptions(max_cycles=10**12)  # the pipe is filled after the start of the run
    assert run(path, endless, stdin=b"HAL\n\xfe").output == b"IBM\x0b\xff"


def test_commit_log(tmp_path):
    log = tmp_path / "commits"
    path = image(tmp_path, show("a") + dword(Command.TRAP, 2) + finish(PASS))
    assert run(path, RunOptions(commit_log=log)).passed
    first, second = log.read_text().splitlines()
    assert first.split() == [first.split()[0], "0", "M", "0000000080000000", "00000013", "nop"]
    assert second.split()[1:5] == ["0", "M", "0000000080000008", "--------"]
    assert "exception 2 (illegal instruction)" in second
    assert int(second.split()[0]) == int(first.split()[0]) + 1


def test_tohost_needs_its_symbol(tmp_path):
    with pytest.raises(BadImage, match="no symbol tohost"):
        run(image(tmp_path, finish(PASS)), RunOptions(tohost=True))


@pytest.mark.parametrize("name", ["trace", "commit_log", "json"])
def test_unwritable_output_is_refused_before_the_run(tmp_path, name):
    path = image(tmp_path, finish(PASS))
    for target in (tmp_path / "missing" / "file", tmp_path):
        with pytest.raises(BadArgument, match="no such directory|is a directory"):
            run(path, RunOptions(**{name: target}))
    assert [p.name for p in tmp_path.iterdir()] == ["toy.elf"]


@pytest.mark.parametrize("number, status", [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_interrupted_run_leaves_its_result(tmp_path, number, status):
    report = tmp_path / "result.json"
    process = start(image(tmp_path, show("a")), RunOptions(max_cycles=10**12, json=report),
                    stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)
    assert process.stdout.read(1) == b"a"
    process.send_signal(number)
    _, errors = process.communicate(timeout=10)
    assert process.returncode == status
    assert b"interrupted in cycle" in errors and b"hart 0: M-mode" in errors
    assert json.loads(report.read_text())["status"] == "interrupted"


def test_terminal_is_raw_and_restored(tmp_path):
    leader, follower = pty.openpty()
    before = termios.tcgetattr(follower)
    path = image(tmp_path, dword(Command.ECHO) * 3 + show("\n"))
    process = start(path, RunOptions(max_cycles=10**12), stdin=follower, stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE, preexec_fn=lambda: _take_terminal(follower))
    while termios.tcgetattr(follower)[3] & (termios.ECHO | termios.ICANON):
        assert process.poll() is None
        time.sleep(0.01)
    os.write(leader, b"H\x01\x01\x01c")  # H, Ctrl-A, Ctrl-C
    assert process.stdout.read(4) == b"I\x02\x04\n"
    os.write(leader, b"\x01x")
    process.communicate(timeout=10)
    assert process.returncode == 130
    assert termios.tcgetattr(follower) == before
    os.close(leader)
    os.close(follower)


def _take_terminal(descriptor: int) -> None:
    import fcntl

    os.setsid()
    fcntl.ioctl(descriptor, termios.TIOCSCTTY, 0)


@pytest.mark.parametrize("text", ["0", "-1", "ten", "random:", "random:x", "1.5"])
def test_bad_latency(text):
    if text == "random:":
        assert Latency.parse(text).cycles is None
        return
    with pytest.raises(BadArgument, match="latency must be"):
        Latency.parse(text)


def test_waveform_covers_the_chosen_cycles(tmp_path):
    trace = tmp_path / "out.fst"
    path = image(tmp_path, show("wave"))
    sizes = []
    for stop in (20, 400):
        result = run(path, RunOptions(max_cycles=500, trace=trace, trace_start=10,
                                      trace_stop=stop))
        assert (result.exit_status, result.output) == (124, b"wave")
        content = trace.read_bytes()
        assert content[0] == 0  # the header block of an FST file
        start_ns, end_ns = struct.unpack(">QQ", content[9:25])
        assert (start_ns, end_ns) == (100, 10 * stop - 5)
        sizes.append(len(content))
    assert sizes[0] < sizes[1]


def test_interrupted_waveform_is_finished(tmp_path):
    trace = tmp_path / "out.fst"
    process = start(image(tmp_path, show("a")), RunOptions(max_cycles=10**12, trace=trace),
                    stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)
    assert process.stdout.read(1) == b"a"
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=20)
    assert process.returncode == 130
    start_ns, end_ns = struct.unpack(">QQ", trace.read_bytes()[9:25])
    assert start_ns == 0 and end_ns > 100
