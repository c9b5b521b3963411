"""The harness's main loop: memory, terminal, the ends of a run and the files that it writes."""

import json
import os
import pty
import resource
import select
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
    text = "written"  # and the copy fills a line
    first = show(text) + dword(Command.COPY, 3 << 8)  # copies its own line over line 3
    second = dword(Command.JUMP, 3) + bytes(56)
    third = bytes(64)
    replaced = finish(FAIL, 9) * 8  # is executed if the store is lost
    path = image(tmp_path, first + second + third + replaced + finish(PASS))
    result = run(path, RunOptions(max_cycles=5000, latency=Latency.parse(latency)))
    assert (result.exit_status, result.output.decode(), result.errors) == (0, 2 * text, "")



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


def test_traps_for_ever(tmp_path):
    path = image(tmp_path, dword(Command.TRAP, 5) + dword(Command.JUMP, 0))
    result = run(path, RunOptions(max_cycles=10**6))
    assert (result.exit_status, result.report["status"]) == (1, "traps_forever")
    assert result.report["cycles"] < 10_000


def test_a_device_cannot_be_a_waveform(tmp_path):
    link = tmp_path / "full.fst"
    link.symlink_to("/dev/full")
    with pytest.raises(BadArgument, match="a waveform needs a regular file"):
        run(image(tmp_path, finish(PASS)), RunOptions(trace=link))


def lost(process: subprocess.Popen, name: object, reason: str) -> None:
    """Checks that the run ended with status 2 and one line that names the output."""
    _, errors = process.communicate(timeout=20)
    assert errors.decode() == f"rel4 sim: {name}: {reason}\n"
    assert process.returncode == 2


@pytest.mark.parametrize("name", ["commit_log", "json"])
def test_an_output_on_a_full_device_is_told(tmp_path, name):
    path = image(tmp_path, show("abc") + finish(PASS))
    options = RunOptions(**{name: Path("/dev/full")})
    lost(start(path, options, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
               stderr=subprocess.PIPE), "/dev/full", "No space left on device")


def test_a_full_standard_output_is_told(tmp_path):
    path = image(tmp_path, show("abc") + finish(PASS))
    with open("/dev/full", "wb") as full:
        lost(start(path, SOON, stdin=subprocess.DEVNULL, stdout=full, stderr=subprocess.PIPE),
             "standard output", "No space left on device")


@pytest.mark.parametrize("name, file", [("commit_log", "log"), ("json", "result.json"),
                                        ("trace", "wave.fst")])
def test_a_file_that_reaches_a_limit_is_told(tmp_path, name, file):
    target = tmp_path / file
    process = start(image(tmp_path, show("abcdef") + finish(PASS)),
                    RunOptions(max_cycles=50_000, **{name: target}),
                    stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                    preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (64, 64)))
    lost(process, target, "File too large")
    assert name != "json" or not list(tmp_path.glob("result*"))


def test_a_lost_commit_log_ends_the_run_and_is_in_the_result(tmp_path):
    report = tmp_path / "result.json"
    lines = show("x" * 7) + dword(Command.JUMP, 0)  # for ever
    process = start(image(tmp_path, lines), RunOptions(
        max_cycles=10**12, commit_log=Path("/dev/full"), json=report), stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    lost(process, "/dev/full", "No space left on device")
    assert json.loads(report.read_text())["status"] == "output_lost"


@pytest.mark.parametrize("text, shown", [("prompt> ", False), ("a line\n", True)])
def test_the_status_line_hides_nothing(tmp_path, text, shown):
    """The status appears on a screen only if the program is at the start of a line. It is removed
    before the program goes on."""
    leader, follower = pty.openpty()
    path = image(tmp_path, show(text) + dword(Command.ECHO) + finish(PASS))
    process = start(path, RunOptions(max_cycles=10**12), stdin=subprocess.PIPE, stdout=follower,
                    stderr=follower)
    os.close(follower)
    screen = _read(leader, 4.5)
    assert screen.startswith(text.replace("\n", "\r\n"))
    assert ("million cycles" in screen) == shown
    process.stdin.write(b"Y")
    process.stdin.close()
    rest = _read(leader, 2)
    assert rest.endswith(("\r\033[K" if shown else "") + "Z")
    assert process.wait(timeout=10) == 0
    os.close(leader)


def _read(descriptor: int, seconds: float) -> str:
    """Returns what comes within a time, or until the other end is closed."""
    end, data = time.monotonic() + seconds, b""
    while (left := end - time.monotonic()) > 0:
        if select.select([descriptor], [], [], left)[0]:
            try:
                data += os.read(descriptor, 4096)
            except OSError:  # closed
                break
    return data.decode()


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


@pytest.mark.parametrize("text", ["0", "-1", "ten", "random:", "random:x", "random:-1", "1.5",
                                  "1000001", "1" * 30])
def test_bad_latency(text):
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
