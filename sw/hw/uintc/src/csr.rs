//! Values of `suist`, `suirs` and `suierr`.

use soc::{refusal, suierr, suirs as suirs_field, suist as suist_field};

const PAGE_SHIFT: u32 = 12;

/// `suist` for a sender table of `pages` pages at physical address `table`. 0 forbids SEND.
pub const fn suist(table: usize, pages: usize) -> usize {
    suist_field::ENABLE | pages << suist_field::TABLE_PAGES.trailing_zeros() | table >> PAGE_SHIFT
}

/// `suirs` for the receiver with this entry. 0 makes the thread no receiver.
pub const fn suirs(entry: u16) -> usize {
    suirs_field::ENABLE | entry as usize
}

/// Why a UIPI had no effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    SenderDisabled = refusal::SENDER_DISABLED as isize,
    BeyondTable = refusal::BEYOND_TABLE as isize,
    TableAccess = refusal::TABLE_ACCESS as isize,
    EntryInvalid = refusal::ENTRY_INVALID as isize,
    Vector = refusal::VECTOR as isize,
    Receiver = refusal::RECEIVER as isize,
    ReceiverDisabled = refusal::RECEIVER_DISABLED as isize,
    OwnReceiver = refusal::OWN_RECEIVER as isize,
}

impl Reason {
    const ALL: [Self; 8] = [
        Self::SenderDisabled,
        Self::BeyondTable,
        Self::TableAccess,
        Self::EntryInvalid,
        Self::Vector,
        Self::Receiver,
        Self::ReceiverDisabled,
        Self::OwnReceiver,
    ];
}

/// What `suierr` tells: the last UIPI without effect, and how many there were (at most 65535).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub reason: Reason,
    /// As in funct7.
    pub operation: u8,
    pub count: u16,
    /// Low word of `rs1`.
    pub operand: u32,
}

impl Refusal {
    /// `None` if there was none.
    pub fn decode(word: usize) -> Option<Self> {
        let number = field(word, suierr::REASON);
        let reason = Reason::ALL.into_iter().find(|reason| *reason as usize == number)?;
        Some(Self {
            reason,
            operation: field(word, suierr::OP) as u8,
            count: field(word, suierr::COUNT) as u16,
            operand: field(word, suierr::OPERAND) as u32,
        })
    }
}

/// The field of `word` that `mask` covers.
const fn field(word: usize, mask: usize) -> usize {
    (word & mask) >> mask.trailing_zeros()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_laid_out_as_specified() {
        assert_eq!(suist(0x8020_3000, 1), 1 << 63 | 1 << 44 | 0x8_0203);
        assert_eq!(suirs(511), 1 << 63 | 511);
    }

    #[test]
    fn a_refusal_is_taken_apart() {
        let refusal = Refusal::decode(0xdead_beef_0007_0102).unwrap();
        assert_eq!(refusal.reason, Reason::BeyondTable);
        assert_eq!((refusal.operation, refusal.count), (1, 7));
        assert_eq!(refusal.operand, 0xdead_beef);
        assert_eq!(Refusal::decode(0), None);
    }
}
