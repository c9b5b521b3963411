"""The front end delivers the instructions of memory in the order that redirects and announced
predictions define. This holds for any predictions, redirects, stalls, flushes and delays."""

import itertools
import os

import cocotb
import pytest

from hdl.core.fetch.frontend import Frontend
from hdl.core.fetch.types import BranchKind, prediction_layout
from hdl.core.mmu.translation import Mode
from hdl.core.params import configuration
from tests.support.fetch_bench import PC_MASK, Bench, Page, make_bench
from tests.support.layouts import unpack
from tests.support.run import run_cocotb

# First pages of the address ranges in use. The last range ends at the top of the address space, and
# the range before it is not canonical.
CLUSTERS = (0x10, 0x80000, 0xFFF_FFFC, 0x400_0000)
CLUSTER_PAGES = 4
PHYSICAL_PAGES = 24
PHYSICAL_BASE = 0x80000


class RandomProgram:
    """Random memory, pages and events for a bench."""

    def __init__(self, bench: Bench) -> None:
        self.bench, self.rng = bench, bench.rng
        self.layout = prediction_layout(bench.params)
        self.targets: list[int] = []
        self.contexts = [
            {"mode": Mode.BARE_M.value, "asid": 0, "priv": 3},
            {"mode": Mode.BARE.value, "asid": 0, "priv": 1},
            *({"mode": Mode.SV39.value, "asid": asid, "priv": priv}
              for asid in (0, 1, 0x101) for priv in (0, 1)),
        ]
        for page in range(PHYSICAL_PAGES):
            self.fill(page)
        for context in self.contexts:
            self.map(context)
        bench.world.pages[Mode.BARE_M.value, 0, bench.params.reset_vector >> 12] = Page(
            ppn=PHYSICAL_BASE)
        self.new_targets()

    def fill(self, page: int) -> None:
        base = PHYSICAL_BASE + page << 9
        for dword in range(base, base + 512):
            self.bench.world.dwords[dword] = sum(
                self.halfword() << 16 * position for position in range(4))

    def halfword(self) -> int:
        return self.rng.getrandbits(16) | (3 if self.rng.random() < 0.3 else 0)

    def map(self, context: dict) -> None:
        rng = self.rng
        for first in CLUSTERS:
            for page in range(first, first + CLUSTER_PAGES):
                number = page - (1 << 28) & (1 << 52) - 1 if page >> 27 else page
                kind = rng.random()
                self.bench.world.pages[context["mode"], context["asid"], number] = Page(
                    ppn=PHYSICAL_BASE + rng.randrange(PHYSICAL_PAGES),
                    page_fault=kind < 0.03 or page == 0x400_0000,
                    access_fault=0.03 < kind < 0.06,
                    x=not 0.06 < kind < 0.09,
                    acc_x=not 0.09 < kind < 0.12,
                    u=rng.random() < (0.9 if context["priv"] == 0 else 0.1),
                )

    def new_targets(self) -> None:
        """Uses a few addresses at a time, so that fetches repeat. Some are next to the end of a
        page."""
        self.targets = []
        clusters = self.rng.sample(CLUSTERS, self.rng.choice((1, 1, 4)))
        for _ in range(6):
            page = self.rng.choice(clusters) + self.rng.randrange(CLUSTER_PAGES)
            offset = (4096 - self.rng.randrange(2, 12) if self.rng.random() < 0.3
                      else self.rng.randrange(4096))
            self.targets.append(page << 12 | offset & ~1)

    def target(self) -> int:
        near = self.rng.randrange(-8, 8) * 2 if self.rng.random() < 0.2 else 0
        return self.rng.choice(self.targets) + near & PC_MASK

    def prediction(self) -> dict:
        if self.bench.accepted and self.rng.random() < 0.9:
            return self.bench.accepted[-1][1]["prediction"]
        return unpack(self.layout, self.rng.getrandbits(self.layout.size))

    def redirect(self) -> dict:
        rng = self.rng
        kind = rng.choice(("branch", "call", "ret", "trap"))
        return {
            "pc": self.target(), "prediction": self.prediction(), "branch": kind == "branch",
            "taken": rng.getrandbits(1), "call": kind == "call", "ret": kind == "ret",
            "link": self.target(),
        }

    def train(self) -> dict:
        """Trains for a recent instruction, or for one that never existed."""
        rng = self.rng
        recent = self.bench.accepted[-8:]
        if recent and rng.random() < 0.9:
            _, insn = rng.choice(recent)
            last = insn["pc"] + (0 if insn["compressed"] else 2)
            if rng.random() < 0.1:
                last += rng.choice((-2, 2))
        else:
            last = self.target()
        return {
            "pc_last": last & PC_MASK,
            "kind": rng.choice(list(BranchKind)[rng.random() < 0.7:]).value,
            "taken": rng.random() < 0.8, "mispredicted": rng.random() < 0.8,
            "target": self.target(), "prediction": self.prediction(),
        }


