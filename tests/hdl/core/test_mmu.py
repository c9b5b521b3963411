"""The MMU answers from page tables as they were since the last flush, for any order of requests."""

import dataclasses
import os
import random
from collections import Counter
from collections.abc import Iterator

import cocotb
import pytest
from cocotb.triggers import FallingEdge, Timer

from hdl.core.mmu.mmu import Mmu
from hdl.core.mmu.translation import Mode, TlbFlush, tlb_entry_layout
from hdl.core.params import HartParams
from tests.support.clock import start
from tests.support.hart_params import configuration
from tests.support.pauses import bursts, never, often
from tests.support.protection import (
    OFF,
    TOR,
    Pmp,
    Rights,
    pack_pmp,
    rights,
    some_page,
    some_pmps,
)
from tests.support.run import run_cocotb
from tests.support.sv39 import A, D, Fault, Leaf, R, RandomTables, U, V, W, WalkMemory, X, walk

CONFIGURATIONS = {
    "pmp": configuration("tiny"),
    "no_pmp": dataclasses.replace(configuration("tiny"), pmp_entries=0, l2tlb_entries=16),
}
TABLES = 0x80100
PAGE_MASK = (1 << 52) - 1
Answer = dict[str, int] | Fault


@dataclasses.dataclass
class Version:
    """Everything that a translation depends on, between two changes."""

    words: dict[int, int]
    pmp: list[Pmp]


class Model:
    """Decides which answers are right.

    Page tables and PMP change in versions. The answer for a page may come from any version since
    the last flush of the page.
    """

    def __init__(self, params: HartParams, rng: random.Random) -> None:
        self.params, self.rng = params, rng
        self.layout = tlb_entry_layout(params)
        self.tables = RandomTables(params, rng, TABLES, spoilt=0.03)
        self.roots = dict(zip((0, 1, 0x101), self.tables.roots, strict=True))  # by ASID
        self.pages = self.some_pages()
        self.current = Version({}, self.some_pmps())
        self.allowed: dict[int, list[Version]] = {}  # by page requested since the last flush

    def track(self, page: int) -> None:
        """Must be called at each request for the page."""
        self.allowed.setdefault(page, [self.current])

    def some_pages(self) -> list[int]:
        """Makes values of vaddr[63:12]. Many share an index of the second-level TLB."""
        pages = []
        for _ in range(24):
            vpn = sum(self.rng.choice([0, 1, 0x1FE]) << 9 * level for level in range(3))
            pages.append(vpn | (PAGE_MASK >> 27 << 27 if vpn >> 26 else 0))
        return sorted(set(pages))

    def some_pmps(self) -> list[Pmp]:
        """Makes random entries that mostly let page tables be read."""
        entries = some_pmps(self.params, self.rng)
        if entries and self.rng.random() < 0.9:
            entries[-1] = Pmp(1, 1, 1, TOR, 0, 1 << self.params.paddr_bits - 2)
            entries[-2] = Pmp(0, 0, 0, OFF, 0, 0)
            entries[0] = Pmp(1, 1, 0, TOR, 0, TABLES + 256 << 10)
        return entries

    def read(self, address: int) -> int:
        return self.current.words.get(address & ~7, self.tables.read(address))

    def entry(self, leaf: Leaf, pmp: list[Pmp], machine: bool) -> Answer:
        granted = Rights(False, False, False, False)
        if not leaf.ppn >> self.params.ppn_bits:
            granted = rights(self.params, pmp, leaf.ppn, machine)
        return {
            "ppn": leaf.ppn % (1 << self.params.ppn_bits),
            "r": bool(leaf.flags & R), "w": bool(leaf.flags & W and leaf.flags & D),
            "x": bool(leaf.flags & X), "u": bool(leaf.flags & U), "g": leaf.everywhere,
            "acc_r": granted.r, "acc_w": granted.w, "acc_x": granted.x, "io": granted.io,
        }

    def bare(self, page: int, machine: bool) -> Answer:
        if page >> self.params.ppn_bits:
            return Fault.ACCESS
        return self.entry(Leaf(V | R | W | X | U | A | D, page, 0, False), self.current.pmp,
                          machine)

    def walk(self, version: Version, page: int, asid: int) -> Leaf | Fault:
        def readable(address: int) -> bool:
            if address >> self.params.paddr_bits:
                return False
            granted = rights(self.params, version.pmp, address >> 12, False)
            return granted.r and not granted.io

        return walk(page << 12, self.roots[asid],
                    lambda address: version.words.get(address, self.tables.read(address)), readable)

    def sv39(self, page: int, asid: int) -> Iterator[Answer]:
        for version in self.allowed[page]:
            for other in self.roots:
                outcome = self.walk(version, page, other)
                if isinstance(outcome, Fault):
                    if other == asid:
                        yield outcome
                elif other == asid or outcome.everywhere:
                    yield self.entry(outcome, version.pmp, False)

    def change_word(self) -> int:
        """Changes an entry of a page table. Returns a page that may depend on it."""
        page, asid = self.rng.choice(self.pages), self.rng.choice(list(self.roots))
        path: list[int] = []
        walk(page << 12, self.roots[asid], lambda at: (path.append(at), self.read(at))[1],
             lambda at: TABLES <= at >> 12 < TABLES + 256)
        if path:
            word = self.tables.some_pte(path[-1])
            self.current = Version({**self.current.words, path[-1]: word}, self.current.pmp)
            for versions in self.allowed.values():
                versions.append(self.current)
        return page

    def flush_page(self, page: int) -> None:
        """SFENCE.VMA affects the leaf for the page. The leaf may be a superpage."""
        for other, versions in self.allowed.items():
            def concerned(version: Version, other: int = other) -> bool:
                leaves = (self.walk(version, other, asid) for asid in self.roots)
                return other == page or any(
                    isinstance(leaf, Leaf) and other >> 9 * leaf.level == page >> 9 * leaf.level
                    for leaf in leaves)

            self.allowed[other] = [
                version for version in versions
                if version is self.current or not concerned(version)
            ]

    def flush_all(self) -> None:
        """Changes everything."""
        self.tables.words.clear()
        self.tables.superpages = self.rng.choice([0, 0.25])
        self.pages = self.some_pages()
        self.current = Version({}, self.some_pmps())
        self.allowed = {}


