"""The emulator beside the RTL: both agree on a program, and a difference ends the run."""

import struct
import subprocess

import pytest

from sim.model.design import soc_design
from sim.model.elf import Program
from sim.model.run_options import BadArgument, Latency, RunOptions
from sim.model.simulate import model_command, simulate
from soc.config import configuration
from tests.support.assemble import assemble
from tests.support.elf import DRAM_BASE, Part, elf64

PARAMS = configuration("default")
LUI_T0_FINISHER = 0x001002B7
PASS = [LUI_T0_FINISHER, 0x00005337, 0x55530313, 0x0062A023, 0x0000006F]
# Each hart adds to one counter 20 times with an AMO and 20 times with LR and SC, sets a flag of its
# own, and waits for the flag of the other. Byte stores and misaligned loads mix with these.
COUNT = """
    .globl _start
_start:
    csrr    a0, mhartid
    la      s0, counter
    la      s1, flags
    li      s2, 20
1:  li      t0, 1
    amoadd.w zero, t0, (s0)
2:  lr.d    t1, (s0)
    addi    t1, t1, 1
    sc.d    t2, t1, (s0)
    bnez    t2, 2b
    add     t3, s1, a0
    sb      t1, 16(t3)
    ld      t4, 13(s1)
    addi    s2, s2, -1
    bnez    s2, 1b
    li      t0, 1
    add     t3, s1, a0
    fence   rw, w
    sb      t0, 0(t3)
    xori    a1, a0, 1
    add     t3, s1, a1
3:  lb      t0, 0(t3)
    beqz    t0, 3b
    ld      t0, 0(s0)
    li      t1, 80
    li      t2, 0x3333      # failed
    bne     t0, t1, 4f
    li      t2, 0x5555      # passed
4:  bnez    a0, 5f
    li      t0, 0x100000
    sw      t2, 0(t0)
5:  j       5b
    .balign 64
counter:
    .dword  0
    .balign 64
flags:
    .zero   64
"""


def write(path, code):
    path.write_bytes(elf64([Part(struct.pack(f"<{len(code)}I", *code), DRAM_BASE)],
                           entry=DRAM_BASE))
    return path


@pytest.mark.parametrize("latency", ["1", "10", "random:3"])
def test_two_harts_agree_with_the_emulator(tmp_path, latency):
    options = RunOptions(max_cycles=100_000, latency=Latency.parse(latency), lockstep=True,
                         commit_log=tmp_path / "log")
    result = simulate(PARAMS, assemble(COUNT, tmp_path / "count.elf"), options)
    assert (result.exit_status, result.errors) == (0, "")
    assert "amoadd.w" in (tmp_path / "log").read_text()


def test_a_difference_ends_the_run(tmp_path):
    """The emulator gets another program, which differs in one instruction."""
    image = write(tmp_path / "rtl.elf", PASS)
    other = write(tmp_path / "other.elf", [PASS[0], 0x00006337, *PASS[2:]])
    report = tmp_path / "result.json"
    options = RunOptions(max_cycles=20_000, lockstep=True, commit_log=tmp_path / "log", json=report)
    command = model_command(soc_design(PARAMS), Program.load(image, memory_bytes=PARAMS.dram_bytes),
                            PARAMS.dram_bytes, options)
    place = command.index("--machine") + 1
    command[place] = command[place].replace(str(image), str(other))
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.returncode == 1
    assert '"status": "differs"' in report.read_text()
    lines = result.stderr.splitlines()
    assert lines[0].startswith("rel4 sim: hart ")
    assert lines[0].endswith(" differs from the emulator: insn, rd_data")
    rtl = next(line for line in lines if line.startswith("RTL "))
    emulator = next(line for line in lines if line.startswith("emulator "))
    assert "lui t1, 5 " in rtl and "x6=0000000000005000" in rtl
    assert "lui t1, 6 " in emulator and "x6=0000000000006000" in emulator


def test_a_netlist_has_no_lockstep():
    with pytest.raises(BadArgument, match="--lockstep: the netlist"):
        RunOptions(lockstep=True, netlist=True).check()
