//! Mapping frames and page tables.

use super::host::Bench;
use abi::{Error, Label, ObjectType, Rights, USER_TOP, slot};

/// Slots of a frame and a page table.
fn objects() -> (Bench, usize, usize) {
    let mut bench = Bench::new();
    let (frame, table, untyped) = (bench.free, bench.free + 1, bench.untyped);
    assert_eq!(bench.retype(untyped, ObjectType::Page, 0, frame, 1).0, 0);
    assert_eq!(bench.retype(untyped, ObjectType::PageTable, 0, table, 1).0, 0);
    (bench, frame, table)
}

fn map(bench: &mut Bench, frame: usize, vaddr: usize) -> (usize, std::vec::Vec<usize>) {
    bench.invoke(frame, Label::PageMap, &[vaddr, Rights::READ_WRITE.0, 0], &[slot::VSPACE])
}

#[test]
fn a_frame_needs_its_page_tables() {
    let (mut bench, frame, table) = objects();
    let failed = map(&mut bench, frame, 0x4000_0000);
    assert_eq!(failed, (Error::FailedLookup as usize, std::vec![0, 2, 30]));
    let mapped = bench.invoke(table, Label::PageTableMap, &[0x4000_0000, 0], &[slot::VSPACE]);
    assert_eq!(mapped.0, 0);
    let failed = map(&mut bench, frame, 0x4000_0000);
    assert_eq!(failed, (Error::FailedLookup as usize, std::vec![0, 2, 21]));
}

#[test]
fn a_frame_is_mapped_once_at_a_place() {
    let (mut bench, frame, _) = objects();
    // The first page table of the image maps up to 0x20_0000.
    assert_eq!(map(&mut bench, frame, 0x10_0000).0, 0);
    assert_eq!(map(&mut bench, frame, 0x10_0000).0, 0);
    let elsewhere = map(&mut bench, frame, 0x11_0000);
    assert_eq!(elsewhere, (Error::InvalidArgument as usize, std::vec![0]));
    assert_eq!(map(&mut bench, slot::BOOT_INFO, 0x10_0000).0, Error::InvalidArgument as usize);
    assert_eq!(bench.invoke(frame, Label::PageUnmap, &[], &[]).0, 0);
    assert_eq!(map(&mut bench, frame, 0x11_0000).0, 0);
}

#[test]
fn places_that_nobody_can_map() {
    let (mut bench, frame, table) = objects();
    assert_eq!(map(&mut bench, frame, USER_TOP), (Error::InvalidArgument as usize, std::vec![0]));
    assert_eq!(map(&mut bench, frame, usize::MAX & !0xfff).0, Error::InvalidArgument as usize);
    assert_eq!(map(&mut bench, frame, 0x10_0008).0, Error::AlignmentError as usize);
    let high = bench.invoke(table, Label::PageTableMap, &[USER_TOP, 0], &[slot::VSPACE]);
    assert_eq!(high, (Error::InvalidArgument as usize, std::vec![0]));
}

#[test]
fn an_address_space_ends_with_its_root_table() {
    let (mut bench, frame, root) = objects();
    assert_eq!(bench.invoke(slot::ASID_POOL, Label::AsidPoolAssign, &[], &[root]).0, 0);
    let tables = bench.free + 2;
    let untyped = bench.untyped;
    assert_eq!(bench.retype(untyped, ObjectType::PageTable, 0, tables, 2).0, 0);
    for table in [tables, tables + 1] {
        assert_eq!(bench.invoke(table, Label::PageTableMap, &[0x8000, 0], &[root]).0, 0);
    }
    let words = [0x8000, Rights::READ_WRITE.0, 0];
    assert_eq!(bench.invoke(frame, Label::PageMap, &words, &[root]).0, 0);
    assert_eq!(bench.invoke(slot::CNODE, Label::CNodeDelete, &[root, 64], &[]).0, 0);
    // What was mapped there is mapped nowhere, and can be used again.
    assert_eq!(bench.invoke(frame, Label::PageUnmap, &[], &[]).0, 0);
    assert_eq!(map(&mut bench, frame, 0x10_0000).0, 0);
}
