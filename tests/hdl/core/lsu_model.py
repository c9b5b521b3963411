"""The surroundings of a load/store unit in plain Python: an L2 shared with another hart, page
tables and a device. The model does not depend on how the unit works."""

import random
from collections import deque
from dataclasses import dataclass, field

MASK64 = (1 << 64) - 1
LINE = 64
LOAD, STORE, LR, SC, AMO, UIPI = range(6)
SEND, UIPI_READ, UIPI_WRITE, ACTIVATE, DEACTIVATE = range(5)
UINTC = 0x02F1_0000
READ_LINE, READ, WRITE, MEM_LR, MEM_SC, MEM_AMO = range(6)
AMO_FUNCT5 = {1: 0, 0: 1, 4: 2, 12: 3, 8: 4, 16: 5, 20: 6, 24: 7, 28: 8}
BARE_M, BARE, SV39 = range(3)
MEMORY_PAGES = [0x80000 + n for n in range(6)]
IO_PAGES = [0x10000, 0x0C000]
USER_PAGES = [0x10 + n for n in range(8)] + [(1 << 52) - n for n in range(1, 4)] + [0x3FFFFFF]
TABLE_PAGE = MEMORY_PAGES[4]  # holds sender tables, as does the next page
BAD_PAGES = [0x4000000, 1 << 28, (1 << 28) + 0x10, 1 << 51]


def merge(old: int, new: int, mask: int) -> int:
    for lane in range(8):
        if mask >> lane & 1:
            byte = 0xFF << 8 * lane
            old = old & ~byte | new & byte
    return old


def signed(value: int, bits: int) -> int:
    value &= (1 << bits) - 1
    return value - (1 << bits) if value >> bits - 1 else value


def extend(value: int, size: int, unsigned: bool = False) -> int:
    bits = 8 << size
    value &= (1 << bits) - 1
    return value if unsigned else signed(value, bits) & MASK64


def amo(operation: int, old: int, operand: int, bits: int) -> int:
    """The nine operations, numbered as on the memory port."""
    old, operand = old & (1 << bits) - 1, operand & (1 << bits) - 1
    a, b = signed(old, bits), signed(operand, bits)
    results = [operand, old + operand, old ^ operand, old & operand, old | operand,
               min(a, b), max(a, b), min(old, operand), max(old, operand)]
    return results[operation] & (1 << bits) - 1


@dataclass
class Store:
    """A store of bytes within a dword. ``time`` is the time when the L2 performed it."""

    addr: int  # of the dword
    data: int
    mask: int
    io: bool = False
    time: int | None = None
    uipi: object = None  # the UIPI that made it


@dataclass
class Memory:
    """All dwords at all times. ``time`` counts the operations that the L2 performed."""

    rng: random.Random
    time: int = 0
    history: dict[int, list[tuple[int, int]]] = field(default_factory=dict)

    def versions(self, addr: int) -> list[tuple[int, int]]:
        return self.history.setdefault(addr, [(0, self.anything(addr))])

    def anything(self, addr: int) -> int:
        """Returns a plausible value for the address."""
        rng = self.rng
        if addr >> 12 < TABLE_PAGE or rng.random() < 0.1:
            return rng.getrandbits(64)
        vector, receiver = rng.randrange(66), rng.choice([0, 511, rng.randrange(520)])
        return receiver << 48 | vector << 16 | (rng.random() < 0.8)

    def now(self, addr: int) -> int:
        return self.versions(addr)[-1][1]

    def write(self, addr: int, value: int, mask: int) -> None:
        self.time += 1
        self.versions(addr).append((self.time, merge(self.now(addr), value, mask)))

    def possible(self, addr: int, since: int, own: list[Store]) -> set[int]:
        """Returns the values that a hart with these stores may read. They are memory at any time
        from ``since`` on, overlaid with the hart's own stores performed later or not yet."""
        values, until = set(), self.time
        for time, value in reversed(self.versions(addr)):
            at = max(time, since)
            later = [store for store in own if store.time is None or store.time > at]
            for store in later:
                value = merge(value, store.data, store.mask)
            values.add(value)
            if time <= since:
                break
            until = time
        assert until >= since
        return values


