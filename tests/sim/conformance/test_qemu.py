"""Random programs for the emulator and QEMU, and the comparison of their steps."""

import shutil

import pytest
from typer.testing import CliRunner

from sim.cli import app, load_verbs
from sim.conformance import qemu
from sim.conformance.qemu import State, Step, difference, read_emulator_log, read_qemu_log

load_verbs(["conformance"])

EMULATOR = """\
         4 0 M 0000000000001010 00028067  jr t0
         5 0 M 0000000080000000 00010f97  auipc t6, 0x10                x31=0000000080010000
         6 0 M 0000000080000004 --------  exception 2 (illegal instruction)  tval=00000000ffffffff
         7 0 M 0000000080000014 008fb083  ld ra, 8(t6)                  x1=2ed5e649be437878\
  load8 [0000000080010008]=2ed5e649be437878
"""
STATE = """\
 V      =   0
 pc       {pc:016x}
 mepc     0000000000000004
 x0/zero  0000000000000000 x1/ra    0000000000000000 x30/t5   0000000000000000 x31/t6   {t6:016x}
"""
QEMU = [(0x1010, 0), (0x8000_0000, 0), (0x8000_0004, 0x8001_0000), (0x8000_0014, 0x8001_0000)]


def states(*changes: tuple[int, int, int]) -> list[State]:
    values = [list(pair) for pair in QEMU]
    for index, position, value in changes:
        values[index][position] = value
    return list(read_qemu_log("".join(STATE.format(pc=pc, t6=t6) for pc, t6 in values)))


def test_both_logs_are_read_alike():
    ours = list(read_emulator_log(EMULATOR))
    assert ours == [Step(0x8000_0000, (31, 0x8001_0000)), Step(0x8000_0004, None),
                    Step(0x8000_0014, (1, 0x2ED5_E649_BE43_7878))]
    assert [state.pc for state in states()] == [step.pc for step in ours]
    assert difference(ours, states()) == ""


@pytest.mark.parametrize(("change", "text"), [
    ((3, 0, 0x8000_0008), "step 2: the emulator is at 0x80000014, QEMU at 0x80000008"),
    ((2, 1, 5), "step 1, at 0x80000004: x31 is 0x80010000 on the emulator, 0x5 on QEMU"),
])
def test_a_difference_is_told(change, text):
    assert difference(list(read_emulator_log(EMULATOR)), states(change)) == text


def test_a_run_that_is_too_short_is_told():
    told = difference(list(read_emulator_log(EMULATOR)), states()[:-1])
    assert told == "QEMU made 2 steps, the emulator 3"


def test_without_qemu_one_line_says_what_to_install(monkeypatch):
    monkeypatch.setattr(qemu.shutil, "which", lambda name: None)
    result = CliRunner().invoke(app, ["conformance", "qemu"])
    assert result.exit_code == 2
    assert result.stderr == ("rel4 conformance: qemu-system-riscv64 is not installed "
                             "(apt-get install qemu-system-misc)\n")


@pytest.mark.skipif(shutil.which(qemu.PROGRAM) is None, reason="qemu-system-misc is not installed")
def test_the_emulator_agrees_with_qemu(tmp_path):
    outcomes = qemu.run(tmp_path, programs=3, instructions=1500, seed=1)
    assert [outcome.difference for outcome in outcomes] == [""] * 3
    assert all(outcome.instructions > 1500 for outcome in outcomes)
