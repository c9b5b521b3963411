"""Golden model of a hart's CSRs, traps and interrupts, written from the specifications.

Numbers are written out instead of imported, so that a wrong constant in the gateware is found. WARL
choices that the specifications leave open are marked "choice".
"""

from dataclasses import dataclass, field

U, S, M = 0, 1, 3
READ, WRITE, SET, CLEAR = range(4)
URET, SRET, MRET = 0, 1, 3
M64 = (1 << 64) - 1
LINES = ("msip", "mtip", "meip", "seip", "usip", "ueip", "ssip")
LINE_BITS = {"msip": 3, "mtip": 7, "meip": 11, "seip": 9, "usip": 0, "ueip": 8,
             "ssip": 1}
PRIORITY = (11, 3, 7, 9, 1, 5, 8, 0, 4)

MIE_BITS = 0xBBB
DELEGABLE_IRQS = 0x333
USER_IRQS = 0x111
DELEGABLE_EXCEPTIONS = 0xB3FF  # 0-9, 12, 13, 15
U_STATUS = 1 << 0 | 1 << 4
S_STATUS = U_STATUS | 1 << 1 | 1 << 5 | 1 << 8 | 1 << 18 | 1 << 19
M_STATUS = S_STATUS | 1 << 3 | 1 << 7 | 3 << 11 | 1 << 17 | 1 << 20 | 1 << 21 | 1 << 22
UXL, SXL = 2 << 32, 2 << 34
HPM_MASK = (1 << 40) - 1  # choice: width of the event counters
EVENTS = 13
UINTC = 0x02F1_0000
PPN = (1 << 44) - 1

SIMPLE = {  # plain storage: scratch and tval
    0x040, 0x043, 0x140, 0x143, 0x340, 0x343,
}
TVEC = {0x005, 0x105, 0x305}
EPC = {0x041, 0x141, 0x341}
CAUSE = {0x042, 0x142, 0x342}
CONSTANT = {
    0x301: 0x8000_0000_0014_3105, 0xF11: 0, 0xF12: 0, 0xF13: 1, 0xF15: 0,
    0x102: 0, 0x7A0: 0, 0x7A1: 0, 0x7A2: 0, 0x7A3: 0,
}


def sext(value: int, bits: int) -> int:
    value &= (1 << bits) - 1
    return (value | ~((1 << bits) - 1)) & M64 if value >> (bits - 1) else value


def held(value: int) -> int:
    """Returns the address that ``xtvec`` and ``xepc`` keep: 40 bits, sign-extended (choice)."""
    upper = value >> 39
    if upper in (0, (1 << 25) - 1):
        return sext(value, 40)
    bit_38 = value >> 38 & 1
    return sext(value & ((1 << 39) - 1) | (1 - bit_38) << 39, 40)


@dataclass
class Inputs:
    """The inputs of a cycle besides the instruction."""

    lines: dict[str, int] = field(default_factory=lambda: dict.fromkeys(LINES, 0))
    time: int = 0
    retire: int = 0
    events: int = 0


