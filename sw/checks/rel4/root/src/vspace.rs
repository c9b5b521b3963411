//! Address spaces: frames, page tables, ASIDs.

use crate::{
    check::{Outcome, Test},
    equal, expect,
    helper::place,
    refused,
};
use core::ptr;
use root::{FLAT, PAGE, Root};
use sel4::{
    AsidControl, AsidPool, Cap, Label, LookupFailure, ObjectType, Page, PageTable, Rights, Untyped,
    abi::{USER_TOP, object, slot},
    invoke,
};

pub const TESTS: &[Test] = &[
    ("two mappings of a frame are the same memory", shared),
    ("a large page is mapped", large),
    ("an unmapped frame keeps its contents", kept),
    ("mapping again with other rights, at the same address", again),
    ("a frame that is mapped goes nowhere else", elsewhere),
    ("an address that is in use is refused", in_use),
    ("addresses that cannot be are refused", bad_address),
    ("a missing page table is told", missing_table),
    ("a space that is none is refused", no_space),
    ("a page table is mapped once", table_once),
    ("the table of an address space is not unmapped", root_table),
    ("the physical address is told", physical),
    ("a root is assigned once", assigned_once),
    ("an ASID pool is made of an untyped object of its size", make_pool),
    ("messages that are too short are refused", truncated),
    ("deleting a page table unmaps what it maps", delete_table),
    ("deleting an address space, its frames can be mapped elsewhere", delete_space),
];

fn peek(address: usize) -> usize {
    // SAFETY: a page that the test has mapped.
    unsafe { ptr::with_exposed_provenance::<usize>(address).read_volatile() }
}

fn poke(address: usize, word: usize) {
    // SAFETY: as for `peek`.
    unsafe { ptr::with_exposed_provenance_mut::<usize>(address).write_volatile(word) }
}

fn page(root: &mut Root) -> Outcome<Page> {
    Ok(root.object(ObjectType::Page, 0)?)
}

fn shared(root: &mut Root) -> Outcome {
    let (page, first) = root.new_page()?;
    let copy = root.copy(page)?;
    let second = root.map_here(copy, PAGE)?;
    poke(first, 1234);
    equal!(peek(second), 1234);
    poke(second + PAGE - 8, 5678);
    equal!(peek(first + PAGE - 8), 5678);
    Ok(())
}

fn large(root: &mut Root) -> Outcome {
    let page: Page = root.object(ObjectType::MegaPage, 0)?;
    let bytes = 1 << object::MEGA_PAGE_BITS;
    let address = root.map_here(page, bytes)?;
    equal!(peek(address), 0);
    poke(address + bytes - 8, 99);
    page.unmap()?;
    let again = root.map_here(page, bytes)?;
    equal!(peek(again + bytes - 8), 99);
    refused!(page.map(root.space.table, again + PAGE, Rights::READ, 0), AlignmentError);
    Ok(())
}

fn kept(root: &mut Root) -> Outcome {
    let (page, first) = root.new_page()?;
    poke(first, 42);
    page.unmap()?;
    page.unmap()?;
    let second = root.map_here(page, PAGE)?;
    expect!(first != second);
    equal!(peek(second), 42);
    Ok(())
}

fn again(root: &mut Root) -> Outcome {
    let (page, address) = root.new_page()?;
    poke(address, 7);
    page.map(root.space.table, address, Rights::READ, FLAT)?;
    equal!(peek(address), 7);
    page.map(root.space.table, address, Rights::READ_WRITE, FLAT)?;
    poke(address, 8);
    equal!(peek(address), 8);
    Ok(())
}

fn elsewhere(root: &mut Root) -> Outcome {
    let (page, address) = root.new_page()?;
    let space = root.new_space()?;
    let result = page.map(root.space.table, address + PAGE, Rights::READ, FLAT);
    refused!(result, InvalidArgument, 0);
    let other = root.object(ObjectType::Page, 0)?;
    root.map(space, other, address + PAGE, Rights::READ, FLAT)?;
    let result = page.map(space.table, address, Rights::READ, FLAT);
    refused!(result, InvalidCapability, 1);
    Ok(())
}

fn in_use(root: &mut Root) -> Outcome {
    let (_, address) = root.new_page()?;
    let other = page(root)?;
    refused!(other.map(root.space.table, address, Rights::READ, FLAT), DeleteFirst);
    Ok(())
}

fn bad_address(root: &mut Root) -> Outcome {
    let page = page(root)?;
    let space = root.space.table;
    let free = root.reserve(PAGE);
    refused!(page.map(space, free + 8, Rights::READ, FLAT), AlignmentError);
    for address in [USER_TOP, usize::MAX - PAGE + 1, 1 << 63] {
        refused!(page.map(space, address, Rights::READ, FLAT), InvalidArgument, 0);
    }
    let table: PageTable = root.object(ObjectType::PageTable, 0)?;
    refused!(table.map(space, USER_TOP), InvalidArgument, 0);
    Ok(())
}

fn missing_table(root: &mut Root) -> Outcome {
    let space = root.new_space()?;
    let page = page(root)?;
    for bits_left in [object::GIGA_PAGE_BITS, object::MEGA_PAGE_BITS] {
        let result = page.map(space.table, 0x1_0000, Rights::READ, FLAT);
        refused!(result, FailedLookup);
        let missing = Some((false, LookupFailure::MissingCapability { bits_left }));
        expect!(result.is_err_and(|failure| failure.lookup() == missing));
        let table: PageTable = root.object(ObjectType::PageTable, 0)?;
        table.map(space.table, 0x1_0000)?;
    }
    page.map(space.table, 0x1_0000, Rights::READ, FLAT)?;
    Ok(())
}