async def random_phase(bench: Bench, program: RandomProgram, cycles: int) -> None:
    rng = bench.rng
    slow = rng.choice((1, 3, 10, 40))
    bench.latency = lambda: rng.randrange(slow)
    gap = rng.choice((0, 0.3))
    bench.gap = lambda: rng.random() < gap
    p_ready = rng.choice((1, 0.9, 0.4))
    p_redirect = rng.choice((0.002, 0.02, 0.1))
    p_train = rng.choice((0.1, 0.5))
    idle = 0
    program.new_targets()
    for _ in range(cycles):
        redirect = context = None
        if rng.random() < p_redirect or bench.expected_pc is None and rng.random() < 0.2:
            redirect = program.redirect()
            if rng.random() < 0.2:
                context = rng.choice(program.contexts)
        train = program.train() if rng.random() < p_train else None
        got = await bench.cycle(ready=rng.random() < p_ready, redirect=redirect, context=context,
                                train=train)
        idle = 0 if got or redirect or bench.expected_pc is None else idle + 1
        assert idle < 500, "the front end makes no progress"


async def change_pages(bench: Bench, program: RandomProgram) -> None:
    """SFENCE.VMA after changes to the pages of a context, if possible during a walk."""
    bench.latency = lambda: 10
    for _ in range(30):
        if bench.walking is not None:
            break
        await bench.cycle(redirect=program.redirect() if bench.rng.random() < 0.3 else None)
    redirect = program.redirect()
    if bench.walking is not None:
        redirect["pc"] = (bench.walking << 12 | bench.rng.randrange(4096) & ~1) & PC_MASK
    program.map(bench.context)
    await bench.cycle(ready=False, flush_tlb=True, redirect=redirect)
    for _ in range(40):
        await bench.cycle()


async def change_memory(bench: Bench, program: RandomProgram) -> None:
    """FENCE.I after changes to memory. The redirect does not have to wait."""
    rng = bench.rng
    for page in rng.sample(range(PHYSICAL_PAGES), 6):
        program.fill(page)
    await bench.cycle(ready=False, flush_cache=True)
    for _ in range(rng.choice((0, 5, 400))):
        await bench.cycle(ready=False)
    await bench.cycle(ready=False, redirect=program.redirect())


@cocotb.test()
async def delivers_what_memory_holds(dut):
    bench = make_bench(dut, configuration(os.environ["CONFIGURATION"]))
    program = RandomProgram(bench)
    await bench.start()
    while bench.cycle_number < 16_000:
        await random_phase(bench, program, 500)
        if bench.rng.random() < 0.5:
            await change_pages(bench, program)
        if bench.rng.random() < 0.3:
            await change_memory(bench, program)
    taken = sum(insn["taken"] for _, insn in bench.accepted)
    faults = sum(insn["fault"] != 0 for _, insn in bench.accepted)
    upper = sum(insn["fault_upper"] for _, insn in bench.accepted)
    dut._log.info(f"{len(bench.accepted)} instructions, {taken} predicted taken, {faults} faults, "
                  f"{upper} in the second half, {bench.refills} refills, {bench.walks} walks")
    assert len(bench.accepted) > 2000 and taken > 50 and faults > 50


class Program:
    """Control flow by address, and a pipeline that resolves it in the cycle after Decode.

    ``flow`` maps the address of an instruction to its kind and a function that returns the address
    of the next instruction.
    """

    def __init__(self, bench: Bench, flow: dict) -> None:
        self.bench, self.flow = bench, flow
        self.redirects = 0
        self.retired_at: list[tuple[int, int]] = []  # cycle and address
        self._x = self._train = None

    def _resolve(self, insn: dict) -> tuple[dict | None, dict | None]:
        """Returns redirect and training of an instruction."""
        self.retired_at.append((self.bench.cycle_number, insn["pc"]))
        following = insn["pc"] + (2 if insn["compressed"] else 4)
        kind, go = self.flow.get(insn["pc"], (BranchKind.NONE, lambda: following))
        actual = go()
        wrong = actual != (insn["target"] if insn["taken"] else following)
        train = redirect = None
        if kind != BranchKind.NONE or insn["taken"]:
            train = {"pc_last": following - 2, "kind": kind.value, "taken": actual != following,
                     "mispredicted": wrong, "target": actual, "prediction": insn["prediction"]}
        if wrong:
            self.redirects += 1
            redirect = {"pc": actual, "prediction": insn["prediction"],
                        "branch": kind == BranchKind.BRANCH, "taken": actual != following,
                        "call": kind == BranchKind.CALL, "ret": kind == BranchKind.RETURN,
                        "link": following}
        return redirect, train

    async def run(self, cycles: int) -> None:
        for _ in range(cycles):
            redirect, train = self._resolve(self._x) if self._x else (None, None)
            got = await self.bench.cycle(redirect=redirect, train=self._train)
            self._x, self._train = None if redirect else got, train

    async def measure(self, cycles: int) -> tuple[int, int]:
        """Returns the number of instructions and redirects in that many cycles."""
        retired, redirects = len(self.retired_at), self.redirects
        await self.run(cycles)
        return len(self.retired_at) - retired, self.redirects - redirects


BASE = 0x1000  # of the programs: the reset vector
NOP, WIDE_NOP = 0x0001, 0x0000_0013


