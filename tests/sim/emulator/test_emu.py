"""``rel4 emu``: options, exit status, JSON, commit log, and what it refuses."""

import json
import os
import pty
import re
import signal
import subprocess
import sys

import pytest

from sim.emulator.run import EmulatorOptions, emulate
from sim.model.elf import BadImage
from sim.model.run_options import BadArgument
from sim.tools import BUILD, PROJECT
from soc.config import configuration
from tests.support.elf import DRAM_BASE, Part, elf64

PARAMS = configuration("default", harts=1)
SELF = 0x0000_006F  # jal x0, 0
WFI = 0x1050_0073
# li t0, 0x5555; lui t1, 0x100; sw t0, 0(t1)
PASS = (0x0000_52B7, 0x5552_8293, 0x0010_0337, 0x0053_2023, SELF)
# li t0, 7 << 16 | 0x3333: lui t0, 0x73; addi t0, t0, 0x333
FAIL = (0x0007_32B7, 0x3332_8293, 0x0010_0337, 0x0053_2023, SELF)
ILLEGAL = (0xFFFF_FFFF,)
# lui t0, 0x10000; li t1, '!'; sb t1, 0(t0): says on the UART that the program runs
READY = (0x1000_02B7, 0x0210_0313, 0x0062_8023)


def program(tmp_path, *words: int):
    image = tmp_path / "program.elf"
    image.write_bytes(elf64([Part(b"".join(word.to_bytes(4, "little") for word in words))]))
    return image


def run(tmp_path, *words: int, **options):
    return emulate(PARAMS, program(tmp_path, *words), EmulatorOptions(**options))


def rel4(*arguments, **options) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "sim", "emu", *map(str, arguments)]
    return subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, **options)


def test_a_program_that_passes(tmp_path):
    result = run(tmp_path, *PASS)
    assert (result.exit_status, result.errors) == (0, "")
    assert result.report["status"] == "passed"
    # Five of the boot ROM, four of the program.
    assert result.report["instructions"] == result.report["cycles"] == 9
    assert result.report["harts"][0]["counters"]["instruction"] == 9


def test_a_program_that_fails(tmp_path):
    result = run(tmp_path, *FAIL)
    assert (result.exit_status, result.report["exit_code"]) == (1, 7)
    assert result.errors.startswith("rel4 emu: failed with code 7 in cycle 9\nhart 0: M-mode, pc ")


def test_a_program_that_begins_elsewhere(tmp_path):
    """The base of DRAM holds what the program has there: a program that fails."""
    here, there = (b"".join(word.to_bytes(4, "little") for word in words)
                   for words in (PASS, FAIL))
    image = tmp_path / "program.elf"
    image.write_bytes(elf64([Part(there), Part(here, DRAM_BASE + 0x1000)],
                            entry=DRAM_BASE + 0x1000))
    result = emulate(PARAMS, image)
    assert (result.exit_status, result.report["instructions"]) == (0, 9)


@pytest.mark.parametrize("words", [(SELF,), (WFI, SELF), ILLEGAL])
def test_the_limit(tmp_path, words):
    result = run(tmp_path, *words, max_cycles=1_000_000)
    assert result.exit_status == 124
    assert result.report["cycles"] == 1_000_000
    assert result.report["exit_code"] is None
    assert "rel4 emu: no end after 1000000 cycles" in result.errors


def test_the_report_names_the_first_and_the_last_trap(tmp_path):
    errors = run(tmp_path, *ILLEGAL, max_cycles=1000).errors
    assert f"first trap at {DRAM_BASE:016x}: illegal instruction in cycle 5\n" in errors
    assert "last trap at 0000000000000000: instruction access fault in cycle" in errors


def test_tohost_ends_the_program(tmp_path):
    # auipc t0, 0; li t1, 13; sd t1, 16(t0): the symbol is behind these and a jump.
    words = (0x0000_0297, 0x00D0_0313, 0x0062_B823, SELF, 0, 0)
    image = tmp_path / "program.elf"
    code = b"".join(word.to_bytes(4, "little") for word in words)
    image.write_bytes(elf64([Part(code)], symbols={"tohost": DRAM_BASE + 16}))
    result = emulate(PARAMS, image, EmulatorOptions(tohost=True, max_cycles=1000))
    assert (result.exit_status, result.report["exit_code"]) == (1, 6)


def test_tohost_needs_its_symbol(tmp_path):
    with pytest.raises(BadImage, match="no symbol tohost, which --tohost needs"):
        run(tmp_path, *PASS, tohost=True)


@pytest.mark.parametrize(("options", "text"), [
    ({"ips": 0}, "ips must be 1000 to 100000000000, not 0"),
    ({"quantum": 0}, "quantum must be 1 to 1000000, not 0"),
    ({"max_cycles": 0}, "--max-cycles must be from 1 to 9223372036854775807, not 0"),
])
def test_numbers_out_of_range_are_refused(tmp_path, options, text):
    with pytest.raises(BadArgument, match=text):
        run(tmp_path, *PASS, **options)