class Client:
    """A first-level TLB that makes requests and compares the answers."""

    def __init__(self, dut, name: str, model: Model, pause: Iterator[bool]) -> None:
        self.model, self.pause = model, pause
        self.port = {
            part: getattr(dut, f"{name}__{part}")
            for part in ("valid", "page", "mode", "asid", "done", "entry", "page_fault",
                         "access_fault")
        }
        self.request: tuple[int, Mode, int] | None = None
        self.cycles, self.moved_on = 0, False  # since the request; satp changed since then
        self.seen: Counter = Counter()
        self.port["valid"].value = 0

    def drive(self, asid: int) -> None:
        rng, model = self.model.rng, self.model
        if self.request is None and not next(self.pause):
            mode = rng.choice([Mode.SV39] * 6 + [Mode.BARE, Mode.BARE_M])
            page = rng.choice(model.pages) if mode is Mode.SV39 else some_page(model.params, rng)
            if rng.random() < 0.05:
                page ^= 1 << rng.randrange(52)
            model.track(page)
            self.request, self.cycles, self.moved_on = (page, mode, asid), 0, False
            self.port["page"].value, self.port["mode"].value = page, mode.value
            self.port["asid"].value = asid
        self.port["valid"].value = self.request is not None

    def sample(self, asid: int) -> None:
        if self.request is None:
            assert not self.port["done"].value, "done without a request"
            return
        self.cycles += 1
        self.moved_on |= self.request[2] != asid
        assert self.cycles < 5000, "no answer"
        if not self.port["done"].value:
            return
        page, mode, asked = self.request
        self.request = None
        answer = self.answer()
        self.seen[answer if isinstance(answer, Fault) else mode] += 1
        if mode is Mode.SV39:
            expected = list(self.model.sv39(page, asked))
            if self.moved_on:
                expected.append(Fault.PAGE)
        else:
            expected = [self.model.bare(page, mode is Mode.BARE_M)]
        assert answer in expected, f"page {page:#x} {mode} asid {asked}: {answer} not {expected}"

    def answer(self) -> Answer:
        if self.port["page_fault"].value:
            assert not self.port["access_fault"].value, "both faults"
            return Fault.PAGE
        if self.port["access_fault"].value:
            return Fault.ACCESS
        entry = self.model.layout.from_bits(int(self.port["entry"].value))
        return {name: int(entry[name]) for name, _ in self.model.layout}


