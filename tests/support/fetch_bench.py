"""Test bench of the front end: memory, translation, and a golden model of the fetched stream."""

import random
from dataclasses import dataclass, field

import cocotb
from cocotb.triggers import FallingEdge

from hdl.bus.coherent import MEM_RESPONSE, MemOp, MemSource, mem_request_layout
from hdl.core.fetch.types import FetchFault, fetched_layout, redirect_layout, train_layout
from hdl.core.mmu.translation import Context, Mode, tlb_entry_layout
from hdl.core.params import PC_BITS, HartParams
from tests.hdl.core.test_rvc import expand
from tests.support import clock
from tests.support.layouts import pack, unpack

LINE_BYTES = 64
PC_MASK = (1 << PC_BITS) - 1


@dataclass
class Page:
    """The translation of a page."""

    ppn: int = 0
    page_fault: bool = False
    access_fault: bool = False
    x: bool = True
    u: bool = False
    acc_x: bool = True

    def fault(self, mode: int, priv: int) -> FetchFault:
        user_mismatch = mode == Mode.SV39.value and self.u != (priv == 0)
        if self.page_fault or (not self.access_fault and (not self.x or user_mismatch)):
            return FetchFault.PAGE
        if self.access_fault or not self.acc_x:
            return FetchFault.ACCESS
        return FetchFault.NONE


@dataclass
class World:
    """Memory by physical dword, pages by (mode, asid, page number of 52 bits)."""

    dwords: dict[int, int] = field(default_factory=dict)
    pages: dict[tuple[int, int, int], Page] = field(default_factory=dict)

    def page(self, context: dict, pc: int) -> Page:
        number = (pc | (-(pc >> PC_BITS - 1) << PC_BITS)) >> 12 & (1 << 52) - 1
        return self.pages.get((context["mode"], context["asid"], number), Page(page_fault=True))

    def halfword(self, context: dict, pc: int) -> tuple[FetchFault, int]:
        page = self.page(context, pc)
        fault = page.fault(context["mode"], context["priv"])
        if fault != FetchFault.NONE:
            return fault, 0
        addr = page.ppn << 12 | pc & 0xFFF
        return fault, self.dwords.get(addr >> 3, 0) >> 8 * (addr & 6) & 0xFFFF

    def expected(self, context: dict, pc: int) -> dict:
        """Returns the fields of the instruction at ``pc`` that memory decides."""
        fault, first = self.halfword(context, pc)
        if fault != FetchFault.NONE:
            return {"pc": pc, "fault": fault.value, "fault_upper": 0, "taken": 0}
        if first & 3 != 3:
            return {"pc": pc, "fault": 0, "compressed": 1, "raw": first, "insn": expand(first)}
        fault, second = self.halfword(context, pc + 2 & PC_MASK)
        if fault != FetchFault.NONE:
            return {"pc": pc, "fault": fault.value, "fault_upper": 1, "taken": 0}
        word = second << 16 | first
        return {"pc": pc, "fault": 0, "compressed": 0, "raw": word, "insn": word}


