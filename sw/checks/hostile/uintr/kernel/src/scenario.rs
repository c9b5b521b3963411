//! The attacker's rights, and what it may have changed.

use crate::{Report, victim};
use process::{Thread, hostile::VICTIM_HART, uintc};
use supervisor::{
    hal::{
        csr,
        soc::{csr as number, uintc as register},
    },
    println,
};
use uintc::{Location, Refusal, SenderTable};
use uintr::{Pending, Vector};

const ENTRIES: u16 = register::LOW_COUNT as u16;

/// The only receiver that the attacker may send to, with this vector and this entry of its table.
const FRIEND: u16 = 200;
const FRIEND_VECTOR: Vector = Vector::new(5);
const FRIEND_INDEX: usize = 3;
/// The attacker's own receiver.
const OWN: u16 = 201;

/// The rights of the attacks in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scenario {
    Nothing = 0,
    Sender = 1,
    Receiver = 2,
}

/// The contents of entry `n` before the attack: inactive on the victim's hart and on the
/// attacker's, active on harts that do not exist, and with pending vectors.
fn initial(entry: u16) -> (Location, Pending) {
    let location = match entry % 3 {
        0 => Location { active: false, mode: false, hart: 1 },
        1 => Location { active: false, mode: true, hart: 0 },
        _ => Location { active: true, mode: true, hart: 0x4000 + entry },
    };
    let odd = u64::from(entry) << 1 | 1;
    (location, Pending(odd.wrapping_mul(0x9e37_79b9_7f4a_7c15) & !FRIEND_VECTOR.mask()))
}

/// Fills every entry except the victim's.
pub fn fill_entries() {
    for entry in (0..ENTRIES).filter(|entry| *entry != victim::ENTRY) {
        let (location, pending) = initial(entry);
        uintc().clear(entry);
        uintc().set_location(entry, location);
        uintc().add_pending(entry, pending);
    }
}

/// The attacker's table: one entry that it may use, and others that would reach the victim if a
/// check were missing. The victim's table lies behind it and is full of such entries.
pub fn fill_tables(attacker: &'static SenderTable, victims: &'static SenderTable) {
    const VALID: u64 = 1;
    let entry =
        |flags: u64, vector: u64, receiver: u16| flags | vector << 16 | u64::from(receiver) << 48;
    for index in 0..SenderTable::ENTRIES {
        let word = match index % 4 {
            FRIEND_INDEX if index == FRIEND_INDEX => {
                entry(VALID, FRIEND_VECTOR.number().into(), FRIEND)
            }
            0 => entry(0xfffe, index as u64 % 64, victim::ENTRY),
            1 => entry(VALID, 64 + index as u64, victim::ENTRY),
            2 => entry(VALID, 9, ENTRIES | victim::ENTRY),
            _ => entry(VALID, 1 << 15 | 9, victim::ENTRY),
        };
        poke(attacker, index, word);
        poke(victims, index, entry(VALID, index as u64 % 64, victim::ENTRY));
    }
    assert_eq!(victims as *const _ as usize - attacker as *const _ as usize, 4096);
}

fn poke(table: &'static SenderTable, index: usize, word: u64) {
    let start = (table as *const SenderTable).cast::<u64>().cast_mut();
    // SAFETY: within the table, which is made of atomics.
    unsafe { start.add(index).write_volatile(word) };
}

impl Scenario {
    pub const ALL: [Self; 3] = [Self::Nothing, Self::Sender, Self::Receiver];

    pub fn name(self) -> &'static str {
        match self {
            Self::Nothing => "without rights",
            Self::Sender => "with a sender table",
            Self::Receiver => "as a receiver",
        }
    }

    /// Switches to the attacker's thread, with its rights.
    pub fn give_rights(self, thread: &mut Thread) {
        if self == Self::Receiver {
            thread.receiver = Some(OWN);
        }
        thread.switch_to(0);
        // SAFETY: concerns U-mode alone.
        unsafe {
            if self == Self::Nothing {
                csr::write::<{ number::SUIST }>(0);
            }
            csr::write::<{ number::SUIERR }>(0);
        }
    }

    /// Whether the attacker changed only what it had a right to.
    pub fn check(self, report: &Report) -> bool {
        let mut sound = report.surprises == 0;
        for entry in (0..ENTRIES).filter(|entry| *entry != victim::ENTRY && *entry != OWN) {
            let (location, mut pending) = initial(entry);
            if entry == FRIEND && self != Self::Nothing {
                pending.0 |= FRIEND_VECTOR.mask();
            }
            let found = (uintc().location(entry), uintc().take_pending(entry));
            uintc().add_pending(entry, found.1);
            if found != (location, pending) {
                println!("      entry {entry}: {found:x?}, not {:x?}", (location, pending));
                sound = false;
            }
        }
        let expected = Location::on(VICTIM_HART);
        if uintc().location(victim::ENTRY) != expected {
            println!("      the victim's entry: {:x?}", uintc().location(victim::ENTRY));
            sound = false;
        }
        sound & self.check_refusals(report.executed)
    }

    /// Whether every UIPI without a right was refused and counted.
    fn check_refusals(self, executed: usize) -> bool {
        let permitted = match self {
            Self::Nothing => 0,
            Self::Sender => 1,
            // READ, WRITE, ACTIVATE and DEACTIVATE concern the attacker's own receiver.
            Self::Receiver => 5,
        };
        let refusal = Refusal::decode(csr::read::<{ number::SUIERR }>());
        let refused = refusal.map_or(0, |refusal| refusal.count.into());
        if refused + permitted != executed {
            println!("      of {executed} UIPI {refused} were refused, {permitted} permitted");
        }
        refused + permitted == executed
    }
}
