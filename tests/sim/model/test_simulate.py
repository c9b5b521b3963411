"""Small programs on the RTL of the SoC: how they end, and what is reported about them."""

import struct
import sys

import pytest

from sim.model.run_options import Latency, RunOptions
from sim.model.simulate import outcome, simulate
from soc.config import configuration
from tests.support.assemble import assemble
from tests.support.elf import DRAM_BASE, Part, elf64

PARAMS = configuration("default")
# A model with a commit log has lockstep, too, so that all tests with either share one.
LUI_T0_FINISHER = 0x001002B7
STORE_T1 = 0x0062A023  # sw t1, 0(t0)
FOREVER = 0x0000006F  # j .
PASS = [LUI_T0_FINISHER, 0x00005337, 0x55530313, STORE_T1, FOREVER]
FAIL_7 = [LUI_T0_FINISHER, 0x00073337, 0x33330313, STORE_T1, FOREVER]


def run(tmp_path, code, *, base=DRAM_BASE, symbols=None, **options):
    path = tmp_path / "program.elf"
    part = Part(struct.pack(f"<{len(code)}I", *code), base)
    path.write_bytes(elf64([part], entry=base, symbols=symbols))
    return simulate(PARAMS, path, RunOptions(**{"max_cycles": 20_000} | options))


@pytest.mark.parametrize("latency", ["1", "10", "random:3"])
def test_passes(tmp_path, latency):
    result = run(tmp_path, PASS, latency=Latency.parse(latency))
    assert (result.exit_status, result.errors) == (0, "")
    assert result.report["instructions"] >= 4


def test_fails_with_its_code(tmp_path):
    result = run(tmp_path, FAIL_7)
    assert (result.exit_status, result.report["exit_code"]) == (1, 7)


@pytest.mark.parametrize("offset", [4, 0x2000])
def test_program_that_does_not_start_at_the_base(tmp_path, offset):
    """What lies at the base stays as it is."""
    code = struct.pack(f"<{len(PASS)}I", *PASS)
    path = tmp_path / "program.elf"
    path.write_bytes(elf64([Part(struct.pack("<I", FOREVER)), Part(code, DRAM_BASE + offset)],
                           entry=DRAM_BASE + offset))
    log = tmp_path / "log"
    result = simulate(PARAMS, path, RunOptions(max_cycles=20_000, commit_log=log, lockstep=True))
    assert result.passed
    assert f"{DRAM_BASE + offset:016x}" in log.read_text()
    assert f"{DRAM_BASE:016x}" not in log.read_text()


def test_memory_survives_a_reset_by_the_finisher(tmp_path):
    """A program leaves a sign behind the image, resets, and passes if it finds all of the sign.

    The sign is as large as the L2, so that lines were evicted and lines stayed. The image itself is
    loaded anew, as other emulators do.
    """
    program = assemble(SURVIVES.format(bytes=PARAMS.l2_bytes), tmp_path / "survives.elf")
    result = simulate(PARAMS, program, RunOptions(max_cycles=2_000_000))
    assert (result.exit_status, result.errors) == (0, "")


SURVIVES = """
    .globl _start
_start:
    csrr t0, mhartid
    bnez t0, .
    li s0, 0x80100000       # the sign: each of its dwords holds its own address
    li s1, 0x80100000 + {bytes}
    li s2, 0x100000         # finisher
    mv t0, s0
    ld t1, 0(s0)
    bnez t1, again
first:
    sd t0, 0(t0)
    addi t0, t0, 8
    bltu t0, s1, first
    fence rw, o
    li t1, 0x7777
    sw t1, 0(s2)
wait:
    j wait
again:
    li t2, 0x13333
check:
    ld t1, 0(t0)
    bne t0, t1, end
    addi t0, t0, 8
    bltu t0, s1, check
    li t2, 0x5555
end:
    sw t2, 0(s2)
    j wait
"""


def test_tohost(tmp_path):
    # auipc t0, 1; li t1, 9; sw t1, 0(t0)
    code = [0x00001297, 0x00900313, STORE_T1, FOREVER]
    result = run(tmp_path, code, tohost=True, symbols={"tohost": DRAM_BASE + 0x1000})
    assert (result.exit_status, result.report["exit_code"]) == (1, 4)


def test_endless_program_ends_at_the_limit_with_a_report(tmp_path):
    result = run(tmp_path, [FOREVER])
    assert (result.exit_status, result.report["status"]) == (124, "cycle_limit")
    lines = result.errors.splitlines()
    assert lines[0] == "rel4 sim: no end after 20000 cycles"
    assert lines[1].startswith("hart 0: M-mode, pc 0000000080000000, last retired "
                               "0000000080000000: j 0 (0000006f)")