class Bench:
    """Drives the front end one cycle at a time and checks everything that it delivers.

    ``latency`` and ``gap`` return the cycles until a response begins and between its parts.
    """

    def __init__(self, dut, params: HartParams, rng: random.Random) -> None:
        self.dut, self.params, self.rng = dut, params, rng
        self.world = World()
        self.context = {"mode": Mode.BARE_M.value, "asid": 0, "priv": 3}
        self.expected_pc: int | None = params.reset_vector  # None: any pc, after a fault
        self.latency = self.gap = lambda: 0
        self.cycle_number = 0
        self.accepted: list[tuple[int, dict]] = []  # cycle, instruction
        self.refills = self.walks = 0
        self._responses: list[tuple[int, int]] = []  # payload, earliest cycle
        self._walk: tuple[int, Page, tuple] | None = None
        self._waiting: int | None = None
        self._layouts = {
            "o": fetched_layout(params), "redirect": redirect_layout(params),
            "train": train_layout(params), "request": mem_request_layout(params.paddr_bits),
            "entry": tlb_entry_layout(params),
        }

    async def start(self) -> None:
        dut = self.dut
        for name in ("redirect__valid", "train__valid", "o__ready", "tlb__done", "tlb_flush",
                     "flush_cache", "mem__request__ready", "mem__response__valid",
                     "mem__write_done", "mem__invalidate__valid"):
            getattr(dut, name).value = 0
        self._drive_context()
        await clock.start(dut)

    @property
    def walking(self) -> int | None:
        """The page that the MMU must translate, if any."""
        return self._walk[2][2] if self._walk else None

    def _drive_context(self) -> None:
        self.dut.ctx.value = pack(Context, self.context)

    async def cycle(self, *, ready: bool = True, redirect: dict | None = None,
                    context: dict | None = None, train: dict | None = None,
                    flush_tlb: bool = False, flush_cache: bool = False) -> dict | None:
        """Runs one cycle with these inputs. Returns the instruction accepted in it. A new
        ``context`` needs a redirect."""
        dut = self.dut
        dut.o__ready.value = ready
        dut.redirect__valid.value = redirect is not None
        if redirect is not None:
            dut.redirect__p.value = pack(self._layouts["redirect"], redirect)
        dut.train__valid.value = train is not None
        if train is not None:
            dut.train__p.value = pack(self._layouts["train"], train)
        dut.tlb_flush.value = flush_tlb
        dut.flush_cache.value = flush_cache
        got = self._check(ready)
        self._memory()
        self._translation()
        await FallingEdge(dut.clk)
        self.cycle_number += 1
        if redirect is not None:
            assert not dut.o__valid.value, "o.valid after a redirect"
            self.expected_pc, self._waiting = redirect["pc"], None
            if context is not None:
                self.context = context
                self._drive_context()
        return got

    def _check(self, ready: bool) -> dict | None:
        dut = self.dut
        if not dut.o__valid.value:
            assert self._waiting is None, "o.valid fell without a transfer"
            return None
        packed = int(dut.o__payload.value)
        assert self._waiting in (None, packed), "o changed without a transfer"
        self._waiting = None if ready else packed
        got = unpack(self._layouts["o"], packed)
        if not ready or self.expected_pc is None:
            return None
        for name, value in self.world.expected(self.context, self.expected_pc).items():
            assert got[name] == value, (
                f"{name} is {got[name]:#x}, not {value:#x}, at {self.expected_pc:#x}: {got}")
        if got["fault"]:
            self.expected_pc = None
        elif got["taken"]:
            self.expected_pc = got["target"]
        else:
            self.expected_pc = got["pc"] + (2 if got["compressed"] else 4) & PC_MASK
        self.accepted.append((self.cycle_number, got))
        return got

    def _memory(self) -> None:
        """Answers READ_LINE, critical dword first, between responses for others."""
        dut, rng, now = self.dut, self.rng, self.cycle_number
        take = not self._responses and rng.random() < 0.7
        dut.mem__request__ready.value = take
        dut.mem__response__valid.value = 0
        if take and dut.mem__request__valid.value:
            request = unpack(self._layouts["request"], int(dut.mem__request__payload.value))
            assert request["op"] == MemOp.READ_LINE.value
            assert request["source"] == MemSource.FETCH.value
            self.refills += 1
            first = request["addr"] >> 3
            at = now + 1 + self.latency()
            beats = LINE_BYTES // 8
            for beat in range(beats):
                dword = first // beats * beats + (first + beat) % beats
                self._responses.append((pack(MEM_RESPONSE, {
                    "source": MemSource.FETCH.value, "data": self.world.dwords.get(dword, 0),
                    "last": beat == beats - 1}), at))
                at += 1 + self.gap()
        elif self._responses and self._responses[0][1] <= now:
            dut.mem__response__valid.value = 1
            dut.mem__response__p.value = self._responses.pop(0)[0]
        elif rng.random() < 0.3:
            dut.mem__response__valid.value = 1
            dut.mem__response__p.value = pack(MEM_RESPONSE, {
                "source": rng.choice((MemSource.DATA.value, MemSource.WALKER.value)),
                "data": rng.getrandbits(64), "last": rng.getrandbits(1)})

    def _translation(self) -> None:
        """Answers ITLB refills from the pages at the start of the walk."""
        dut, now = self.dut, self.cycle_number
        dut.tlb__done.value = 0
        if not dut.tlb__valid.value:
            assert self._walk is None, "a refill request was withdrawn"
            return
        key = (int(dut.tlb__mode.value), int(dut.tlb__asid.value), int(dut.tlb__page.value))
        if self._walk is None:
            page = self.world.pages.get(key, Page(page_fault=True))
            self._walk = (now + self.latency(), Page(**vars(page)), key)
            self.walks += 1
        until, page, first_key = self._walk
        assert key == first_key, "a refill request changed"
        if until <= now:
            dut.tlb__done.value = 1
            dut.tlb__page_fault.value = page.page_fault
            dut.tlb__access_fault.value = page.access_fault and not page.page_fault
            dut.tlb__entry.value = pack(self._layouts["entry"], {
                "ppn": page.ppn, "r": 1, "w": 1, "x": page.x, "u": page.u, "acc_r": 1,
                "acc_w": 1, "acc_x": page.acc_x})
            self._walk = None


def make_bench(dut, params: HartParams) -> Bench:
    seed = cocotb.RANDOM_SEED
    dut._log.info(f"seed {seed}")
    return Bench(dut, params, random.Random(seed))