class CsrModel:
    def __init__(self, *, pmp_entries: int, hpm_counters: int, paddr_bits: int, asid_bits: int,
                 hart_id: int) -> None:
        self.pmp_entries, self.hpm_counters = pmp_entries, hpm_counters
        self.paddr_bits = paddr_bits
        self.asid_mask = (1 << asid_bits) - 1
        self.hart_id = hart_id
        self.priv = M
        self.status = 0
        self.simple = dict.fromkeys(SIMPLE, 0)
        self.tvec = dict.fromkeys((U, S, M), 0)
        self.epc = dict.fromkeys((U, S, M), 0)
        self.cause = dict.fromkeys((U, S, M), 0)
        self.medeleg = self.mideleg = self.sideleg = 0
        self.mie = self.latch = 0
        self.mcounteren = self.scounteren = self.mcountinhibit = 0
        self.menvcfg = self.senvcfg = 0
        self.satp = 0
        self.stimecmp = M64
        self.suist = self.suirs = self.suierr = 0
        self.counters = {0: 0, 2: 0} | dict.fromkeys(range(3, 3 + hpm_counters), 0)
        self.selectors = dict.fromkeys(range(3, 3 + hpm_counters), 0)
        self.pmpcfg = [0] * pmp_entries
        self.pmpaddr = [0] * pmp_entries
        self.due = 0
        self.irq: tuple[int, int | None, int | None] = (0, None, None)  # taken, cause, who takes it
        self.events = 0  # of the previous cycle
        self.wake = 0

    # what is read

    @property
    def counter_bits(self) -> int:
        return (1 << 3 + self.hpm_counters) - 1

    @property
    def stce(self) -> int:
        return self.menvcfg >> 63

    @property
    def n_hidden(self) -> bool:
        return self.priv == U and not self.sideleg

    def pending(self, inputs: Inputs) -> int:
        value = self.latch
        for name, bit in LINE_BITS.items():
            value |= inputs.lines[name] << bit
        if self.stce:
            value = value & ~(1 << 5) | self.due << 5
        return value

    def locked(self, n: int) -> bool:
        if self.pmpcfg[n] & 0x80:
            return True
        return n + 1 < self.pmp_entries and self.pmpcfg[n + 1] & 0x98 == 0x88

    def held_pmpaddr(self, value: int) -> int:
        """Returns what ``pmpaddr`` keeps: one bit more than physical addresses have. Of a value
        that does not fit, it keeps that it lies above all memory, or contains it (choice)."""
        limit = 1 << self.paddr_bits - 1
        if value < limit:
            return value
        return limit - 1 if value & value + 1 == 0 else limit >> 1

    def pmpaddr_read(self, n: int) -> int:
        if n >= self.pmp_entries:
            return 0
        if self.pmpcfg[n] & 0x10:  # NAPOT; NA4 is never held
            return self.pmpaddr[n] | 0x1FF
        return self.pmpaddr[n] & ~0x3FF

    def counter_enabled(self, n: int) -> bool:
        if self.priv == M:
            return True
        if not self.mcounteren >> n & 1:
            return False
        return self.priv == S or bool(self.scounteren >> n & 1)

    def read(self, addr: int, inputs: Inputs) -> int | None:
        """Returns the value, or None if every access is illegal."""
        if addr >> 8 & 3 > self.priv or addr >> 8 == 0 and self.n_hidden:
            return None
        mode = addr >> 8 & 3
        delegated, to_user = self.mideleg, self.mideleg & self.sideleg
        plain = {
            0x000: self.status & U_STATUS, 0x100: self.status & S_STATUS | UXL,
            0x300: self.status | UXL | SXL,
            0x302: self.medeleg, 0x303: self.mideleg, 0x103: self.sideleg,
            0x304: self.mie, 0x104: self.mie & delegated, 0x004: self.mie & to_user,
            0x344: self.pending(inputs), 0x144: self.pending(inputs) & delegated,
            0x044: self.pending(inputs) & to_user,
            0x306: self.mcounteren, 0x106: self.scounteren, 0x320: self.mcountinhibit,
            0x30A: self.menvcfg, 0x10A: self.senvcfg, 0xF14: self.hart_id,
        } | CONSTANT
        if addr in plain:
            return plain[addr]
        if addr in SIMPLE:
            return self.simple[addr]
        for group, values in ((TVEC, self.tvec), (EPC, self.epc), (CAUSE, self.cause)):
            if addr in group:
                return values[mode]
        if addr == 0x180:
            return None if self.priv == S and self.status >> 20 & 1 else self.satp
        user_ipi = {0x1B0: self.suist, 0x1B1: self.suirs, 0x1B2: UINTC, 0x5C0: self.suierr}
        if addr in user_ipi:
            return user_ipi[addr]
        if addr == 0x14D:
            if self.priv != M and not (self.stce and self.mcounteren >> 1 & 1):
                return None
            return self.stimecmp
        number = addr & 31
        if 0xB00 <= addr <= 0xB1F and number != 1:
            return self.counters.get(number, 0)
        if 0xC00 <= addr <= 0xC1F and self.counter_enabled(number):
            return inputs.time if number == 1 else self.counters.get(number, 0)
        if 0x323 <= addr <= 0x33F:
            return self.selectors.get(number, 0)
        if self.pmp_entries and addr in (0x3A0, 0x3A2):
            first = 8 * (addr == 0x3A2)
            return int.from_bytes(bytes(self.pmpcfg[first:first + 8]), "little")
        if self.pmp_entries and 0x3B0 <= addr <= 0x3BF:
            return self.pmpaddr_read(addr - 0x3B0)
        return None

    def access(self, addr: int, op: int, read_only: bool, inputs: Inputs) -> int | None:
        """Returns the value that a CSR instruction reads, or None if the instruction is illegal."""
        if op != READ and not read_only and addr >> 10 == 3:
            return None
        return self.read(addr, inputs)

    @staticmethod
    def refetch(addr: int, op: int, read_only: bool) -> bool:
        changes = addr == 0x180 or 0x3A0 <= addr <= 0x3BF
        return changes and op != READ and not read_only

    # what is written

    def write(self, addr: int, op: int, operand: int, old: int) -> None:
        """``old`` is the value read in the same cycle."""

        def apply(old: int) -> int:
            return {WRITE: operand, SET: old | operand, CLEAR: old & ~operand}[op] & M64

        value = apply(old)
        mode = addr >> 8 & 3
        number = addr & 31

        def merge(old: int, new: int, mask: int) -> int:
            return old & ~mask | new & mask

        if addr == 0x300:
            mask = M_STATUS if value >> 11 & 3 != 2 else M_STATUS & ~(3 << 11)  # choice
            self.status = merge(self.status, value, mask)
        elif addr in (0x000, 0x100):
            self.status = merge(self.status, value, S_STATUS if addr else U_STATUS)
        elif addr == 0x302:
            self.medeleg = value & DELEGABLE_EXCEPTIONS
        elif addr == 0x303:
            self.mideleg = value & DELEGABLE_IRQS
        elif addr == 0x103:
            self.sideleg = value & USER_IRQS
        elif addr in (0x304, 0x104, 0x004):
            mask = {M: MIE_BITS, S: self.mideleg, U: self.mideleg & self.sideleg}[mode]
            self.mie = merge(self.mie, value, mask)
        elif addr in (0x344, 0x144, 0x044):
            mask = {
                M: 0x313 | (0 if self.stce else 1 << 5),
                S: self.mideleg & (USER_IRQS | 1 << 1),
                U: self.mideleg & self.sideleg & 1,
            }[mode]
            self.latch = merge(self.latch, apply(self.latch), mask)
        elif addr == 0x306:
            self.mcounteren = value & self.counter_bits
        elif addr == 0x106:
            self.scounteren = value & self.counter_bits
        elif addr == 0x320:
            self.mcountinhibit = value & self.counter_bits & ~2
        elif addr == 0x30A:
            self.menvcfg = value & (1 | 1 << 63)
        elif addr == 0x10A:
            self.senvcfg = value & 1
        elif addr in SIMPLE:
            self.simple[addr] = value
        elif addr in TVEC:
            vectored = value & 1
            base = held(value) & ~(0x3F if vectored else 3)  # choice: vectors on 64 bytes
            self.tvec[mode] = base | vectored
        elif addr in EPC:
            self.epc[mode] = held(value) & ~1
        elif addr in CAUSE:
            self.cause[mode] = value & (1 << 63 | 0x3F)  # choice
        elif addr == 0x180:
            if value >> 60 in (0, 8):
                self.satp = (value >> 60 << 60 | (value >> 44 & self.asid_mask) << 44
                             | value & PPN)
        elif addr == 0x14D:
            self.stimecmp = value
        elif addr == 0x1B0:
            self.suist = value & (1 << 63 | 0xFFF << 44 | PPN)
        elif addr == 0x1B1:
            self.suirs = value & (1 << 63 | 0xFFFF)
        elif addr == 0x5C0:
            self.suierr = 0
        elif 0xB00 <= addr <= 0xB1F and number in self.counters:
            self.counters[number] = value & (HPM_MASK if number >= 3 else M64)
        elif 0x323 <= addr <= 0x33F and number in self.selectors:
            self.selectors[number] = value if value < EVENTS else 0
        elif addr in (0x3A0, 0x3A2):
            for n in range(8):
                self.write_pmpcfg(n + 8 * (addr == 0x3A2), value >> 8 * n & 0xFF)
        elif 0x3B0 <= addr <= 0x3BF:
            n = addr - 0x3B0
            if n < self.pmp_entries and not self.locked(n):
                self.pmpaddr[n] = self.held_pmpaddr(value & (1 << 54) - 1)

    def refuse(self, reason: int, op: int, operand: int) -> None:
        """Records that a UIPI had no effect."""
        count = min((self.suierr >> 16 & 0xFFFF) + 1, 0xFFFF)
        self.suierr = operand << 32 | count << 16 | op << 8 | reason

    def write_pmpcfg(self, n: int, byte: int) -> None:
        if n >= self.pmp_entries or self.pmpcfg[n] & 0x80:
            return
        byte &= 0x9F
        if byte & 3 == 2:
            byte &= ~2  # choice: W without R clears W
        if byte >> 3 & 3 == 2:
            byte = byte & ~0x18 | self.pmpcfg[n] & 0x18  # choice: NA4 leaves A alone
        self.pmpcfg[n] = byte

    # traps, returns, interrupts

    def target(self, interrupt: bool, cause: int) -> tuple[int, int]:
        """Returns the privilege that takes a trap, and the address of its handler."""
        priv = M
        delegated = self.mideleg if interrupt else self.medeleg
        if self.priv != M and delegated >> cause & 1:
            priv = S
            if interrupt and self.priv == U and self.sideleg >> cause & 1:
                priv = U
        tvec = self.tvec[priv]
        return priv, (tvec & ~3) + (4 * cause if tvec & 1 and interrupt else 0)

    def trap(self, interrupt: bool, cause: int, epc: int, tval: int) -> None:
        priv, _ = self.target(interrupt, cause)
        self.epc[priv] = sext(epc, 40) & ~1
        self.cause[priv] = int(interrupt) << 63 | cause
        self.simple[priv << 8 | 0x43] = tval
        enabled = self.status >> priv & 1
        self.status = self.status & ~(1 << priv | 1 << priv + 4) | enabled << priv + 4
        if priv == M:
            self.status = self.status & ~(3 << 11) | self.priv << 11
        elif priv == S:
            self.status = self.status & ~(1 << 8) | self.priv << 8
        self.priv = priv

    def ret(self, kind: int) -> None:
        previous = self.status >> kind + 4 & 1
        self.status = self.status & ~(1 << kind) | previous << kind | 1 << kind + 4
        if kind == MRET:
            self.priv = self.status >> 11 & 3
            self.status &= ~(3 << 11)
        elif kind == SRET:
            self.priv = self.status >> 8 & 1
            self.status &= ~(1 << 8)
        else:
            self.priv = U
        if kind != URET and self.priv != M:
            self.status &= ~(1 << 17)

    def taken(self, inputs: Inputs) -> tuple[int, int | None, int | None]:
        """Returns the interrupt to take now, if any."""
        ready = self.pending(inputs) & self.mie
        for priv in (M, S, U):
            if self.priv > priv or self.priv == priv and not self.status >> priv & 1:
                continue
            if priv == U and self.priv != U:
                continue
            for cause in PRIORITY:
                delegated = self.mideleg >> cause & 1
                to_user = delegated and self.sideleg >> cause & 1
                home = U if to_user else S if delegated else M
                if ready >> cause & 1 and home == priv:
                    return 1, cause, home
        return 0, None, None

    def data_context(self) -> tuple[int, int, int, int, int]:
        """Returns mode (0 bare for M-mode, 1 bare, 2 Sv39), address space, privilege, SUM, MXR."""
        priv = self.status >> 11 & 3 if self.priv == M and self.status >> 17 & 1 else self.priv
        mode = 0 if priv == M else 2 if self.satp >> 60 == 8 else 1
        asid = self.satp >> 44 & self.asid_mask
        return mode, asid, priv, self.status >> 18 & 1, self.status >> 19 & 1

    # time

    def count(self, inputs: Inputs) -> None:
        """Advances registered state and counters by a cycle. Call it before other events."""
        self.irq = self.taken(inputs)
        self.wake = int(self.pending(inputs) & self.mie != 0)
        self.due = int(inputs.time >= self.stimecmp)
        happened = {0: 1, 2: inputs.retire}
        for n, selector in self.selectors.items():
            happened[n] = inputs.retire if selector == 1 else self.events >> selector & 1
        self.events = inputs.events & ~1
        for n in self.counters:
            if happened[n] and not self.mcountinhibit >> n & 1:
                self.counters[n] = self.counters[n] + 1 & (HPM_MASK if n >= 3 else M64)