fn no_space(root: &mut Root) -> Outcome {
    let page = page(root)?;
    let unassigned: PageTable = root.object(ObjectType::PageTable, 0)?;
    for space in [PageTable(slot::TCB), unassigned] {
        refused!(page.map(space, 0x1_0000, Rights::READ, FLAT), InvalidCapability, 1);
        let table: PageTable = root.object(ObjectType::PageTable, 0)?;
        refused!(table.map(space, 0x1_0000), InvalidCapability, 1);
    }
    Ok(())
}

fn table_once(root: &mut Root) -> Outcome {
    let space = root.new_space()?;
    let table: PageTable = root.object(ObjectType::PageTable, 0)?;
    table.map(space.table, 0x1_0000)?;
    refused!(table.map(space.table, 1 << 35), InvalidCapability, 0);
    table.unmap()?;
    table.map(space.table, 1 << 35)?;
    Ok(())
}

fn root_table(root: &mut Root) -> Outcome {
    let space = root.new_space()?;
    refused!(space.table.unmap(), RevokeFirst);
    let table: PageTable = root.object(ObjectType::PageTable, 0)?;
    table.map(space.table, 0x1_0000)?;
    root.copy(table)?;
    refused!(table.unmap(), RevokeFirst);
    Ok(())
}

fn physical(root: &mut Root) -> Outcome {
    let (first, second) = (page(root)?, page(root)?);
    let (a, b) = (first.physical_address()?, second.physical_address()?);
    expect!(a != b && a % PAGE == 0 && b % PAGE == 0);
    expect!((soc::DRAM_BASE..soc::DRAM_BASE + (1 << 32)).contains(&a));
    Ok(())
}

fn assigned_once(root: &mut Root) -> Outcome {
    let space = root.new_space()?;
    let pool = AsidPool(slot::ASID_POOL);
    refused!(pool.assign(space.table), InvalidCapability, 1);
    refused!(pool.assign(PageTable(slot::TCB)), InvalidCapability, 1);
    Ok(())
}

fn make_pool(root: &mut Root) -> Outcome {
    let control = AsidControl(slot::ASID_CONTROL);
    let memory: Untyped = root.object(ObjectType::Untyped, object::ASID_POOL_BITS)?;
    let to = root.slot()?;
    control.make_pool(memory, to)?;
    let table: PageTable = root.object(ObjectType::PageTable, 0)?;
    AsidPool::at(to.index).assign(table)?;
    let next = root.slot()?;
    refused!(control.make_pool(memory, next), RevokeFirst);
    refused!(control.make_pool(Untyped(slot::TCB), next), InvalidCapability, 1);
    let small: Untyped = root.object(ObjectType::Untyped, object::ASID_POOL_BITS - 1)?;
    refused!(control.make_pool(small, next), InvalidCapability, 1);
    let fresh: Untyped = root.object(ObjectType::Untyped, object::ASID_POOL_BITS)?;
    refused!(control.make_pool(fresh, to), DeleteFirst);
    Ok(())
}

fn truncated(root: &mut Root) -> Outcome {
    let page = page(root)?;
    let space = root.space.table;
    refused!(invoke(page.0, Label::PageMap, &[space.0], &[0, 0]), TruncatedMessage);
    refused!(invoke(page.0, Label::PageMap, &[], &[0, 0, 0]), TruncatedMessage);
    let table: PageTable = root.object(ObjectType::PageTable, 0)?;
    refused!(invoke(table.0, Label::PageTableMap, &[space.0], &[0]), TruncatedMessage);
    refused!(invoke(table.0, Label::PageTableMap, &[], &[0, 0]), TruncatedMessage);
    refused!(invoke(slot::ASID_POOL, Label::AsidPoolAssign, &[], &[]), TruncatedMessage);
    let make = Label::AsidControlMakePool;
    refused!(invoke(slot::ASID_CONTROL, make, &[1, 1], &[0]), TruncatedMessage);
    refused!(invoke(slot::ASID_CONTROL, make, &[1], &[0, 0]), TruncatedMessage);
    refused!(invoke(page.0, Label::TcbSuspend, &[], &[]), IllegalOperation);
    refused!(invoke(table.0, Label::TcbSuspend, &[], &[]), IllegalOperation);
    Ok(())
}

fn delete_table(root: &mut Root) -> Outcome {
    let space = root.new_space()?;
    let mut last = PageTable(0);
    for _ in 0..2 {
        last = root.object(ObjectType::PageTable, 0)?;
        last.map(space.table, 0x1_0000)?;
    }
    let page = page(root)?;
    page.map(space.table, 0x1_0000, Rights::READ, FLAT)?;
    place(last).delete()?;
    refused!(page.map(space.table, 0x1_0000, Rights::READ, FLAT), FailedLookup);
    Ok(())
}

fn delete_space(root: &mut Root) -> Outcome {
    let space = root.new_space()?;
    let page = page(root)?;
    root.map(space, page, 0x1_0000, Rights::READ, FLAT)?;
    place(space.table).delete()?;
    page.unmap()?;
    let address = root.map_here(page, PAGE)?;
    equal!(peek(address), 0);
    Ok(())
}
