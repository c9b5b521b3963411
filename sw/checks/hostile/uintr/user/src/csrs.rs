//! Every CSR number.

use hal::soc::{cause::ILLEGAL_INSN, csr as number};
use rt::{
    attempt::{Attempt, End, Surprises},
    attempts,
};

const NUMBERS: usize = 4096;
const COUNTERS: u16 = 32;

const USER: [u16; 8] = [
    number::USTATUS,
    number::UIE,
    number::UTVEC,
    number::USCRATCH,
    number::UEPC,
    number::UCAUSE,
    number::UTVAL,
    number::UIP,
];

// CSRRS a0, n, x0; CSRRW, CSRRS, CSRRC a0, n, a1.
attempts!("csr_reads", "4096", "0x2073 | 10 << 7 | attempt << 20");
attempts!("csr_writes", "4096", "0x1073 | 10 << 7 | 11 << 15 | attempt << 20");
attempts!("csr_sets", "4096", "0x2073 | 10 << 7 | 11 << 15 | attempt << 20");
attempts!("csr_clears", "4096", "0x3073 | 10 << 7 | 11 << 15 | attempt << 20");

unsafe extern "C" {
    static csr_reads: [Attempt; NUMBERS];
    static csr_writes: [Attempt; NUMBERS];
    static csr_sets: [Attempt; NUMBERS];
    static csr_clears: [Attempt; NUMBERS];
}

/// Tries all CSRs. Those of U-mode are there for a `receiver` only; restores each of them.
pub fn attack(surprises: &mut Surprises, receiver: bool) {
    // SAFETY: the tables above.
    let (reads, writes, sets, clears) =
        unsafe { (&csr_reads, &csr_writes, &csr_sets, &csr_clears) };
    for index in 0..NUMBERS {
        let writable = receiver && USER.contains(&(index as u16));
        let counter = (number::CYCLE..=number::INSTRET).contains(&(index as u16));
        // Counters of events: a hart may have fewer.
        let event = (number::HPMCOUNTER3..number::CYCLE + COUNTERS).contains(&(index as u16));
        let mut expect = |end: End, allowed: bool| {
            let expected = match end {
                End::Done(_) => allowed,
                End::Trapped(cause) => !allowed && cause == ILLEGAL_INSN,
            };
            surprises.unless(expected, format_args!("CSR {index:#x}: {end:x?}"));
        };
        let before = reads[index].run(0);
        expect(before, writable || counter || event && before != End::Trapped(ILLEGAL_INSN));
        for (attempts, operand) in [(writes, usize::MAX), (sets, usize::MAX), (clears, usize::MAX)]
        {
            expect(attempts[index].run(operand), writable);
            if let (true, End::Done(value)) = (writable, before) {
                writes[index].run(value);
            }
        }
    }
}
