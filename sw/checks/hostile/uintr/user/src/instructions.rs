//! UIPI: every form, every index.

use hal::soc::cause::ILLEGAL_INSN;
use rt::{
    attempt::{Attempt, End, Surprises},
    attempts,
};

const FUNCT3: usize = 8;
const FUNCT7: usize = 128;
const RS2: usize = 32;

/// The legal form: funct3 6, operations 0 to 4.
const UIPI: usize = 6;
const OPERATIONS: usize = 5;
const READ: usize = 1;

// `rd` is a0, `rs1` is a1.
attempts!(
    "uipi_forms",
    "1024",
    "0x7b | 10 << 7 | 11 << 15 | (attempt & 7) << 12 | (attempt >> 3) << 25"
);
attempts!(
    "uipi_operands",
    "160",
    "0x607b | 10 << 7 | 11 << 15 | (attempt & 31) << 20 | (attempt >> 5) << 25"
);

unsafe extern "C" {
    static uipi_forms: [Attempt; FUNCT3 * FUNCT7];
    static uipi_operands: [Attempt; RS2 * OPERATIONS];
}

/// Tries all forms. Without rights (`given`) none exists. Returns the number of executed UIPI.
pub fn attack(surprises: &mut Surprises, given: bool, receiver: bool) -> usize {
    // SAFETY: the tables above.
    let (forms, operands) = unsafe { (&uipi_forms, &uipi_operands) };
    let mut executed = 0;
    // An index outside every table, which is also a mask for WRITE.
    const OPERAND: usize = 0xffff_0000_0000_ffff;
    for (number, form) in forms.iter().enumerate() {
        let (funct3, funct7) = (number % FUNCT3, number / FUNCT3);
        let end = form.run(OPERAND);
        let exists = given && funct3 == UIPI && funct7 < OPERATIONS;
        executed += usize::from(exists);
        let expected = match end {
            End::Done(0) => exists,
            End::Done(_) => exists && funct7 == READ && receiver,
            End::Trapped(cause) => !exists && cause == ILLEGAL_INSN,
        };
        surprises.unless(expected, format_args!("funct3 {funct3}, funct7 {funct7}: {end:x?}"));
    }
    for (number, form) in operands.iter().enumerate().filter(|(number, _)| number % RS2 != 0) {
        let end = form.run(OPERAND);
        let expected = end == End::Trapped(ILLEGAL_INSN);
        surprises.unless(expected, format_args!("rs2 {}: {end:x?}", number % RS2));
    }
    let send = &forms[UIPI];
    for index in (0..4096).chain(wild()) {
        let end = send.run(index);
        let expected = if given { End::Done(0) } else { End::Trapped(ILLEGAL_INSN) };
        surprises.unless(end == expected, format_args!("send {index:#x}: {end:x?}"));
        executed += usize::from(given);
    }
    executed
}

/// Indices with one high bit, next to valid entries. The bit may vanish when the index is
/// multiplied by 8.
fn wild() -> impl Iterator<Item = usize> {
    (12..64).flat_map(|bit| [1 << bit, 1 << bit | 3, usize::MAX << bit])
}
