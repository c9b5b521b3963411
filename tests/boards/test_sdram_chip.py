"""The model of the SDRAM chip reports every broken rule, and no other rule."""

import random

import cocotb
from cocotb.triggers import ReadOnly

from sim.model.elaborate import simulation_verilog
from tests.boards.sdram_model import CHIP, FAULTS, SdramModel
from tests.support.clock import cycles, start
from tests.support.run import run_verilog

CLOCK_HZ = 200_000_000  # fast, so that most times are several cycles
PAUSE = 40_000
T_RCD, T_RP, T_RAS, T_RC, T_RRD, T_RFC, T_WR = 5, 5, 9, 14, 3, 14, 3  # cycles
ALL = 1 << 10  # A10 of a column or of a precharge
MODE = 2 << 4  # CL 2
COMMANDS = {"nop": 0, "ref": 0b011, "pre": 0b101, "act": 0b001, "read": 0b010, "write": 0b110,
            "mode": 0b111, "stop": 0b100}  # ras, cas, we from bit 0


async def command(dut, name, a=0, ba=0, *, after=1, dq=None):
    """Gives a command and returns ``after`` cycles later."""
    pads = {"a": a, "ba": ba, "dq_oe": dq is not None, "dq_o": dq or 0}
    pads |= {wire: COMMANDS[name] >> n & 1 for n, wire in enumerate(("ras", "cas", "we"))}
    for wire, value in pads.items():
        getattr(dut, f"pads__{wire}").value = int(value)
    await cycles(dut, 1)
    for wire in ("ras", "cas", "we", "dq_oe"):
        getattr(dut, f"pads__{wire}").value = 0
    await cycles(dut, after - 1)


async def initialise(dut, *, pause=PAUSE, refreshes=8, mode=MODE, precharge=True):
    dut.pads__dqm.value = 0
    dut.pads__cke.value = 0
    await cycles(dut, 4)
    dut.pads__cke.value = 1
    await cycles(dut, pause)
    if precharge:
        await command(dut, "pre", ALL, after=T_RP)
    for _ in range(refreshes):
        await command(dut, "ref", after=T_RFC)
    await command(dut, "mode", mode, after=2)


async def play(dut, *steps):
    """Plays steps. A step is a command with its arguments, or the cycles from the command before it
    to the next."""
    for step, following in zip(steps, (*steps[1:], None), strict=True):
        if not isinstance(step, int):
            name, *rest = step
            dq = 0x1234 if name == "write" else None
            await command(dut, name, *rest, dq=dq,
                          after=following if isinstance(following, int) else 1)


async def fault(dut):
    """Returns the number of the broken rule and clears it."""
    await cycles(dut, 2)
    value = int(dut.fault.value)
    dut.chip.fault.value = 0
    await cycles(dut, 1)
    return value


ACT, ACT_1 = ("act", 5, 0), ("act", 5, 1)
READ, WRITE, PRE, REF = ("read", 3), ("write", 3), ("pre", 0), ("ref",)
BREAKS = [  # a rule, the least cycles that keep it, and steps that break it with one cycle less
    ("tRCD", T_RCD, lambda n: (ACT, n, READ)),
    ("tRCD", T_RCD, lambda n: (ACT, n, WRITE)),
    ("tRAS", T_RAS, lambda n: (ACT, n, PRE)),
    ("tRAS", T_RAS, lambda n: (ACT, n, ("pre", ALL, 3))),
    ("tRC", T_RC, lambda n: (ACT, T_RAS, PRE, n - T_RAS, ACT)),
    ("tRP", T_RP, lambda n: (ACT, 20, PRE, n, ACT)),
    ("tRP", T_RP, lambda n: (ACT, 20, PRE, n, REF)),
    ("tRP", T_RP, lambda n: (ACT, 20, PRE, n, ("mode", MODE))),
    ("tRP", T_RP + 1, lambda n: (ACT, 20, ("read", 3 | ALL), n, ACT)),
    ("tRP", T_RP + 1 + T_WR, lambda n: (ACT, 20, ("write", 3 | ALL), n, ACT)),
    ("tWR", T_WR, lambda n: (ACT, 20, WRITE, n, PRE)),
    ("tRRD", T_RRD, lambda n: (ACT, n, ACT_1)),
    ("tRFC", T_RFC, lambda n: (REF, n, REF)),
    ("tRFC", T_RFC, lambda n: (REF, n, ACT)),
    ("tMRD", 2, lambda n: (("mode", MODE), n, ACT)),
    ("contention", 3, lambda n: (ACT, T_RCD, READ, n, WRITE)),
]
WRONG = [
    ("no row", (READ,)),
    ("no row", (ACT, 20, ("read", 3, 1))),
    ("no row", (ACT, 20, PRE, 20, READ)),
    ("no row", (ACT, 20, ("write", 3 | ALL), 20, WRITE)),
    ("open bank", (ACT, 20, ACT)),
    ("open banks", (ACT, 20, REF)),
    ("open banks", (ACT, 20, ("mode", MODE))),
    ("mode", (("mode", MODE | 1 << 8),)),
    ("mode", (("mode", MODE | 1),)),
    ("mode", (("mode", 1 << 4),)),
    ("unexpected", (ACT, 20, ("stop",))),
]