async def program_bench(dut, flow: dict, insn: int = NOP,
                        first: int = 0) -> tuple[Bench, Program]:
    """Makes a bench with a page of copies of one instruction from BASE + ``first`` on, with the
    control flow ``flow``."""
    bench = make_bench(dut, configuration(os.environ["CONFIGURATION"]))
    bench.world.pages[Mode.BARE_M.value, 0, BASE >> 12] = Page(ppn=PHYSICAL_BASE)
    pattern = insn * (0x0001_0001_0001_0001 if insn == NOP else 0x1_0000_0001)
    if first % 4 == 2:
        pattern = pattern >> 16 | pattern << 48 & (1 << 64) - 1
    for dword in range(PHYSICAL_BASE << 9, (PHYSICAL_BASE << 9) + 512):
        bench.world.dwords[dword] = pattern
    await bench.start()
    return bench, Program(bench, flow)


def repeat(count: int, target: int, otherwise: int):
    """A branch that is taken ``count`` times in a row, then not taken once."""
    turns = itertools.cycle([target] * count + [otherwise])
    return lambda: next(turns)


@cocotb.test()
async def redirected_instruction_comes_after_three_cycles(dut):
    bench, program = await program_bench(dut, {})
    await program.run(500)
    for offset in (0, 2, 6, 0x40, 0x7E):
        await bench.cycle(redirect={"pc": BASE})
        for _ in range(20):
            await bench.cycle()
        now = bench.cycle_number
        await bench.cycle(redirect={"pc": BASE + offset})
        while bench.accepted[-1][0] <= now:
            await bench.cycle()
        assert bench.accepted[-1][0] == now + 3


@cocotb.test()
async def second_half_faults_alone(dut):
    # The run resolves, and so drops, what an earlier test left in the predictors.
    bench, program = await program_bench(dut, {}, WIDE_NOP, first=2)
    await bench.cycle(redirect={"pc": BASE + 0xFFA})
    await program.run(300)
    (_, first), (_, second) = bench.accepted[-2:]
    assert first["pc"] == BASE + 0xFFA and not first["fault"]
    assert second["pc"] == BASE + 0xFFE and second["fault"] and second["fault_upper"]


@cocotb.test()
@cocotb.parametrize(insn=[NOP, WIDE_NOP], first=[0, 2, 6], length=[1, 2, 5])
async def loop_has_no_bubbles(dut, insn, first, length):
    size = 2 if insn == NOP else 4
    start = BASE + 0x10 + first
    end = start + (length - 1) * size
    _, program = await program_bench(
        dut, {end: (BranchKind.JUMP, lambda: start)}, insn, first)
    await program.run(400)
    retired, redirects = await program.measure(100)
    assert redirects == 0
    blocks = (end + size - 1) // 8 - start // 8 + 1
    assert retired == 100 * length // max(length, blocks)


@cocotb.test()
async def counted_loops_are_learnt(dut):
    """An inner loop of four turns within an endless loop."""
    inner, outer = BASE + 0x20, BASE + 0x30
    flow = {inner: (BranchKind.BRANCH, repeat(3, BASE + 0x18, inner + 2)),
            outer: (BranchKind.JUMP, lambda: BASE)}
    _, program = await program_bench(dut, flow)
    await program.run(3000)
    retired, redirects = await program.measure(1000)
    assert redirects == 0 and retired == 1000


@cocotb.test()
async def alternating_branches_are_learnt(dut):
    first, second, back = BASE + 0x12, BASE + 0x26, BASE + 0x3A
    flow = {first: (BranchKind.BRANCH, repeat(1, first + 8, first + 2)),
            second: (BranchKind.BRANCH, repeat(2, second + 4, second + 2)),
            back: (BranchKind.JUMP, lambda: BASE)}
    _, program = await program_bench(dut, flow)
    await program.run(4000)
    retired, redirects = await program.measure(1000)
    assert redirects == 0 and retired == 1000


@cocotb.test()
async def returns_are_predicted(dut):
    """Calls of one function from several places, with two levels of nesting."""
    links: list[int] = []

    def call(pc, target):
        def go():
            links.append(pc + 2)
            return target
        return BranchKind.CALL, go

    outer, leaf = BASE + 0x200, BASE + 0x300
    flow = {pc: call(pc, outer) for pc in (BASE + 0x08, BASE + 0x1E, BASE + 0x2C)}
    flow |= {pc: call(pc, leaf) for pc in (outer + 4, outer + 14)}
    flow[outer + 18] = flow[leaf + 2] = (BranchKind.RETURN, links.pop)
    flow[BASE + 0x40] = (BranchKind.JUMP, lambda: BASE)
    _, program = await program_bench(dut, flow)
    await program.run(2000)
    retired, redirects = await program.measure(1000)
    assert redirects == 0 and retired == 1000


@pytest.mark.parametrize("name", ["default", "tiny"])
def test_frontend(name, monkeypatch):
    monkeypatch.setenv("CONFIGURATION", name)
    run_cocotb(Frontend(configuration(name)), __name__, f"frontend_{name}")
