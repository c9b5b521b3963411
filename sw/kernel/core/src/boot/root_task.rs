//! The objects of the root task, and its boot information.

use super::{Boot, BootError, Memories, Region};
use crate::{
    Cap, Kernel, Slot, Tcb,
    cap::{FrameRights, Mapping},
    kernel::TIME_SLICE,
    machine::{Machine, Memory},
    object::{State, reg},
    paging,
    slot::Node,
};
use abi::{
    MAX_PRIORITY, USER_TOP,
    boot_info::{EXTRA_DEVICE_TREE, ROOT_CNODE_BITS, place},
    object::{
        ASID_POOL_BITS, PAGE_BITS, PAGE_TABLE_BITS, PAGE_TABLE_INDEX_BITS, SLOT_BITS, TCB_BITS,
    },
    slot,
};

const PAGE: usize = 1 << PAGE_BITS;
/// Bytes of the head of further boot information.
const HEAD: usize = 16;
/// The ASID of the root task.
const ASID: usize = 1;

/// What is being built.
pub(super) struct Builder<'a, M> {
    pub kernel: &'a mut Kernel<M>,
    pub memory: Memories,
    /// Address of the CNode.
    pub cnode: usize,
    pub next_slot: usize,
    pub info: usize,
    root: usize,
}

impl<M: Machine> Kernel<M> {
    pub(super) fn make_root_task(&mut self, boot: Boot) -> Result<Tcb, BootError> {
        let extra = match boot.device_tree.is_empty() {
            true => 0,
            false => HEAD + boot.device_tree.end - boot.device_tree.start,
        };
        let image_end = boot.image_virtual + (boot.image.end - boot.image.start);
        let buffer = image_end.next_multiple_of(PAGE);
        let info = buffer + PAGE;
        let end = info + PAGE + extra.next_multiple_of(PAGE);
        if end > USER_TOP {
            return Err(BootError::BadImage);
        }
        let mut builder = Builder::new(self, boot.memory)?;
        builder.info = builder.take(PAGE_BITS)?;
        builder.tables(Region::new(boot.image_virtual, end))?;
        builder.put(slot::CNODE, builder.cnode_cap());
        builder.put(slot::IRQ_CONTROL, Cap::IRQ_CONTROL);
        builder.put(slot::DOMAIN, Cap::DOMAIN);
        let info_frame = builder.info;
        builder.map(slot::BOOT_INFO, info_frame, info);
        let buffer_frame = builder.take(PAGE_BITS)?;
        builder.map(slot::IPC_BUFFER, buffer_frame, buffer);
        builder.extra(&boot, extra, info + PAGE)?;
        builder.image(&boot)?;
        builder.asid_pool()?;
        builder.describe(buffer, extra, boot.harts);
        let thread = builder.thread(boot.entry, info, buffer)?;
        builder.untyped(boot.devices)?;
        builder.finish();
        Ok(thread)
    }
}

impl<'a, M: Machine> Builder<'a, M> {
    fn new(kernel: &'a mut Kernel<M>, memory: Memories) -> Result<Self, BootError> {
        let mut builder =
            Self { kernel, memory, cnode: 0, next_slot: slot::FIRST_FREE, info: 0, root: 0 };
        builder.cnode = builder.take(ROOT_CNODE_BITS + SLOT_BITS)?;
        builder.root = builder.take(PAGE_TABLE_BITS)?;
        Ok(builder)
    }

    /// Takes memory, and clears it. Returns its address in the window.
    fn take(&mut self, bits: usize) -> Result<usize, BootError> {
        let physical = self.memory.take(bits).ok_or(BootError::NoMemory)?;
        let address = self.kernel.machine.window(physical);
        self.kernel.machine.clear(address, 1 << bits);
        Ok(address)
    }

    fn slot(&self, index: usize) -> Slot {
        Slot(self.cnode + (index << SLOT_BITS))
    }

    fn put(&mut self, index: usize, cap: Cap) {
        let slot = self.slot(index);
        slot.set_cap(self.kernel, cap);
        slot.set_node(self.kernel, Node { revocable: true, first_badged: true, ..Node::ALONE });
    }

    /// Puts a capability into the next slot.
    pub(super) fn add(&mut self, cap: Cap) -> Result<(), BootError> {
        if self.next_slot >= 1 << ROOT_CNODE_BITS {
            return Err(BootError::NoSlots);
        }
        self.put(self.next_slot, cap);
        self.next_slot += 1;
        Ok(())
    }

    fn cnode_cap(&self) -> Cap {
        let guard_bits = usize::BITS as usize - ROOT_CNODE_BITS;
        Cap::cnode(self.cnode, ROOT_CNODE_BITS, 0, guard_bits)
    }

    pub(super) fn set_info(&mut self, word: usize, value: usize) {
        self.kernel.store(self.info + 8 * word, value);
    }

    fn set_region(&mut self, word: usize, start: usize) {
        self.set_info(word, start);
        self.set_info(word + 1, self.next_slot);
    }