async def settle(dut):
    """Brings all banks to idle and lets all times of the rules pass."""
    await command(dut, "pre", ALL, after=30)
    await command(dut, "ref", after=30)


@cocotb.test()
async def rules(dut):
    await start(dut)
    await initialise(dut)
    await settle(dut)
    assert await fault(dut) == 0
    for rule, least, steps in BREAKS:
        await play(dut, *steps(least))
        assert await fault(dut) == 0, f"{rule} is kept by {steps(least)}"
        await cycles(dut, 20)
        await settle(dut)
        assert await fault(dut) == 0
        await play(dut, *steps(least - 1))
        assert await fault(dut) == FAULTS[rule], steps(least - 1)
        await cycles(dut, 20)
        await settle(dut)
        assert await fault(dut) == 0
    for rule, steps in WRONG:
        await play(dut, *steps)
        assert await fault(dut) == FAULTS[rule], steps
        await cycles(dut, 20)
        await settle(dut)
        dut.chip.fault.value = 0
    await command(dut, "act", after=20)
    await command(dut, "write")
    assert await fault(dut) == FAULTS["no data"]


@cocotb.test()
async def initialisation(dut):
    await start(dut)
    for options, rule in [
        ({}, None), ({"pause": PAUSE - 2}, "pause"), ({"refreshes": 7}, "not initialised"),
        ({"precharge": False}, "no precharge"), ({}, None),
    ]:
        await initialise(dut, **options)
        await command(dut, "act", after=20)
        assert await fault(dut) == FAULTS.get(rule, 0)
        await command(dut, "pre", ALL, after=20)
        dut.chip.fault.value = 0
    dut.pads__cke.value = 0
    await cycles(dut, 4)
    dut.pads__cke.value = 1
    await command(dut, "ref")
    assert await fault(dut) == FAULTS["cke"]


@cocotb.test()
async def refresh(dut):
    """8192 refreshes in 64 ms are enough for any length of time; fewer are not."""
    await start(dut)
    for interval, late in ((1562, False), (1700, True)):  # 1562.5 cycles are 7.8125 us
        await initialise(dut)
        await settle(dut)
        for _ in range(40):
            await command(dut, "ref", after=interval)
        assert await fault(dut) == (FAULTS["late refresh"] if late else 0)


@cocotb.test()
async def data(dut):
    """Words are kept and bytes can be masked. Data comes CL after the command and only then."""
    await start(dut)
    rng, kept = random.Random(cocotb.RANDOM_SEED), {}
    for latency in (2, 3):
        await initialise(dut, mode=latency << 4)
        await fault(dut)  # byte of the old word
        for bank in range(4):
            await command(dut, "act", 7 * bank, bank, after=T_RCD)
        for _ in range(120):
            bank, column = rng.randrange(4), rng.randrange(8)
            if (bank, column) not in kept or rng.random() < 0.5:
                word = rng.getrandbits(16)
                dut.pads__dqm.value = mask = rng.randrange(4) if (bank, column) in kept else 0
                await command(dut, "write", column, bank, dq=word, after=1)
                dut.pads__dqm.value = 0
                bits = (0 if mask & 1 else 0xFF) | (0 if mask & 2 else 0xFF00)
                kept[bank, column] = word & bits | kept.get((bank, column), 0) & ~bits
            else:
                await command(dut, "read", column, bank, after=1)
                came = []
                for _ in range(latency + 3):
                    await ReadOnly()
                    came.append(int(dut.pads__dq_i.value))
                    await cycles(dut, 1)
                word = kept[bank, column]
                assert [n for n, value in enumerate(came) if value == word] == [latency], came
        assert await fault(dut) == 0
        await command(dut, "pre", ALL, after=T_RP)


def test_sdram_chip():
    text = simulation_verilog(SdramModel(clock_hz=CLOCK_HZ), "dut") + CHIP
    run_verilog(text, "dut", __name__, "sdram_chip")
