"""Loads see the latest value in coherence order. Stores leave once and in order. Faults and killed
operations have no effect. Hits, misses and device accesses take the specified cycles."""

import os
import random
from collections import deque
from dataclasses import dataclass, field

import cocotb
import pytest
from amaranth.lib import data
from cocotb.triggers import Timer

from hdl.bus.coherent import MEM_RESPONSE, mem_request_layout
from hdl.bus.mmio import MMIO_RESPONSE, mmio_request_layout
from hdl.core.isa import Cause, Priv
from hdl.core.lsu import Lsu
from hdl.core.lsu.types import LsuRequest
from hdl.core.mmu.translation import Context, tlb_entry_layout
from tests.hdl.core.lsu_model import (
    AMO,
    AMO_FUNCT5,
    BAD_PAGES,
    BARE,
    BARE_M,
    IO_PAGES,
    L2,
    LINE,
    LOAD,
    LR,
    MASK64,
    MEM_AMO,
    MEM_LR,
    MEM_SC,
    MEMORY_PAGES,
    READ_LINE,
    SC,
    SEND,
    STORE,
    SV39,
    TABLE_PAGE,
    UIPI,
    UIPI_READ,
    USER_PAGES,
    WRITE,
    Memory,
    Page,
    PageTables,
    Store,
    Uipi,
    extend,
)
from tests.support.hart_params import configuration
from tests.support.run import run_cocotb

HOT_LINES = [0, 1, 2, 62, 63]  # of each page
PAGE = 4096
CROSSING = [(size, offset) for size in (1, 2, 3) for offset in range(8)
            if offset + (1 << size) > 8]  # accesses that cross a dword


def pack(shape, **values: int) -> int:
    layout = data.Layout.cast(shape)
    packed = 0
    for name, value in values.items():
        at = layout[name]
        packed |= (value & (1 << at.width) - 1) << at.offset
    return packed


def unpack(shape, packed: int) -> dict[str, int]:
    return {name: packed >> at.offset & (1 << at.width) - 1
            for name, at in data.Layout.cast(shape)}


def lanes(mask: int) -> int:
    """Expands a byte mask to a bit mask."""
    return sum(0xFF << 8 * lane for lane in range(8) if mask >> lane & 1)


@dataclass
class Op:
    op: int
    vaddr: int
    size: int = 3
    unsigned: int = 0
    amo: int = 0  # funct5, or the operation of a UIPI
    data: int = 0
    offset: int = 0
    fault: tuple[Cause, int] | None = None
    pages: list[Page] = field(default_factory=list)  # of its parts
    parts: list[tuple[int, int, int]] = field(default_factory=list)  # paddr of dword, data, mask
    touched: list[int] = field(default_factory=list)  # dwords that it may read, even if it faults
    since: int = 0
    refused: bool = False  # a UIPI
    answer: int | None = None  # expected result of an atomic or a device read
    cycles: int = 0
    result: int | None = None

    def packed(self) -> int:
        funct7 = self.amo if self.op == UIPI else self.amo << 2
        return pack(LsuRequest, op=self.op, size=self.size, unsigned=self.unsigned, funct7=funct7,
                    base=self.vaddr - self.offset, offset=self.offset, data=self.data)