LOOPS = {
    # jr zero
    "jump into nothing": ([0x00000067], "instruction access fault, tval 0000000000000000"),
    # lui t0, 0x50000; sw t1, 0(t0)
    "store to a hole": ([0x500002B7, STORE_T1],
                        "first trap at 0000000080000004: store access fault, "
                        "tval 0000000050000000"),
    # lui t0, 0x50000; ld t1, 0(t0)
    "load from a hole": ([0x500002B7, 0x0002B303],
                         "first trap at 0000000080000004: load access fault, "
                         "tval 0000000050000000"),
    # The handler pushes a register onto a stack in a hole.
    # la t0, 1f; csrw mtvec, t0; lui sp, 0x50000; 1: addi sp, sp, -16; sd ra, 0(sp)
    "runaway stack": ([0x00000297, 0x01028293, 0x30529073, 0x50000137, 0xFF010113, 0x00113023],
                      "last trap at 0000000080000014: store access fault, tval 000000004ff"),
}


@pytest.mark.parametrize("case", LOOPS)
def test_a_program_that_traps_for_ever_is_stopped_at_once(tmp_path, case):
    code, text = LOOPS[case]
    result = run(tmp_path, code)
    assert (result.exit_status, result.report["status"]) == (1, "traps_forever")
    assert result.report["exit_code"] is None
    assert result.report["cycles"] < 15_000
    assert "rel4 sim: traps for ever; stopped in cycle" in result.errors
    assert "hart 0: M-mode, pc " in result.errors
    assert text in result.errors
    if case == "store to a hole":
        assert "t0 0000000050000000" in result.errors


def test_a_loop_ends_the_run_although_another_hart_sleeps(tmp_path):
    # csrr t0, mhartid; beqz t0, 2f; 1: wfi; j 1b; 2: lui t1, 0x50000; ld t2, 8(t1)
    code = [0xF14022F3, 0x00028663, 0x10500073, 0xFFDFF06F, 0x50000337, 0x00833383]
    result = run(tmp_path, code, max_cycles=5_000_000)
    assert (result.exit_status, result.report["status"]) == (1, "traps_forever")
    assert "hart 1: M-mode, asleep in WFI, pc" in result.errors
    assert "hart 0 traps for ever at " in result.errors
    assert "load access fault, tval 0000000050000008" in result.errors


PROGRESS = {
    # li t1, 300; 1: ecall; addi t1, t1, -1; bnez t1, 1b; the handler steps over the ecall
    "a handler that returns": [
        0x00000297, 0x02028293, 0x30529073, 0x12C00313, 0x00000073, 0xFFF30313, 0xFE031CE3,
        0x0140006F, 0x341023F3, 0x00438393, 0x34139073, 0x30200073],
    # li t1, 300; the handler: addi t1, t1, -1; beqz t1, 1f; ecall; 1:
    "a handler that counts and never returns": [
        0x12C00313, 0x00000297, 0x00C28293, 0x30529073, 0xFFF30313, 0x00030463, 0x00000073],
    # Hart 0 tries to load from a hole for ever; hart 1 counts to 32768.
    "another hart": [
        0xF14022F3, 0x00029A63, 0x00000297, 0x30529073, 0x50000337, 0x00033383, 0x00008337,
        0xFFF30313, 0xFE031EE3],
}


@pytest.mark.parametrize("case", PROGRESS)
def test_progress_between_equal_traps_is_no_loop(tmp_path, case):
    result = run(tmp_path, [*PROGRESS[case], *PASS], max_cycles=1_000_000)
    assert result.passed, result.errors
    assert result.errors.count("traps for ever") == (case == "another hart")


def test_commit_log_shows_the_program(tmp_path):
    log = tmp_path / "commits"
    assert run(tmp_path, PASS, commit_log=log, lockstep=True).passed
    lines = [line.split() for line in log.read_text().splitlines()]
    program = [line for line in lines if int(line[3], 16) in range(DRAM_BASE, DRAM_BASE + 16)]
    assert [line[1:5] for line in program] == [
        ["0", "M", f"{DRAM_BASE + 4 * n:016x}", f"{PASS[n]:08x}"] for n in range(4)
    ]
    text = [" ".join(line[5:]) for line in program]
    assert text == [
        "lui t0, 0x100 x5=0000000000100000",
        "lui t1, 5 x6=0000000000005000",
        "addi t1, t1, 0x555 x6=0000000000005555",
        "sw t1, 0(t0) store4 [0000000000100000]=00005555",
    ]
    cycles = [int(line[0]) for line in lines]
    assert cycles == sorted(cycles)


def test_the_input_is_there_before_the_program_starts():
    """The stand-in reads what it can have without waiting, as a simulator does."""
    stand_in = ("import os, stat, sys; assert stat.S_ISREG(os.fstat(0).st_mode); "
                "sys.stdout.buffer.write(os.read(0, 9)); open(sys.argv[1], 'w').write('{}')")

    def command(report):
        return [sys.executable, "-c", stand_in, str(report)]

    assert outcome("stand-in", command, None, b"list\n").output == b"list\n"
