"""Numbers of the RISC-V specifications: privilege levels, causes, interrupts, CSR addresses.

This is their only source; decoder, CSR file, software constants and tests import it.
Sources: RISC-V Unprivileged ISA, Privileged Architecture 1.12 with Sstc, the N chapter of the
earlier privileged drafts for the user-mode trap CSRs, and the user-interrupt specification 0.1.1
for ``suist`` and ``suirs``. ``suierr`` is an addition, in the custom space of S-mode.
"""

from enum import IntEnum


class Priv(IntEnum):
    """Privilege levels, as encoded in ``mstatus.MPP``."""

    U = 0
    S = 1
    M = 3


class Cause(IntEnum):
    """Exception codes (``xcause`` with the interrupt bit clear)."""

    INSN_MISALIGNED = 0
    INSN_ACCESS = 1
    ILLEGAL_INSN = 2
    BREAKPOINT = 3
    LOAD_MISALIGNED = 4
    LOAD_ACCESS = 5
    STORE_MISALIGNED = 6
    STORE_ACCESS = 7
    ECALL_U = 8
    ECALL_S = 9
    ECALL_M = 11
    INSN_PAGE = 12
    LOAD_PAGE = 13
    STORE_PAGE = 15


class Irq(IntEnum):
    """Interrupt codes (``xcause`` with the interrupt bit set), and bit numbers of ``mip``."""

    USI = 0
    SSI = 1
    MSI = 3
    UTI = 4
    STI = 5
    MTI = 7
    UEI = 8
    SEI = 9
    MEI = 11


class Csr(IntEnum):
    """CSR addresses."""

    USTATUS = 0x000
    UIE = 0x004
    UTVEC = 0x005
    USCRATCH = 0x040
    UEPC = 0x041
    UCAUSE = 0x042
    UTVAL = 0x043
    UIP = 0x044

    CYCLE = 0xC00
    TIME = 0xC01
    INSTRET = 0xC02
    HPMCOUNTER3 = 0xC03

    SSTATUS = 0x100
    SEDELEG = 0x102
    SIDELEG = 0x103
    SIE = 0x104
    STVEC = 0x105
    SCOUNTEREN = 0x106
    SENVCFG = 0x10A
    SSCRATCH = 0x140
    SEPC = 0x141
    SCAUSE = 0x142
    STVAL = 0x143
    SIP = 0x144
    STIMECMP = 0x14D
    SATP = 0x180
    SUIST = 0x1B0
    SUIRS = 0x1B1
    SUICFG = 0x1B2
    SUIERR = 0x5C0

    MSTATUS = 0x300
    MISA = 0x301
    MEDELEG = 0x302
    MIDELEG = 0x303
    MIE = 0x304
    MTVEC = 0x305
    MCOUNTEREN = 0x306
    MENVCFG = 0x30A
    MCOUNTINHIBIT = 0x320
    MHPMEVENT3 = 0x323
    MSCRATCH = 0x340
    MEPC = 0x341
    MCAUSE = 0x342
    MTVAL = 0x343
    MIP = 0x344
    PMPCFG0 = 0x3A0
    PMPADDR0 = 0x3B0
    MCYCLE = 0xB00
    MINSTRET = 0xB02
    MHPMCOUNTER3 = 0xB03
    TSELECT = 0x7A0
    TDATA1 = 0x7A1
    TDATA2 = 0x7A2
    TDATA3 = 0x7A3
    MVENDORID = 0xF11
    MARCHID = 0xF12
    MIMPID = 0xF13
    MHARTID = 0xF14
    MCONFIGPTR = 0xF15


class Event(IntEnum):
    """``mhpmevent`` selectors; 0 counts nothing. Bit ``n`` of an event vector is selector ``n``."""

    NONE = 0
    INSTRUCTION = 1  # instruction retired
    TRAP_M = 2  # trap taken into M-mode
    TRAP_S = 3  # trap taken into S-mode
    USER_INTERRUPT = 4  # interrupt taken in U-mode
    UIPI = 5  # UIPI instruction executed
    ICACHE_MISS = 6
    DCACHE_MISS = 7
    ITLB_MISS = 8
    DTLB_MISS = 9
    BRANCH_MISPREDICT = 10
    STALL = 11  # cycle in which no instruction retired
    UIPI_REFUSED = 12  # UIPI without effect


EVENT_COUNT = len(Event)