def test_a_bad_image_gives_one_line(tmp_path):
    result = rel4(tmp_path / "none.elf", "--json", tmp_path / "out.json")
    assert result.returncode == 2
    assert result.stderr == f"rel4 emu: {tmp_path / 'none.elf'}: no such file\n"
    assert not (tmp_path / "out.json").exists()


def test_the_commit_log_has_a_line_for_each_instruction_and_trap(tmp_path):
    log = tmp_path / "log"
    words = (0x0001_4501, *PASS[:3], 0x0010_0073)  # c.li a0, 0; c.nop; ...; ebreak
    result = run(tmp_path, *words, commit_log=log, max_cycles=12)
    lines = log.read_text().splitlines()
    assert result.exit_status == 124
    assert len(lines) == 12
    assert lines[0].startswith("         0 0 M 0000000000001000 00000297  auipc t0, 0")
    assert lines[0].endswith("  x5=0000000000001000")
    assert re.fullmatch(r" +3 0 M [0-9a-f]{16} 0182b283  ld t0, 0x18\(t0\) +x5=0000000080000000"
                        r"  load8 \[0000000000001018\]=0000000080000000", lines[3])
    assert lines[5] == (f"         5 0 M {DRAM_BASE:016x}     4501  c.li a0, 0                  "
                        "  x10=0000000000000000")
    assert lines[10] == (f"        10 0 M {DRAM_BASE + 16:016x} --------  exception 3 (breakpoint)"
                         f"  tval={DRAM_BASE + 16:016x}")


def test_a_run_is_like_the_other_with_and_without_a_log(tmp_path):
    image = BUILD / "sw" / "hello.elf"
    params = configuration("default")
    plain = [emulate(params, image) for _ in range(2)]
    logs = [tmp_path / "a", tmp_path / "b"]
    logged = [emulate(params, image, EmulatorOptions(commit_log=log)) for log in logs]
    assert logs[0].read_bytes() == logs[1].read_bytes()
    for pair in (plain, logged):
        assert [result.report["cycles"] for result in pair] == [pair[0].report["cycles"]] * 2
    assert plain[0].output == logged[0].output


def test_slower_harts_see_more_time_pass():
    image = BUILD / "sw" / "hello.elf"
    params = configuration("default", harts=1)
    for ips in (1_000_000, 1_000_000_000):
        assert emulate(params, image, EmulatorOptions(ips=ips)).passed


def test_the_json_is_written_whole(tmp_path):
    report = tmp_path / "out.json"
    image = program(tmp_path, *PASS)
    assert rel4(image, "--json", report).returncode == 0
    assert json.loads(report.read_text())["mips"] >= 0
    assert {path.name for path in tmp_path.iterdir()} == {"out.json", "program.elf"}


def test_a_signal_ends_the_run_with_a_report(tmp_path):
    report = tmp_path / "out.json"
    command = [sys.executable, "-m", "sim", "emu", str(program(tmp_path, *READY, SELF)), "--json",
               str(report), "--max-cycles", str(10**15)]
    process = subprocess.Popen(command, cwd=PROJECT, stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout.read(1) == "!"
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 128 + signal.SIGINT
    assert "rel4 emu: interrupted in cycle " in errors
    assert json.loads(report.read_text())["status"] == "interrupted"


def test_ctrl_a_x_leaves_a_terminal(tmp_path):
    command = [sys.executable, "-m", "sim", "emu", str(program(tmp_path, *READY, WFI, SELF))]
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(PROJECT)
        os.execv(command[0], command)
    while b"!" not in os.read(terminal, 1000):
        pass
    os.write(terminal, b"\x01x")
    _, status = os.waitpid(child, 0)
    os.close(terminal)
    assert os.waitstatus_to_exitcode(status) == 128 + signal.SIGINT


def test_parameters_of_the_soc_can_be_set(tmp_path):
    # lui t0, 0x2f10; ld t1, 0(t0); andi t1, t1, 64; the status is its code: receivers of UINTC
    words = (0x02F1_02B7, 0x0002_B303, 0x0403_7313, 0x0103_1313, 0x0000_33B7, 0x3333_8393,
             0x0073_6333, 0x0010_0E37, 0x006E_2023, SELF)
    result = rel4(program(tmp_path, *words), "--harts", 1, "--set", "uintc_receivers=64")
    assert "failed with code 64 in cycle" in result.stderr
    result = rel4(program(tmp_path, *words), "--set", "uintc_receivrs=64")
    assert result.returncode == 2
    assert result.stderr.startswith("rel4 emu: --set uintc_receivrs: no such parameter;")


def test_the_bench_needs_a_checkout_of_coremark():
    result = subprocess.run([sys.executable, "-m", "sim", "bench", "emu"], cwd=PROJECT,
                            capture_output=True, text=True)
    assert result.returncode == 2
    assert result.stderr == ("rel4 bench: emu needs a checkout of CoreMark: "
                             "rel4 bench emu --coremark DIR\n")