class Bench:
    def __init__(self, dut, rng: random.Random, asking, answering) -> None:
        self.dut, self.rng = dut, rng
        self.params = CONFIGURATIONS[os.environ["MMU_CONFIGURATION"]]
        self.model = Model(self.params, self.rng)
        self.memory = WalkMemory(dut, self.params, self.model.read, answering(self.rng))
        self.clients = [Client(dut, name, self.model, asking(self.rng))
                        for name in ("fetch", "data")]
        self.set_satp(0)
        self.set_flush()

    def set_satp(self, asid: int) -> None:
        self.asid = asid
        self.dut.asid.value, self.dut.satp_ppn.value = asid, self.model.roots[asid]

    def set_flush(self, valid: int = 0, everything: int = 0, page: int = 0) -> None:
        self.dut.flush.value = TlbFlush.const(
            {"valid": valid, "all": everything, "page": page % (1 << 27)}).as_value().value
        if self.params.pmp_entries:
            self.dut.pmp.value = pack_pmp(self.model.current.pmp)

    async def cycle(self) -> None:
        self.memory.drive()
        for client in self.clients:
            client.drive(self.asid)
        await Timer(1, "ns")
        self.memory.sample()
        for client in self.clients:
            client.sample(self.asid)
        await FallingEdge(self.dut.clk)


@cocotb.test()
@cocotb.parametrize(asking=[often, bursts], answering=[never, often])
async def agrees_with_model(dut, asking, answering):
    bench = Bench(dut, random.Random(cocotb.RANDOM_SEED), asking, answering)
    model, rng = bench.model, bench.rng
    await start(dut)
    for cycle in range(5000):
        bench.set_flush()
        if rng.random() < 0.01:
            bench.set_satp(rng.choice(list(model.roots)))
        if cycle % 120 == 0:  # at most once in a walk
            changed, flush_at = model.change_word(), cycle + rng.randrange(40)
        if cycle == flush_at or rng.random() < 0.002:
            page = changed if rng.random() < 0.7 else rng.choice(model.pages)
            model.flush_page(page)
            bench.set_flush(1, 0, page)
        elif cycle % 900 == 899 or (
            (dut.data__done.value or dut.fetch__done.value) and rng.random() < 0.02
        ):
            model.flush_all()
            bench.set_flush(1, 1)
            for client in bench.clients:
                if client.request:
                    model.track(client.request[0])
        await bench.cycle()
    seen = [client.seen for client in bench.clients]
    dut._log.info("answers %s, reads %d", seen, bench.memory.reads)
    both = seen[0] + seen[1]
    assert both.total() > 100 and len(both) >= 4, "too few answers to mean anything"


@cocotb.test()
async def second_level_answers_in_two_cycles(dut):
    rng, good = random.Random(cocotb.RANDOM_SEED), None
    while good is None:
        bench = Bench(dut, rng, never, never)
        client, model = bench.clients[1], bench.model
        good = next((page for page in model.pages
                     if isinstance(model.walk(model.current, page, 0), Leaf)), None)
    await start(dut)
    dut.data__valid.value = 0
    for _ in range(200):  # until the RAM is clear after reset
        await FallingEdge(dut.clk)
    model.pages = [good]
    bench.clients.pop(0)
    quick = 0
    for _ in range(300):
        reads, asked = bench.memory.reads, client.request
        await bench.cycle()
        if asked and client.request is None and asked[:2] == (good, Mode.SV39):
            quick += client.cycles == 3 and bench.memory.reads == reads
    assert quick > 20


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_mmu(name, monkeypatch):
    monkeypatch.setenv("MMU_CONFIGURATION", name)
    run_cocotb(Mmu(CONFIGURATIONS[name]), __name__, f"mmu_{name}")