@dataclass
class L2:
    """Performs requests in order, with requests of another hart between them."""

    rng: random.Random
    memory: Memory
    hot: list[int]  # dwords that the other hart writes
    recent: deque = field(default_factory=lambda: deque(maxlen=4))  # and prefers
    perform: float = 0.5  # probability in a cycle
    deliver: float = 0.7
    disturb: float = 0.1
    noise: float = 0.0  # invalidations of lines that no cache holds
    requests: deque = field(default_factory=deque)
    events: list = field(default_factory=list)  # (kind, time, payload) in order
    shared: set[int] = field(default_factory=set)
    reserved: int | None = None
    answers: deque = field(default_factory=deque)  # required results of atomics
    seen: int = 0  # time of the latest event that was delivered

    def _invalidate(self, line: int) -> None:
        if self.reserved == line:
            self.reserved = None
        if line not in self.shared:
            return
        self.shared.discard(line)
        earliest = len(self.events)  # it may overtake every dword of a line except the first
        while earliest and self.events[earliest - 1][0] == "beat":
            earliest -= 1
        position = self.rng.choice([earliest, self.rng.randint(earliest, len(self.events))])
        self.events.insert(position, ("invalidate", self.memory.time, line))

    def step(self) -> None:
        steps = [self._other_hart, self._next_request]
        self.rng.shuffle(steps)
        for step in steps:
            step()

    def _other_hart(self) -> None:
        if self.rng.random() < self.disturb:
            addr = self.rng.choice(self.recent if self.recent and self.rng.random() < 0.6
                                   else self.hot)
            if self.rng.random() < 0.1:
                self.memory.time += 1  # eviction
            else:
                mask = self.rng.choice([0xFF, 0x0F, 0x30])
                self.memory.write(addr, self.memory.anything(addr), mask)
            self._invalidate(addr // LINE)

        if self.rng.random() < self.noise and len(self.events) < 3:
            self.events.append(("invalidate", self.memory.time, self.rng.getrandbits(20)))

    def _next_request(self) -> None:
        if self.requests and self.rng.random() < self.perform:
            self._perform(*self.requests.popleft())

    def _perform(self, op: int, operation: int, addr: int, value: int, mask: int, store) -> None:
        memory, line, addr = self.memory, addr // LINE, addr // 8 * 8
        old = memory.now(addr)
        if op == READ_LINE:
            memory.time += 1
            self.shared.add(line)
            for beat in range(LINE // 8):
                at = line * LINE + (addr + 8 * beat) % LINE
                kind = "beat" if beat else "answer"
                last = beat == LINE // 8 - 1
                self.events.append((kind, memory.time, (memory.now(at), last)))
            return
        if op == WRITE:
            memory.write(addr, value, mask)
            store.time = memory.time
            self.events.append(("done", memory.time, None))
            return
        answer = old
        memory.time += 1
        if op == MEM_LR:
            self.reserved = line
        elif op == MEM_SC:
            answer = int(self.reserved != line)
            self.reserved = None
            if not answer:
                memory.write(addr, value, mask)
                self.shared.discard(line)
        else:
            shift, bits = (0, 64) if mask == 0xFF else ((0 if mask == 0x0F else 32), 32)
            new = amo(operation, old >> shift, value >> shift, bits) << shift
            memory.write(addr, new, mask)
            self.shared.discard(line)
        self.answers.append(answer)
        self.events.append(("answer", memory.time, (answer, True)))

    def outputs(self) -> tuple:
        """Returns the events of this cycle: (response or None, write_done, line or None)."""
        response = line = None
        done = False
        while self.events and self.rng.random() < self.deliver:
            kind, time, payload = self.events[0]
            if kind == "invalidate" and line is None:
                line = payload
            elif kind == "done" and not done:
                done = True
            elif kind in ("answer", "beat") and response is None:
                response = payload
            else:
                break
            self.events.pop(0)
            self.seen = max(self.seen, time)
        return response, done, line


@dataclass(frozen=True)
class Uipi:
    """The registers suist and suirs, and whether the mode may execute UIPI."""

    enable: int = 0
    ppn: int = 0
    pages: int = 0
    own_enable: int = 0
    own: int = 0
    allowed: int = 1

    def refusal(self, op: int, operand: int) -> int:
        """Returns the reason for a refusal before any look-up, or 0."""
        if op == SEND:
            if not self.enable:
                return 1
            if operand * 8 >= self.pages * 4096:
                return 2
            return 3 if self.ppn + operand * 8 // 4096 >= 1 << 20 else 0
        if not self.own_enable:
            return 7
        return 8 if self.own >= 512 else 0

    def entry_addr(self, operand: int) -> int:
        return self.ppn * 4096 + operand * 8

    def access(self, op: int, operand: int, entry: int) -> tuple[int, int] | int:
        """Returns address and data of the access to UINTC, or the reason of a refusal."""
        own = UINTC + 32 * self.own
        if op != SEND:
            return {UIPI_READ: (own + 0x10, 0), UIPI_WRITE: (own + 0x10, operand),
                    ACTIVATE: (own + 0x18, 1), DEACTIVATE: (own + 0x18, 0)}[op]
        receiver, vector = entry >> 48, entry >> 16 & 0xFFFF
        if not entry & 1:
            return 4
        if vector >= 64:
            return 5
        return 6 if receiver >= 512 else (UINTC + 32 * receiver, vector)


@dataclass(frozen=True)
class Page:
    """A translation. Its fields have the names of the TLB entry's fields."""

    ppn: int = 0
    r: int = 1
    w: int = 1
    x: int = 1
    u: int = 0
    acc_r: int = 1
    acc_w: int = 1
    io: int = 0
    page_fault: int = 0
    access_fault: int = 0


@dataclass
class PageTables:
    rng: random.Random
    pages: dict[tuple[int, int, int], Page] = field(default_factory=dict)

    def look_up(self, mode: int, asid: int, page: int) -> Page:
        key = (mode, asid if mode == SV39 else 0, page)
        if key not in self.pages:
            self.pages[key] = self._make(mode, page)
        return self.pages[key]

    def _make(self, mode: int, page: int) -> Page:
        rng = self.rng
        if mode == SV39:
            if page in BAD_PAGES or rng.random() < 0.1:
                return Page(page_fault=1)
            if rng.random() < 0.05:
                return Page(access_fault=1)
            ppn = rng.choice(MEMORY_PAGES * 3 + IO_PAGES)
            often = [1] * 7 + [0]
            return Page(ppn, rng.choice(often), rng.choice(often), rng.choice([0, 1]),
                        rng.choice([0, 1]), rng.choice(often), rng.choice(often),
                        int(ppn in IO_PAGES))
        if page in MEMORY_PAGES + IO_PAGES:
            rights = (1, 1) if rng.random() < 0.8 else (1, 0)
            return Page(page, 1, 1, 1, rng.choice([0, 1]), *rights, int(page in IO_PAGES))
        return Page(access_fault=1)
