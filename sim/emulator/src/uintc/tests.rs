//! UINTC against its clauses, and against a table that is searched for each answer.

use proptest::prelude::*;

use super::*;

const ERROR: u64 = 0x4000;
const RECEIVERS: usize = 3;
const HARTS: usize = 2;

fn at(index: u64, register: u64) -> u64 {
    ENTRY_BYTES * index + 8 * register
}

fn write(uintc: &mut Uintc, offset: u64, value: u64) {
    uintc.write(offset, 8, value).unwrap();
}

fn read(uintc: &mut Uintc, offset: u64) -> u64 {
    uintc.read(offset, 8).unwrap()
}

#[test]
fn the_identity_tells_the_sizes() {
    let mut uintc = Uintc::new(512, 4);
    for index in [0, 511] {
        assert_eq!(read(&mut uintc, at(index, ID_OR_SEND)), 0x5549_0001_0004_0200);
    }
}

#[test]
fn a_vector_interrupts_while_its_entry_is_active() {
    let mut uintc = Uintc::new(RECEIVERS, HARTS);
    write(&mut uintc, at(1, ID_OR_SEND), 63);
    assert_eq!(uintc.lines(), 0);
    write(&mut uintc, at(1, LOW), 1 << 16 | 1);
    assert_eq!(uintc.lines(), 0b10);
    write(&mut uintc, at(1, LOW), 1);
    assert_eq!(uintc.lines(), 0b01);
    write(&mut uintc, at(1, ACTIVE), !1);
    assert_eq!(uintc.lines(), 0);
    write(&mut uintc, at(1, ACTIVE), 1);
    assert_eq!(read(&mut uintc, at(1, HIGH)), 1 << 63);
    assert_eq!((uintc.lines(), read(&mut uintc, at(1, HIGH))), (0, 0));
}

#[test]
fn reserved_bits_read_0_and_mode_is_kept() {
    let mut uintc = Uintc::new(RECEIVERS, HARTS);
    write(&mut uintc, at(2, LOW), u64::MAX);
    assert_eq!(read(&mut uintc, at(2, LOW)), 0xFFFF_0003);
    assert_eq!(read(&mut uintc, at(2, ACTIVE)), 1);
}

#[test]
fn of_several_reasons_the_last_counts() {
    let mut uintc = Uintc::new(RECEIVERS, HARTS);
    write(&mut uintc, at(1, ID_OR_SEND), 64);
    assert_eq!(read(&mut uintc, ERROR), 1 << 32 | 1 << 16 | 1 << 10 | 1);
    write(&mut uintc, at(7, ID_OR_SEND), 64);
    assert_eq!(read(&mut uintc, ERROR), 2 << 32 | 7 << 16 | 1 << 10 | 2);
    assert_eq!(uintc.read(at(7, HIGH), 8), Ok(0));
    assert_eq!(read(&mut uintc, ERROR), 3 << 32 | 7 << 16 | HIGH << 8 | 2);
    assert_eq!(uintc.read(at(7, HIGH) + 4, 4), Err(BusError));
    assert_eq!(read(&mut uintc, ERROR), 4 << 32 | 7 << 16 | HIGH << 8 | 3);
    write(&mut uintc, ERROR, 1);
    assert_eq!(read(&mut uintc, ERROR), 0);
}

#[test]
fn the_error_page_records_nothing_of_itself() {
    let mut uintc = Uintc::new(RECEIVERS, HARTS);
    assert_eq!(uintc.read(ERROR, 4), Err(BusError));
    assert_eq!(uintc.write(ERROR, 4, 0), Ok(()));
    write(&mut uintc, ERROR + 8, 5);
    assert_eq!((read(&mut uintc, ERROR + 8), read(&mut uintc, ERROR)), (0, 0));
    assert_eq!(uintc.read(WINDOW_BYTES, 8), Err(BusError));
}

#[test]
fn the_count_stays_at_its_limit() {
    let mut uintc = Uintc::new(RECEIVERS, HARTS);
    for _ in 0..0x1_0001 {
        write(&mut uintc, at(0, ID_OR_SEND), 64);
    }
    assert_eq!(read(&mut uintc, ERROR) >> 32, 0xFFFF);
}

/// A store to the table.
fn store() -> impl Strategy<Value = (u64, u32, u64)> {
    let value = prop_oneof![
        0..70u64,
        any::<u64>(),
        (0..4u64, 0..4u64).prop_map(|(hart, low)| hart << 16 | low)
    ];
    (0..4u64, 0..4u64, prop_oneof![9 => Just(8u32), 1 => Just(4)], value)
        .prop_map(|(index, register, size, value)| (at(index, register), size, value))
}

proptest! {
    /// UINTC-4.1, searched in the whole table.
    #[test]
    fn lines_are_high_for_active_entries_with_vectors(
        operations in prop::collection::vec((any::<bool>(), store()), 1..60),
    ) {
        let mut uintc = Uintc::new(RECEIVERS, HARTS);
        for (reads, (offset, size, value)) in operations {
            if reads {
                let _ = uintc.read(offset, size);
            } else {
                uintc.write(offset, size, value).unwrap();
            }
            let wanted = uintc
                .entries
                .iter()
                .filter(|entry| entry.active && entry.pending != 0)
                .filter(|entry| usize::from(entry.hart) < HARTS)
                .fold(0, |lines, entry| lines | 1 << entry.hart);
            prop_assert_eq!(uintc.lines(), wanted);
        }
    }

    /// UINTC-3.7, UINTC-5.2: what was posted is taken once, and a refusal changes no entry.
    #[test]
    fn every_vector_is_taken_once(sends in prop::collection::vec((0..4u64, 0..80u64), 0..80)) {
        let mut uintc = Uintc::new(RECEIVERS, HARTS);
        let mut posted = [0u64; RECEIVERS];
        for (index, vector) in sends {
            uintc.write(at(index, ID_OR_SEND), 8, vector).unwrap();
            if vector < VECTORS && index < RECEIVERS as u64 {
                posted[index as usize] |= 1 << vector;
            }
        }
        for (index, wanted) in posted.into_iter().enumerate() {
            prop_assert_eq!(read(&mut uintc, at(index as u64, HIGH)), wanted);
            prop_assert_eq!(read(&mut uintc, at(index as u64, HIGH)), 0);
        }
    }
}