    /// Makes the root table and the page tables for a range of virtual addresses.
    fn tables(&mut self, range: Region) -> Result<(), BootError> {
        self.kernel.machine.link_kernel(self.root);
        let mapping = Mapping { asid: ASID, vaddr: 0 };
        self.put(slot::VSPACE, Cap::page_table(self.root, true, mapping));
        let first = self.next_slot;
        for level in [2, 1] {
            let step = 1 << (PAGE_BITS + PAGE_TABLE_INDEX_BITS * level);
            let mut vaddr = range.start & !(step - 1);
            while vaddr < range.end {
                let entry = paging::walk(&self.kernel.machine, self.root, vaddr);
                let table = self.take(PAGE_TABLE_BITS)?;
                let physical = self.kernel.machine.physical(table);
                self.kernel.store(entry.address, paging::table_entry(physical));
                self.add(Cap::page_table(table, true, Mapping { asid: ASID, vaddr }))?;
                vaddr += step;
            }
        }
        self.set_region(place::IMAGE_PAGING, first);
        Ok(())
    }

    /// Maps a page for reading, writing and execution. Returns its capability.
    fn map_page(&mut self, frame: usize, vaddr: usize) -> Cap {
        let entry = paging::walk(&self.kernel.machine, self.root, vaddr);
        let physical = self.kernel.machine.physical(frame);
        let word = paging::frame_entry(physical, FrameRights::ReadWrite, true);
        self.kernel.store(entry.address, word);
        Cap::frame(frame, 0, FrameRights::ReadWrite, false, Mapping { asid: ASID, vaddr })
    }

    fn map(&mut self, index: usize, frame: usize, vaddr: usize) {
        let cap = self.map_page(frame, vaddr);
        self.put(index, cap);
    }

    /// The device tree, on pages behind the boot information.
    fn extra(&mut self, boot: &Boot, bytes: usize, vaddr: usize) -> Result<(), BootError> {
        let first = self.next_slot;
        for page in 0..bytes.div_ceil(PAGE) {
            let frame = self.take(PAGE_BITS)?;
            let cap = self.map_page(frame, vaddr + page * PAGE);
            self.add(cap)?;
            for word in 0..PAGE / 8 {
                let at = page * PAGE + 8 * word;
                let value = match at {
                    0 => EXTRA_DEVICE_TREE,
                    8 => bytes,
                    _ if at < bytes => {
                        let source = boot.device_tree.start + at - HEAD;
                        self.kernel.load(self.kernel.machine.window(source))
                    }
                    _ => break,
                };
                self.kernel.store(frame + 8 * word, value);
            }
        }
        self.set_region(place::EXTRA_PAGES, first);
        Ok(())
    }

    fn image(&mut self, boot: &Boot) -> Result<(), BootError> {
        let first = self.next_slot;
        for offset in (0..boot.image.end - boot.image.start).step_by(PAGE) {
            let frame = self.kernel.machine.window(boot.image.start + offset);
            let cap = self.map_page(frame, boot.image_virtual + offset);
            self.add(cap)?;
        }
        self.set_region(place::IMAGE_FRAMES, first);
        Ok(())
    }

    fn asid_pool(&mut self) -> Result<(), BootError> {
        let pool = self.take(ASID_POOL_BITS)?;
        self.kernel.asid_pools[0] = pool;
        let root = self.root;
        self.kernel.store(pool + 8 * ASID, root);
        self.put(slot::ASID_POOL, Cap::asid_pool(pool, 0));
        self.put(slot::ASID_CONTROL, Cap::ASID_CONTROL);
        Ok(())
    }

    fn describe(&mut self, buffer: usize, extra: usize, harts: usize) {
        self.set_info(place::EXTRA_BYTES, extra);
        self.set_info(place::NODES, harts);
        self.set_info(place::IPC_BUFFER, buffer);
        self.set_info(place::CNODE_BITS, ROOT_CNODE_BITS);
        let domain = self.kernel.domain;
        self.set_info(place::DOMAIN, domain);
    }

    fn thread(&mut self, entry: usize, info: usize, buffer: usize) -> Result<Tcb, BootError> {
        let thread = Tcb(self.take(TCB_BITS)?);
        self.put(slot::TCB, Cap::thread(thread.0));
        for (index, target) in [(slot::CNODE, thread.cspace()), (slot::VSPACE, thread.vspace())] {
            let source = self.slot(index);
            let cap = source.cap(self.kernel);
            self.kernel.insert(cap, source, target);
        }
        let frame = self.slot(slot::IPC_BUFFER);
        let copy = frame.cap(self.kernel).with_mapping(Mapping::NONE);
        self.kernel.insert(copy, frame, thread.buffer());
        let kernel = &mut *self.kernel;
        kernel.set_up_reply(thread);
        thread.set_ipc_buffer(kernel, buffer);
        thread.set_register(kernel, reg::A0, info);
        thread.set_register(kernel, reg::FAULT_IP, entry);
        thread.set_register(kernel, reg::NEXT_IP, entry);
        thread.set_priority(kernel, MAX_PRIORITY);
        thread.set_max_priority(kernel, MAX_PRIORITY);
        thread.set_time_slice(kernel, TIME_SLICE);
        thread.set_state(kernel, State::Running);
        Ok(thread)
    }

    /// All slots behind those that are used are empty.
    fn finish(&mut self) {
        self.set_info(place::EMPTY, self.next_slot);
        self.set_info(place::EMPTY + 1, 1 << ROOT_CNODE_BITS);
    }
}
