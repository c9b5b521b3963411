//! What the specifications leave open, and what the hart does there. Every choice is one line here;
//! the code that follows it names it.

/// Bits of a program counter, `xepc` and `xtvec`: Sv39 and one more, which keeps bad addresses bad.
pub const PC_BITS: u32 = 40;
/// Bits of a physical address. Higher ones raise access faults.
pub const PADDR_BITS: u32 = 32;
/// Bits of an ASID.
pub const ASID_BITS: u32 = 9;
/// Bits of `pmpaddr`: physical address bits 32:2. What does not fit is the first address beyond memory.
pub const PMPADDR_BITS: u32 = 31;
/// Granularity of PMP. NA4 cannot be selected: a write of it leaves `A` as it is.
pub const PMP_GRAIN_BITS: u32 = 12;
/// W without R in `pmpcfg` clears W.
pub const PMP_WRITE_NEEDS_READ: bool = true;
/// Bits of `mhpmcounter3` and up.
pub const HPM_COUNTER_BITS: u32 = 40;
/// An unknown selector written to `mhpmevent` becomes 0.
pub const UNKNOWN_EVENT: u64 = 0;
/// Bits of `xcause` besides the interrupt bit.
pub const CAUSE_CODE_BITS: u32 = 6;
/// Alignment of a vector table, in bits of the address.
pub const VECTOR_ALIGN_BITS: u32 = 6;
/// The reserved value of `mstatus.MPP`; a write of it leaves `MPP` as it is.
pub const RESERVED_MPP: u64 = 2;
/// Exceptions that `medeleg` can delegate.
pub const DELEGABLE_EXCEPTIONS: u64 = 0xB3FF;
/// `mimpid`; `mvendorid` and `marchid` are 0.
pub const MIMPID: u64 = 1;
/// `xtval` of an illegal instruction is the instruction.
pub const TVAL_HAS_INSTRUCTION: bool = true;
/// `xtval` of EBREAK is its address.
pub const TVAL_HAS_BREAKPOINT: bool = true;
/// Of an access that crosses an aligned dword and faults in the second, `xtval` is the second.
pub const TVAL_OF_SECOND_DWORD: bool = true;
/// A page fault comes before an access fault of the same access.
pub const PAGE_FAULT_FIRST: bool = true;
/// A misaligned atomic raises "address misaligned", before its translation.
pub const MISALIGNED_ATOMIC_TRAPS: bool = true;
/// Svade: a leaf without A, or a write without D, raises a page fault.
pub const HARDWARE_SETS_A_AND_D: bool = false;
/// Bytes around an LR's address that its reservation covers, as a power of two.
pub const RESERVATION_BITS: u32 = 6;
/// A reservation survives traps and the hart's own stores; any SC ends it.
pub const RESERVATION_ENDS_AT_TRAP: bool = false;
/// Where other harts can store, a reservation ends with the turn of its hart.
pub const RESERVATION_ENDS_WITH_TURN: bool = true;
/// SFENCE.VMA empties all TLBs, whatever its operands.
pub const SFENCE_EMPTIES_ALL: bool = true;
/// A changed `satp` empties all TLBs, so ASIDs never show.
pub const SATP_EMPTIES_ALL: bool = true;
/// Instructions that are already decoded see stores after FENCE.I (of the same hart), not before.
pub const FETCH_SEES_STORES_AT_FENCE_I: bool = true;
/// A CSR instruction that writes a counter overrides the counting of itself.
pub const COUNTER_WRITE_WINS: bool = true;

// TAIC, where `docs/spec/taic.md` says nothing.

/// A queue that is installed on several harts reads the RUNNING of the highest.
pub const RUNNING_IS_OF_HIGHEST_HART: bool = true;
/// Records that wait for a place get one in ascending order, behind the one that got one last.
pub const PLACES_GO_ROUND: bool = true;
/// INSTALLED of a hart without a queue reads the number that was named last.
pub const INSTALLED_KEEPS_NUMBER: bool = true;
/// INSTALLED refuses a number beyond all pages even without bit 63.
pub const INSTALLED_CHECKS_NUMBER_OF_NONE: bool = true;
/// A limit that was written while a context had no owner is not part of what its begin finds left.
pub const BEGIN_TAKES_OLD_LIMIT: bool = false;
/// CONFIG that names what does not exist, while the task is in a queue, is refused for the former.
pub const CONFIG_NUMBERS_FIRST: bool = true;
/// A write to `context` with a hart that does not exist and a limit that is too large is refused for
/// the hart.
pub const FALLBACK_BEFORE_LIMIT: bool = true;
/// The end of a sender forgets what is pending at its channels. Their task stays readable.
pub const END_OF_SENDER_CLEARS_PENDING: bool = true;
