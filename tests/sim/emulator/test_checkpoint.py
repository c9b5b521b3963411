"""``rel4 emu --checkpoint``: programs go on from a file, on the emulator and on the RTL."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from sim.bench.metric import parse_metrics
from sim.emulator.run import EmulatorOptions, emulate, emulator_command
from sim.model.elf import Program
from sim.model.run_options import BadArgument, RunOptions
from sim.model.simulate import Result, simulate
from sim.tools import BUILD, PROJECT
from soc.config import configuration
from tests.support.elf import Part, elf64

PARAMS = configuration("default", harts=2)
MAX_CYCLES = 50_000_000


def image_of(program: str) -> Path:
    image = BUILD / "sw" / f"{program}.elf"
    assert image.exists(), f"{image} is not built: make sw"
    return image


def take(image: Path, cycle: int, output: Path) -> subprocess.CompletedProcess:
    """Runs ``image`` to ``cycle`` and writes the checkpoint."""
    program = Program.load(image, memory_bytes=PARAMS.dram_bytes)
    options = EmulatorOptions(checkpoint=cycle, output=output)
    return subprocess.run(emulator_command(PARAMS, program, options), text=True,
                          stdin=subprocess.DEVNULL, capture_output=True)


def split(program: str, share: float, tmp_path: Path) -> tuple[Result, str, Path]:
    """The whole run; what is printed up to ``share`` of its cycles; a file that goes on there."""
    image, output = image_of(program), tmp_path / "checkpoint.elf"
    whole = emulate(PARAMS, image)
    assert whole.passed
    cycle = int(whole.report["cycles"] * share)
    done = take(image, cycle, output)
    assert done.returncode == 0, done.stderr
    assert re.match(r"rel4 emu: checkpoint in cycle \d+\b", done.stderr)
    return whole, done.stdout, output


@pytest.mark.parametrize("share", [0.1, 0.7])
@pytest.mark.parametrize("program", ["hello", "sbitest", "selftest", "taic-hostile"])
def test_a_program_goes_on(tmp_path, program, share):
    whole, before, rest = split(program, share, tmp_path)
    result = emulate(PARAMS, rest, EmulatorOptions(max_cycles=MAX_CYCLES))
    assert result.passed, result.errors
    assert before + result.output.decode() == whole.output.decode()


@pytest.mark.parametrize(("program", "share"), [("message", 0.62), ("message", 0.84),
                                                ("uintr", 0.3), ("taic", 0.6)])
def test_measurements_go_on(tmp_path, program, share):
    """The numbers of the metric under way may be others; there are no fewer and no more."""
    whole, before, rest = split(program, share, tmp_path)
    result = emulate(PARAMS, rest, EmulatorOptions(max_cycles=MAX_CYCLES))
    assert result.passed, result.errors
    names = [[(metric.name, metric.params) for metric in parse_metrics(text)]
             for text in (before + result.output.decode(), whole.output.decode())]
    assert names[0] == names[1]


def on_the_rtl(rest: Path) -> str:
    result = simulate(PARAMS, rest, RunOptions(max_cycles=MAX_CYCLES))
    assert result.passed, result.output.decode() + result.errors
    return result.output.decode()


def test_selftest_goes_on_on_the_rtl(tmp_path):
    whole, before, rest = split("selftest", 0.88, tmp_path)
    assert before + on_the_rtl(rest) == whole.output.decode()


@pytest.mark.tier("all")
@pytest.mark.parametrize(("mode", "share"), [("uintc", 0.63), ("taic", 0.88)])
def test_messages_go_on_on_the_rtl(tmp_path, mode, share):
    whole, before, rest = split("message", share, tmp_path)
    # In the middle of this mode: whole lines of it on both sides.
    assert f" mode={mode} concurrency=1\n" in before
    output = on_the_rtl(rest)
    assert f" mode={mode} concurrency=32\n" in output
    assert mode == "taic" or "mode=taic" not in before
    names = [[(metric.name, metric.params) for metric in parse_metrics(text)]
             for text in (before + output, whole.output.decode())]
    assert names[0] == names[1]


def test_a_state_that_cannot_be_restored_moves_the_checkpoint(tmp_path):
    output = tmp_path / "checkpoint.elf"
    done = take(image_of("hello"), 2, output)
    assert re.fullmatch(r"rel4 emu: checkpoint in cycle \d+, since in cycle 2 hart 0 is in the "
                        r"boot ROM\n", done.stderr)
    assert emulate(PARAMS, output).passed


def test_a_program_that_ends_before_gives_no_file(tmp_path):
    output = tmp_path / "checkpoint.elf"
    done = take(image_of("hello"), 10**9, output)
    assert done.returncode == 2
    assert re.fullmatch(r"rel4 emu: no checkpoint: the program ended in cycle \d+\n", done.stderr)
    assert not output.exists()


def test_a_state_that_never_can_be_restored_is_told(tmp_path):
    # li t0, 1 << 17; csrw mstatus, t0; jal x0, 0: M-mode with MPRV, for ever
    words = (0x0002_02B7, 0x3002_9073, 0x0000_006F)
    image = tmp_path / "program.elf"
    image.write_bytes(elf64([Part(b"".join(word.to_bytes(4, "little") for word in words))]))
    done = take(image, 100, tmp_path / "checkpoint.elf")
    assert done.returncode == 2
    assert done.stderr == ("rel4 emu: no checkpoint in cycle 100 or 20000 later: "
                           "hart 0 is in M-mode with MPRV\n")


def test_what_is_refused(tmp_path):
    with pytest.raises(BadArgument, match="--checkpoint and --output belong together"):
        emulate(PARAMS, image_of("hello"), EmulatorOptions(checkpoint=5))
    with pytest.raises(BadArgument, match="at least 1, not 0"):
        emulate(PARAMS, image_of("hello"),
                EmulatorOptions(checkpoint=0, output=tmp_path / "checkpoint.elf"))
    done = take(image_of("hello"), 100, tmp_path / "no" / "checkpoint.elf")
    assert done.returncode == 2
    assert done.stderr.endswith("checkpoint.elf: No such file or directory (os error 2)\n")


def test_the_command_writes_the_file(tmp_path):
    output = tmp_path / "checkpoint.elf"
    command = [sys.executable, "-m", "sim", "emu", str(image_of("hello")), "--checkpoint",
               "100000", "-o", str(output)]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True,
                          stdin=subprocess.DEVNULL)
    assert (done.returncode, done.stderr) == (0, "rel4 emu: checkpoint in cycle 100000\n")
    assert emulate(PARAMS, output).passed