class Bench:
    """Performs the events of each cycle in order. Drives the clock itself."""

    def __init__(self, dut, config: str) -> None:
        self.dut, self.rng = dut, random.Random(cocotb.RANDOM_SEED)
        self.params = configuration(config)
        self.request_layout = mem_request_layout(self.params.paddr_bits)
        self.mmio_layout = mmio_request_layout(self.params.paddr_bits)
        hot = [page << 12 | line * LINE | dword * 8
               for page in MEMORY_PAGES for line in HOT_LINES for dword in range(8)]
        self.memory = Memory(self.rng)
        self.l2 = L2(self.rng, self.memory, hot)
        self.tables = PageTables(self.rng)
        self.context = {"mode": BARE_M, "asid": 0, "priv": Priv.M, "sum": 0, "mxr": 0}
        self.uipi = Uipi()
        self.own: dict[int, list[Store]] = {}
        self.unsent: deque[Store] = deque()  # own stores in program order
        self.outstanding = 0
        self.m: Op | None = None
        self.m_first = self.m_complete = False
        self.advance = self.ready = self.mmio_ready = 1.0  # probabilities
        self.kill = 0.0
        self.mmio_latency = self.tlb_latency = 0  # at most
        self.device_errors = 0.05
        self.mmio_wait: int | None = None
        self.tlb_wait: int | None = None
        self.cycle = self.misses = self.posted = 0
        self.refusals: set[int] = set()

    async def reset(self) -> None:
        dut = self.dut
        for port in (dut.x_valid, dut.x, dut.m_advance, dut.m_kill, dut.mem__request__ready,
                     dut.mem__response__valid, dut.mem__write_done, dut.mem__invalidate__valid,
                     dut.mmio__request__ready, dut.mmio__response__valid, dut.tlb__done,
                     dut.tlb_flush, dut.clk):
            port.value = 0
        dut.rst.value = 1
        dut.ctx.value = pack(Context, **self.context)
        dut.uipi.value = 0
        for _ in range(2):
            await self._clock()
        dut.rst.value = 0

    async def _clock(self) -> None:
        await Timer(1)
        self.dut.clk.value = 1
        await Timer(1)
        self.dut.clk.value = 0

    # Predicted outcomes.

    def _translate(self, vaddr: int) -> Page:
        return self.tables.look_up(self.context["mode"], self.context["asid"], vaddr >> 12)

    def _rights(self, op: Op, page: Page) -> Cause | None:
        context, writes = self.context, op.op in (STORE, SC, AMO)
        causes = ((Cause.STORE_PAGE, Cause.STORE_ACCESS) if writes
                  else (Cause.LOAD_PAGE, Cause.LOAD_ACCESS))
        if page.page_fault:
            return causes[0]
        if page.access_fault:
            return causes[1]
        if context["mode"] == SV39:
            if page.u and context["priv"] == Priv.S and not context["sum"]:
                return causes[0]
            if not page.u and context["priv"] == Priv.U:
                return causes[0]
            readable = page.r or (context["mxr"] and page.x)
            if not (page.w if writes else readable):
                return causes[0]
        if not (page.acc_w if writes else page.acc_r):
            return causes[1]
        if page.io and (op.op in (LR, SC, AMO) or op.vaddr % (1 << op.size)):
            return causes[1]
        return None

    def _enter(self, op: Op) -> None:
        """Predicts the outcome of an operation that enters M now."""
        op.since, op.cycles, op.fault, op.parts = self.l2.seen, 0, None, []
        op.pages, op.touched, op.refused, op.answer = [], [], False, None
        if op.op == UIPI:
            if not self.uipi.allowed:
                op.fault = (Cause.ILLEGAL_INSN, op.vaddr)
            return
        if op.op in (LR, SC, AMO) and op.vaddr % (1 << op.size):
            op.fault = (Cause.LOAD_MISALIGNED if op.op == LR else Cause.STORE_MISALIGNED, op.vaddr)
            return
        at = op.vaddr % 8
        mask = (1 << (1 << op.size)) - 1 << at
        value = (op.data & (1 << (8 << op.size)) - 1) << 8 * at
        for number in range(2 if mask >> 8 else 1):
            vaddr = (op.vaddr // 8 * 8 + 8) & MASK64 if number else op.vaddr
            page = self._translate(vaddr)
            if cause := self._rights(op, page):
                op.fault = (cause, vaddr)
                op.parts = []
                return
            paddr = page.ppn << 12 | vaddr & 0xFF8
            op.pages.append(page)
            op.touched.append(paddr)
            if op.op == LOAD and not page.io:
                self.l2.recent.append(paddr)
            op.parts.append((paddr, value >> 64 * number & MASK64, mask >> 8 * number & 0xFF))

    def _table_readable(self, addr: int) -> bool:
        page = self.tables.look_up(BARE, 0, addr >> 12)
        return bool(not page.access_fault and page.acc_r and not page.io)

    def _uipi_outcomes(self, op: Op) -> set[tuple[int, int] | int]:
        """Returns all possible outcomes of a UIPI now: an access to UINTC, or a refusal."""
        if reason := self.uipi.refusal(op.amo, op.vaddr):
            return {reason}
        entries = {0}
        if op.amo == SEND:
            addr = self.uipi.entry_addr(op.vaddr)
            if not self._table_readable(addr):
                return {3}
            entries = self.memory.possible(addr, op.since, self.own.get(addr, []))
        return {self.uipi.access(op.amo, op.vaddr, entry) for entry in entries}

    def _check_refusal(self, op: Op) -> None:
        """Checks the refusal port in every cycle with a UIPI in M."""
        refused = int(self.dut.refused.value)
        if not refused & 1:
            return
        assert not op.refused, f"{op} refused twice"
        op.refused = True
        self.refusals.add(refused >> 1 & 15)
        assert refused >> 1 & 15 in self._uipi_outcomes(op), f"{op}: {refused & 31}"
        assert refused >> 5 == (op.vaddr & 0xFFFF_FFFF) << 3 | op.amo
        if op.amo != UIPI_READ:
            self.unsent.pop()  # the refused UIPI makes no store

    def _start(self, op: Op) -> None:
        """Starts an operation not killed in its first cycle. Its stores count from now on."""
        if op.op == UIPI and op.amo != UIPI_READ and not op.fault:
            self.unsent.append(Store(0, 0, 0xFF, True, uipi=op))
        if op.op == STORE and not op.fault:
            parts = list(zip(op.parts, op.pages, strict=True))
            if op.vaddr % PAGE + (1 << op.size) > PAGE:
                parts.reverse()  # the second page is checked and written first
            for (paddr, value, mask), page in parts:
                store = Store(paddr, value, mask, bool(page.io))
                self.unsent.append(store)
                if not page.io:
                    self.own.setdefault(paddr, []).append(store)

    def _check(self, op: Op) -> None:
        dut = self.dut
        fault = None
        if dut.m_fault.value:
            fault = (Cause(int(dut.m_cause.value)), int(dut.m_vaddr.value))
        assert fault == op.fault, f"{op}: fault {fault} in cycle {self.cycle}"
        assert int(dut.m_addr.value) == op.vaddr
        op.result = int(dut.m_result.value)
        if fault and op.op == UIPI:
            assert not op.refused and op.answer is None
            return
        if op.op == UIPI and op.amo == UIPI_READ:
            assert op.refused == (op.answer is None)
            assert op.result == (op.answer or 0)
        if op.op == UIPI:
            assert op.refused or not all(isinstance(o, int) for o in self._uipi_outcomes(op))
        if fault or op.op in (STORE, UIPI):
            return
        if op.answer is None:
            values = {0}
            for number, (paddr, _, mask) in enumerate(op.parts):
                own = self.own.get(paddr, [])
                while len(own) > 20 and own[0].time is not None and own[0].time <= op.since:
                    own.pop(0)
                possible = self.memory.possible(paddr, op.since, own)
                values = {low | (high & lanes(mask)) << 64 * number
                          for low in values for high in possible}
            values = {value >> 8 * (op.vaddr % 8) for value in values}
        else:
            values = {op.answer if op.op == SC else op.answer >> 8 * (op.vaddr % 8)}
        expected = {extend(value, op.size, bool(op.unsigned)) for value in values}
        assert op.result in expected, (
            f"{op}: {op.result:#x}, not {[hex(v) for v in expected]} in cycle {self.cycle}")

    # The ports.

    def _accept_store(self, addr: int, value: int, mask: int, io: bool) -> Store:
        assert self.unsent, f"store to {addr:#x} that nobody made, cycle {self.cycle}"
        store = self.unsent.popleft()
        if store.uipi:
            assert io and mask == 0xFF
            assert (addr, value) in self._uipi_outcomes(store.uipi), f"{store.uipi}: {addr:#x}"
            self.posted += 1
            return store
        assert (store.addr, store.mask, store.io) == (addr, mask, io)
        assert store.data == value & lanes(mask)
        return store

    def _mem_request(self) -> None:
        request = unpack(self.request_layout, int(self.dut.mem__request__payload.value))
        kind, addr, op = request["op"], request["addr"] // 8 * 8, self.m
        assert request["source"] == 0
        store = None
        if kind == WRITE:
            store = self._accept_store(addr, request["data"], request["mask"], False)
            self.outstanding += 1
        else:
            assert op and not self.m_complete
            assert all(store.uipi is op for store in self.unsent)
            if kind == READ_LINE:
                assert op.op == LOAD and addr in op.touched or (
                    op.op == UIPI and addr == self.uipi.entry_addr(op.vaddr))
                self.misses += 1
            else:
                assert not op.fault
                assert kind == {LR: MEM_LR, SC: MEM_SC, AMO: MEM_AMO}[op.op]
                (paddr, value, mask), = op.parts
                assert addr == paddr
                if kind != MEM_LR:
                    assert request["mask"] == mask and request["data"] & lanes(mask) == value
                if kind == MEM_AMO:
                    assert request["amo"] == AMO_FUNCT5[op.amo]
        self.l2.requests.append(
            (kind, request["amo"], addr, request["data"], request["mask"], store))

    def _mmio_request(self) -> bool:
        """Returns true if a read waits for its answer now."""
        request = unpack(self.mmio_layout, int(self.dut.mmio__request__payload.value))
        op = self.m
        addr = request["addr"]
        if request["write"]:
            assert self.outstanding == 0, "device write before one to memory was acknowledged"
            store = self._accept_store(addr // 8 * 8, request["data"], request["mask"], True)
            assert request["mask"] == (1 << (1 << request["size"])) - 1 << addr % 8 == store.mask
            return False
        assert not any(store.io for store in self.unsent), "device read before a device write"
        assert op and op.answer is None, "device read twice"
        if op.op == UIPI:
            assert {(addr, 0)} == self._uipi_outcomes(op) and request["size"] == 3
        else:
            assert op.op == LOAD and not op.fault and op.pages[0].io
            assert addr == op.parts[0][0] | op.vaddr % 8 and request["size"] == op.size
        op.answer = self.rng.getrandbits(64)
        return True

    async def step(self, x: Op | None, flush: bool = False) -> bool:
        """Runs one cycle. Returns true if the operation in X went on."""
        dut, rng, l2 = self.dut, self.rng, self.l2
        self.cycle += 1
        since = l2.seen  # of the previous cycle
        seen = self.outstanding
        response, done, line = l2.outputs()
        kill = bool(self.m and self.m_first and rng.random() < self.kill)
        if self.m and self.m_first:
            self.m.since = since
        dut.x_valid.value = int(x is not None)
        if x is not None:
            dut.x.value = x.packed()
        dut.m_kill.value = kill
        dut.mem__request__ready.value = rng.random() < self.ready
        dut.mem__response__valid.value = response is not None
        if response:
            dut.mem__response__p.value = pack(MEM_RESPONSE, source=0, data=response[0],
                                              last=response[1])
        elif rng.random() < 0.1:  # a response to another initiator
            dut.mem__response__valid.value = 1
            dut.mem__response__p.value = pack(MEM_RESPONSE, source=rng.choice([1, 2]),
                                              data=rng.getrandbits(64), last=rng.getrandbits(1))
        dut.mem__write_done.value = done
        dut.mem__invalidate__valid.value = line is not None
        dut.mem__invalidate__line.value = line if line is not None else rng.getrandbits(26)
        dut.mmio__request__ready.value = rng.random() < self.mmio_ready and self.mmio_wait is None
        dut.tlb_flush.value = flush
        dut.tlb__done.value = self.tlb_wait == 0
        if self.tlb_wait == 0:
            self._answer_translation()
            self.tlb_wait = None
        elif self.tlb_wait is not None:
            self.tlb_wait -= 1
        await Timer(1)

        if dut.mem__request__valid.value and dut.mem__request__ready.value:
            self._mem_request()
        if dut.mmio__request__valid.value and dut.mmio__request__ready.value:
            if self._mmio_request():
                self.mmio_wait = rng.randint(0, self.mmio_latency)
        dut.mmio__response__valid.value = self.mmio_wait == 0
        if self.mmio_wait == 0:
            error = self.m.op == LOAD and rng.random() < self.device_errors
            if error:
                self.m.fault = (Cause.LOAD_ACCESS, self.m.vaddr)
            dut.mmio__response__p.value = pack(MMIO_RESPONSE, data=self.m.answer, error=error)
            self.mmio_wait = None
        elif self.mmio_wait is not None:
            self.mmio_wait -= 1
        if dut.tlb__valid.value and self.tlb_wait is None and not dut.tlb__done.value:
            self.tlb_wait = rng.randint(0, self.tlb_latency)

        busy = bool(dut.m_busy.value)
        if self.m:
            self.m.cycles += 1
            assert self.m.cycles < 3000, f"stuck with {self.m}"
            if self.m_first and not kill:
                self._start(self.m)
            if self.m.op == UIPI:
                self._check_refusal(self.m)
            if l2.answers and response and self.m.op in (LR, SC, AMO):
                self.m.answer = l2.answers.popleft()
            if not busy and not kill and not self.m_complete:
                self._check(self.m)
                self.m_complete = True
        else:
            assert not busy and not dut.m_fault.value
        if dut.drained.value:
            assert seen == 0
            assert len(self.unsent) <= (max(1, len(self.m.parts)) if self.m else 0)
        advance = kill or (not busy and rng.random() < self.advance)
        dut.m_advance.value = advance
        self.m_first = False
        if advance:
            self.m, self.m_complete = x, False
            self.m_first = x is not None
            if x is not None:
                self._enter(x)
        await self._clock()
        self.outstanding -= done
        l2.step()
        return bool(advance)

    def _answer_translation(self) -> None:
        dut = self.dut
        mode, asid = int(dut.tlb__mode.value), int(dut.tlb__asid.value)
        if self.m.op == UIPI:
            assert mode == BARE
        else:
            assert (mode, asid) == (self.context["mode"], self.context["asid"])
        page = self.tables.look_up(mode, asid, int(dut.tlb__page.value))
        names = ("ppn", "r", "w", "x", "u", "acc_r", "acc_w", "io")
        dut.tlb__entry.value = pack(tlb_entry_layout(self.params),
                                    **{name: getattr(page, name) for name in names})
        dut.tlb__page_fault.value = page.page_fault
        dut.tlb__access_fault.value = page.access_fault

    async def run(self, ops: list[Op | None]) -> None:
        """Runs the operations back to back. None is an instruction of another kind. Returns when
        all operations are done and their stores have left."""
        for op in ops:
            while not await self.step(op):
                pass
        await self.settle()

    async def settle(self) -> None:
        self.l2.noise = 0.0
        limit = self.cycle + 3000
        while (self.m or self.unsent or self.outstanding or self.l2.requests or self.l2.events
               or not self.dut.drained.value):
            await self.step(None)
            assert self.cycle < limit, f"stuck with {self.m}, {len(self.unsent)} stores unsent"

    def random_context(self) -> None:
        rng = self.rng
        mode = rng.choice([BARE_M, BARE, SV39, SV39, SV39])
        priv = Priv.M if mode == BARE_M else rng.choice([Priv.S, Priv.U])
        self.context = {"mode": mode, "asid": rng.choice([1, 2]), "priv": priv,
                        "sum": rng.choice([0, 1]), "mxr": rng.choice([0, 1])}
        self.dut.ctx.value = pack(Context, **self.context)
        often = rng.random() < 0.9
        self.set_uipi(Uipi(
            often, rng.choice([TABLE_PAGE] * 6 + [*MEMORY_PAGES, *IO_PAGES, 0x40000, 0xFFFFF,
                                                  1 << 43 | TABLE_PAGE]),
            rng.choice([0, 1, 1, 2, 0xFFF]), often, rng.choice([0, 511, 512, rng.getrandbits(9)]),
            rng.random() < 0.9))

    def set_uipi(self, uipi: Uipi) -> None:
        self.uipi = uipi
        self.dut.uipi.value = (
            uipi.allowed | uipi.enable << 1 | (uipi.ppn & 0xF_FFFF) << 2
            | (uipi.ppn >> 20 > 0) << 22 | uipi.pages << 23 | uipi.own_enable << 35
            | uipi.own << 36)

    def random_uipi(self) -> Op:
        rng = self.rng
        line, dword = rng.choice(HOT_LINES), rng.randrange(8)
        operand = rng.choice([0, 0, 0, 512, rng.getrandbits(20)]) + line * 8 + dword
        if rng.random() < 0.1:
            operand = rng.getrandbits(64)
        op = rng.choice([SEND, SEND, SEND, SEND, 1, 2, 3, 4])
        return Op(UIPI, operand, 2, 1, op, 0, rng.choice([0, 0, -1]))

    def random_op(self) -> Op:
        rng = self.rng
        if rng.random() < 0.15:
            return self.random_uipi()
        op = rng.choice([LOAD] * 10 + [STORE] * 8 + [AMO, AMO, LR, SC])
        size = rng.randrange(4) if op in (LOAD, STORE) else rng.choice([2, 3])
        if self.context["mode"] == SV39:
            page = rng.choice(USER_PAGES * 5 + BAD_PAGES)
        else:
            page = rng.choice(MEMORY_PAGES * 8 + IO_PAGES * 4 + BAD_PAGES)
        at = rng.choice(HOT_LINES) * LINE + rng.choice([rng.randrange(16), rng.randrange(64)])
        if rng.random() < (0.6 if op in (LOAD, STORE) else 0.95):
            at &= -(1 << size)
        if rng.random() < 0.1:
            at = 0xFFF - rng.randrange(8)
        return Op(op, page << 12 | at, size, rng.getrandbits(1) if op == LOAD and size < 3 else 0,
                  rng.choice(list(AMO_FUNCT5)), rng.getrandbits(64), rng.randint(-2048, 2047))


@cocotb.test()
async def random_operations(dut):
    bench = Bench(dut, os.environ["LSU_CONFIG"])
    rng, l2 = bench.rng, bench.l2
    await bench.reset()
    for _ in range(40):
        bench.advance = rng.choice([1.0, 1.0, 0.7])
        bench.ready = rng.choice([1.0, 0.5, 0.2])
        bench.mmio_ready = rng.choice([1.0, 0.5])
        bench.kill = rng.choice([0.0, 0.1])
        bench.mmio_latency, bench.tlb_latency = rng.choice([0, 5]), rng.choice([0, 8])
        l2.perform, l2.deliver = rng.choice([0.3, 0.9]), rng.choice([0.5, 0.95])
        l2.disturb, l2.noise = rng.choice([0.0, 0.02, 0.3, 0.8]), rng.choice([0.0, 0.0, 0.9])
        if rng.random() < 0.5:
            bench.tables.pages.clear()
            await bench.step(None, flush=True)
        bench.random_context()
        for _ in range(rng.randrange(2)):
            await bench.step(None)
        await bench.step(None)
        idle, pool = rng.choice([0.0, 0.3]), [bench.random_op() for _ in range(rng.choice([4, 30]))]
        for _ in range(150):
            while rng.random() < idle:
                await bench.step(None)
            op = rng.choice(pool)
            data = 0 if op.op == UIPI else rng.getrandbits(64)
            op = Op(op.op, op.vaddr, op.size, op.unsigned, op.amo, data, op.offset)
            while not await bench.step(op):
                if rng.random() < 0.1:
                    op = bench.random_op()
        await bench.settle()
    dut._log.info(f"{bench.cycle} cycles, {bench.misses} misses")
    assert bench.misses > 100 and bench.posted > 100
    assert len(bench.refusals) > 2


@cocotb.test()
async def refusals(dut):
    """Tests each reason for a UIPI without effect."""
    bench = Bench(dut, os.environ["LSU_CONFIG"])
    bench.l2.disturb = 0.0  # nobody else writes to the table
    await bench.reset()
    table, io = TABLE_PAGE, IO_PAGES[0]
    for page in (table, io):
        bench.tables.pages[BARE, 0, page] = Page(page, io=int(page == io))
    entries = {0: 5 << 48 | 3 << 16 | 1, 1: 5 << 48 | 3 << 16, 2: 5 << 48 | 64 << 16 | 1,
               3: 512 << 48 | 3 << 16 | 1}
    for index, entry in entries.items():
        bench.memory.history[table << 12 | 8 * index] = [(0, entry)]
    sender = Uipi(1, table, 1)
    for uipi, op, operand, reason in (
        (Uipi(0, table, 1), SEND, 0, 1), (sender, SEND, 512, 2), (sender, SEND, 1 << 61, 2),
        (Uipi(1, io, 1), SEND, 0, 3), (Uipi(1, 0xFFFFF, 2), SEND, 512, 3),
        *((Uipi(1, 1 << bit | table, 1), SEND, 0, 3) for bit in range(20, 44)),
        (sender, SEND, 1, 4), (sender, SEND, 2, 5), (sender, SEND, 3, 6), (sender, SEND, 0, None),
        *((Uipi(own_enable=0), op, 1, 7) for op in range(1, 5)),
        *((Uipi(own_enable=1, own=512), op, 1, 8) for op in range(1, 5)),
        *((Uipi(own_enable=1, own=511), op, 1, None) for op in range(1, 5)),
    ):
        bench.set_uipi(uipi)
        bench.refusals.clear()
        await bench.run([Op(UIPI, operand, 2, 1, op)])
        assert bench.refusals == ({reason} if reason else set()), f"{uipi}, {op}, {operand:#x}"


@cocotb.test()
async def hidden(dut):
    """N-2.5: where UIPI is not allowed, no operation has an effect, and each is illegal."""
    bench = Bench(dut, os.environ["LSU_CONFIG"])
    await bench.reset()
    bench.set_uipi(Uipi(1, TABLE_PAGE, 1, 1, 5, allowed=0))
    for op in range(5):
        tried = Op(UIPI, 1, 2, 1, op)
        await bench.run([tried])
        assert tried.fault == (Cause.ILLEGAL_INSN, 1) and tried.answer is None
    assert not bench.refusals and bench.posted == 0 and bench.misses == 0


@cocotb.test()
async def read_and_older_stores(dut):
    """N-6.14: READ waits for older stores to devices, but not for those to memory."""
    bench = Bench(dut, os.environ["LSU_CONFIG"])
    memory, device = MEMORY_PAGES[1], IO_PAGES[0]
    for page in (memory, device):
        bench.tables.pages[BARE_M, 0, page] = Page(page, io=int(page == device))
    await bench.reset()
    bench.set_uipi(Uipi(own_enable=1, own=5))
    await bench.run([Op(LOAD, memory << 12), Op(LOAD, device << 12)])  # fills the DTLB
    read, alone = Op(UIPI, 0, 2, 1, UIPI_READ), Op(UIPI, 0, 2, 1, UIPI_READ)
    await bench.run([alone])

    bench.l2.perform = 0.0
    for op in (Op(STORE, memory << 12, data=1), read, None):
        while not await bench.step(op):
            pass
    assert read.answer is not None and read.cycles == alone.cycles
    assert bench.outstanding == 1 and not dut.drained.value, "a FENCE still waits for the store"
    bench.l2.perform = 1.0
    await bench.settle()

    bench.mmio_ready = 0.0
    for op in (Op(STORE, device << 12, data=1), read):
        while not await bench.step(op):
            pass
    for _ in range(50):
        assert not await bench.step(None) and read.answer is None
    bench.mmio_ready = 1.0
    await bench.settle()
    assert read.answer is not None


@cocotb.test()
async def cycles(dut):
    """Counts cycles in M with an L2 and a device that answer at once."""
    bench = Bench(dut, os.environ["LSU_CONFIG"])
    l2, line, device = bench.l2, MEMORY_PAGES[1] << 12, IO_PAGES[0] << 12
    l2.perform, l2.deliver, l2.disturb = 1.0, 1.0, 0.0
    bench.device_errors = 0.0
    for page in (*MEMORY_PAGES[1:3], IO_PAGES[0]):
        bench.tables.pages[BARE_M, 0, page] = Page(page, io=int(page in IO_PAGES))
    await bench.reset()

    async def spent(*ops: Op) -> list[int]:
        for op in ops:
            op.cycles = 0
        await bench.run(list(ops))
        for _ in range(12):
            await bench.step(None)
        return [op.cycles for op in ops]

    def load(offset: int, size: int = 3) -> Op:
        return Op(LOAD, line + offset, size)

    def store(offset: int, size: int = 3) -> Op:
        return Op(STORE, line + offset, size, data=bench.rng.getrandbits(64))

    await spent(Op(LOAD, device), load(0))  # fills the DTLB, outlasts the sweep after reset
    assert await spent(*[load(8 * n) for n in range(8)]) == [1] * 8, "hits"
    assert await spent(*[store(8 * n) for n in range(4)]) == [1] * 4, "stores"
    assert await spent(load(1, 2), load(3, 1), load(7, 0)) == [1] * 3, "misaligned in a dword"
    assert await spent(store(0), load(0), load(8)) == [1, 3, 1], "load of what was just stored"
    assert await spent(store(0), load(8), load(0)) == [1, 1, 3]
    assert await spent(store(0), load(8), load(16), load(0)) == [1] * 4
    assert await spent(load(64), load(0)) == [4, 1], "miss; hit while the line is being filled"
    assert await spent(load(128), load(136), load(128)) == [4, 3, 1], "line being filled"
    assert await spent(Op(LOAD, device)) == [3], "device read"
    assert await spent(Op(STORE, device), Op(STORE, device + 8)) == [1, 1], "device write"
    assert await spent(store(0), Op(LOAD, device)) == [1, 3], "device read, memory not waited for"
    assert await spent(Op(STORE, device), Op(LOAD, device)) == [1, 3], "nor a device that is ready"
    assert await spent(Op(AMO, line)) == [5], "atomic on a line that the L1D holds"
    assert await spent(Op(AMO, line), Op(LR, line), Op(SC, line)) == [4] * 3, "and does not"


@cocotb.test()
async def cycles_across_dwords(dut):
    """An access that crosses a dword takes at most two cycles more than one that does not, at every
    offset, also across lines and pages, if the L1D has both dwords and the DTLB both pages."""
    bench = Bench(dut, os.environ["LSU_CONFIG"])
    l2, (first, second) = bench.l2, MEMORY_PAGES[1:3]
    l2.perform, l2.deliver, l2.disturb = 1.0, 1.0, 0.0
    for page in (first, second):
        bench.tables.pages[BARE_M, 0, page] = Page(page)
    await bench.reset()

    async def spent(*ops: Op) -> list[int]:
        await bench.run(list(ops))
        for _ in range(12):
            await bench.step(None)
        return [op.cycles for op in ops]

    def access(op: int, addr: int, size: int = 3) -> Op:
        return Op(op, addr, size, data=bench.rng.getrandbits(64))

    page_end = (second << 12) - 8
    for base in (first << 12 | 64, first << 12 | 120, page_end):
        await spent(access(LOAD, base), access(LOAD, base + 8))
        spans = base == page_end
        for size, offset in CROSSING:
            at = base + offset
            assert await spent(access(LOAD, at, size)) == [3], f"load of {size} at {at:#x}"
            stored = await spent(access(STORE, at, size))
            assert stored == [3 if spans else 2], f"store of {size} at {at:#x}"
            assert await spent(access(LOAD, base)) == [1], "the next one is not delayed"
    base = first << 12 | 64
    assert await spent(*[access(STORE, base + 8 * n + 3) for n in range(3)]) == [2] * 3
    assert await spent(*[access(LOAD, base + 8 * n + 3) for n in range(3)]) == [3] * 3
    # The load looks its dwords up again, because the store ahead was on its way to the L1D.
    assert await spent(access(STORE, base + 3), access(LOAD, base + 3)) == [2, 5]


@cocotb.test()
async def faults_across_pages(dut):
    """If an access crosses into a page without the right, the fault names the second page, nothing
    is stored, and the first page is not read for the program."""
    bench = Bench(dut, os.environ["LSU_CONFIG"])
    first, second = MEMORY_PAGES[1:3]
    bench.l2.disturb = 0.0
    await bench.reset()
    refusing = {
        "page_fault": (Page(page_fault=1), Cause.LOAD_PAGE, Cause.STORE_PAGE),
        "access_fault": (Page(access_fault=1), Cause.LOAD_ACCESS, Cause.STORE_ACCESS),
        "pmp": (Page(second, acc_r=0, acc_w=0), Cause.LOAD_ACCESS, Cause.STORE_ACCESS),
        "device": (Page(IO_PAGES[0], io=1), Cause.LOAD_ACCESS, Cause.STORE_ACCESS),
    }
    for bad, *causes in refusing.values():
        for bad_page in (first, second):
            await bench.step(None, flush=True)
            for page in (first, second):
                bench.tables.pages[BARE_M, 0, page] = bad if page == bad_page else Page(page)
            for size, offset in CROSSING:
                for op, cause in zip((LOAD, STORE), causes, strict=True):
                    tried = Op(op, (second << 12) - 8 + offset, size)
                    await bench.run([tried])
                    where = second << 12 if bad_page == second else tried.vaddr
                    assert tried.fault == (cause, where)


@pytest.mark.parametrize("config", ["default", "tiny"])
def test_lsu(config, monkeypatch):
    monkeypatch.setenv("LSU_CONFIG", config)
    run_cocotb(Lsu(configuration(config)), __name__, f"lsu_{config}")
