//! Address spaces: mapping frames and page tables.

use crate::{
    Cap, Failure, Kernel, Kind, Tcb,
    cap::{Mapping, frame_bits},
    derive::mask_frame,
    invocation::Invocation,
    kernel::HARTS,
    machine::{Machine, Memory},
    paging::{self, Entry, Target},
};
use abi::{EXECUTE_NEVER, Label, LookupFailure, Rights, USER_TOP, object::PAGE_BITS};

impl<M: Machine> Kernel<M> {
    /// The root table and ASID that a capability names, if it is an address space of now.
    #[inline(always)]
    pub(crate) fn space(&self, cap: Cap) -> Option<(usize, usize)> {
        if !cap.is(Kind::PageTable) || !cap.is_mapped() {
            return None;
        }
        let asid = cap.mapping().asid;
        self.is_root(cap.pointer(), asid).then_some((cap.pointer(), asid))
    }

    /// Makes the address space of a thread that of the hart.
    #[inline]
    pub(crate) fn set_vspace_of(&mut self, thread: Tcb) {
        let cap = thread.vspace().cap(self);
        match self.space(cap) {
            Some((root, asid)) => self.use_space(root, asid),
            None => self.use_kernel_space(),
        }
    }

    #[inline(always)]
    pub(crate) fn use_space(&mut self, root: usize, asid: usize) {
        self.node_mut().space = root;
        self.machine.set_address_space(root, asid);
    }

    pub(crate) fn use_kernel_space(&mut self) {
        self.node_mut().space = 0;
        self.machine.set_kernel_space();
    }

    /// An address space ended: no hart uses its tables any more, whose memory will be used for
    /// something else.
    pub(crate) fn leave_vspace(&mut self, root: usize) {
        for hart in 0..self.harts.min(HARTS) {
            if self.nodes[hart].space != root {
                continue;
            }
            if hart == self.hart {
                self.use_kernel_space();
            } else {
                self.machine.leave_space(hart);
                self.nodes[hart].space = 0;
            }
            self.nodes[hart].space_lost = true;
        }
    }

    /// Sets the address space of the current thread again, if it was taken away.
    #[inline]
    pub(crate) fn find_lost_space(&mut self) {
        if self.node().space_lost {
            self.node_mut().space_lost = false;
            if !self.is_idle() {
                let current = self.current();
                self.set_vspace_of(current);
            }
        }
    }

    /// The address space in which an invocation maps something. Returns its root table and ASID.
    fn map_target(&self, call: &Invocation) -> Result<(usize, usize), Failure> {
        let cap = call.extra(0)?.cap(self);
        if !cap.is(Kind::PageTable) || !cap.is_mapped() {
            return Err(Failure::InvalidCapability(1));
        }
        let asid = cap.mapping().asid;
        let root = self.root_of(asid).map_err(Failure::lookup)?;
        if root != cap.pointer() {
            return Err(Failure::InvalidCapability(1));
        }
        Ok((root, asid))
    }

    pub(crate) fn invoke_frame(&mut self, call: &Invocation) -> Result<(), Failure> {
        match Label::from_number(call.info.label()) {
            Some(Label::PageMap) => self.map_frame(call),
            Some(Label::PageUnmap) => {
                self.begin(call);
                self.unmap_frame(call.cap);
                let cap = call.slot.cap(self).with_mapping(Mapping::NONE);
                call.slot.set_cap(self, cap);
                Ok(())
            }
            Some(Label::PageGetAddress) => {
                self.begin(call);
                let address = self.machine.physical(call.cap.pointer());
                self.finish_with(call, &[address]);
                Ok(())
            }
            _ => Err(Failure::IllegalOperation),
        }
    }

    fn map_frame(&mut self, call: &Invocation) -> Result<(), Failure> {
        let [vaddr, rights, attributes] = self.arguments(call)?;
        let cap = call.cap;
        let bits = frame_bits(cap.frame_size());
        let (entry, asid) = self.map_place(call, vaddr, bits)?;
        let old = paging::target(&self.machine, entry);
        let mapped = cap.mapping();
        if mapped.asid != 0 {
            if mapped.asid != asid {
                return Err(Failure::InvalidCapability(1));
            }
            if mapped.vaddr != vaddr {
                return Err(Failure::InvalidArgument(0));
            }
            if matches!(old, Target::Table(_)) {
                return Err(Failure::DeleteFirst);
            }
        } else if old != Target::Nothing {
            return Err(Failure::DeleteFirst);
        }
        self.begin(call);
        let rights = mask_frame(cap.frame_rights(), Rights(rights));
        let physical = self.machine.physical(cap.pointer());
        let word = paging::frame_entry(physical, rights, attributes & EXECUTE_NEVER == 0);
        call.slot.set_cap(self, cap.with_mapping(Mapping { asid, vaddr }));
        self.store(entry.address, word);
        self.machine.forget_page(asid, vaddr);
        Ok(())
    }

    /// The entry for `1 << bits` bytes at an address of the address space that is capability 0, and its
    /// ASID.
    pub(crate) fn map_place(
        &self,
        call: &Invocation,
        vaddr: usize,
        bits: usize,
    ) -> Result<(Entry, usize), Failure> {
        let (root, asid) = self.map_target(call)?;
        if vaddr.checked_add((1 << bits) - 1).is_none_or(|last| last >= USER_TOP) {
            return Err(Failure::InvalidArgument(0));
        }
        if !vaddr.is_multiple_of(1 << bits) {
            return Err(Failure::AlignmentError);
        }
        let entry = paging::walk(&self.machine, root, vaddr);
        if entry.bits != bits {
            let failure = LookupFailure::MissingCapability { bits_left: entry.bits };
            return Err(Failure::lookup(failure));
        }
        Ok((entry, asid))
    }

    /// Takes a frame out of where its capability says that it is mapped.
    pub(crate) fn unmap_frame(&mut self, cap: Cap) {
        let physical = self.machine.physical(cap.pointer());
        self.unmap_memory(cap.mapping(), frame_bits(cap.frame_size()), physical);
    }

    /// Takes memory of `1 << bits` bytes out of where it is mapped, if it still is.
    pub(crate) fn unmap_memory(&mut self, mapping: Mapping, bits: usize, physical: usize) {
        if mapping.asid == 0 {
            return;
        }
        let Ok(root) = self.root_of(mapping.asid) else { return };
        let entry = paging::walk(&self.machine, root, mapping.vaddr);
        if entry.bits != bits || paging::target(&self.machine, entry) != Target::Frame(physical) {
            return;
        }
        self.store(entry.address, 0);
        self.machine.forget_page(mapping.asid, mapping.vaddr);
    }

    pub(crate) fn invoke_page_table(&mut self, call: &Invocation) -> Result<(), Failure> {
        match Label::from_number(call.info.label()) {
            Some(Label::PageTableMap) => self.map_table(call),
            Some(Label::PageTableUnmap) => {
                if !self.is_final(call.slot) {
                    return Err(Failure::RevokeFirst);
                }
                if self.space(call.cap).is_some() {
                    return Err(Failure::RevokeFirst);
                }
                self.begin(call);
                if call.cap.is_mapped() {
                    self.unmap_table(call.cap);
                    self.machine.clear(call.cap.pointer(), 1 << PAGE_BITS);
                }
                let cap = call.slot.cap(self).with_mapping(Mapping::NONE);
                call.slot.set_cap(self, cap);
                Ok(())
            }
            _ => Err(Failure::IllegalOperation),
        }
    }

    fn map_table(&mut self, call: &Invocation) -> Result<(), Failure> {
        let [vaddr, _attributes] = self.arguments(call)?;
        call.extra(0)?;
        if call.cap.is_mapped() {
            return Err(Failure::InvalidCapability(0));
        }
        if vaddr >= USER_TOP {
            return Err(Failure::InvalidArgument(0));
        }
        let (root, asid) = self.map_target(call)?;
        let entry = paging::walk(&self.machine, root, vaddr);
        if entry.bits == PAGE_BITS || paging::target(&self.machine, entry) != Target::Nothing {
            return Err(Failure::DeleteFirst);
        }
        self.begin(call);
        let mapping = Mapping { asid, vaddr: vaddr >> entry.bits << entry.bits };
        call.slot.set_cap(self, call.cap.with_mapping(mapping));
        let physical = self.machine.physical(call.cap.pointer());
        self.store(entry.address, paging::table_entry(physical));
        self.machine.forget_page(asid, vaddr);
        Ok(())
    }

    /// Takes a page table out of its address space.
    fn unmap_table(&mut self, cap: Cap) {
        let mapping = cap.mapping();
        let Ok(root) = self.root_of(mapping.asid) else { return };
        let Some(entry) = self.entry_of_table(root, cap) else { return };
        self.store(entry.address, 0);
        self.machine.forget_space(mapping.asid);
    }

    /// The entry that links to a table.
    pub(crate) fn entry_of_table(&self, root: usize, cap: Cap) -> Option<Entry> {
        use abi::object::{GIGA_PAGE_BITS, PAGE_TABLE_INDEX_BITS};
        let (wanted, vaddr) = (self.machine.physical(cap.pointer()), cap.mapping().vaddr);
        let (mut table, mut bits) = (root, GIGA_PAGE_BITS);
        while bits > PAGE_BITS {
            let index = vaddr >> bits & ((1 << PAGE_TABLE_INDEX_BITS) - 1);
            let entry = Entry { address: table + 8 * index, bits };
            match paging::target(&self.machine, entry) {
                Target::Table(physical) if physical == wanted => return Some(entry),
                Target::Table(physical) => table = self.machine.window(physical),
                _ => return None,
            }
            bits -= PAGE_TABLE_INDEX_BITS;
        }
        None
    }

    /// The last capability of a page table is deleted.
    pub(crate) fn finalise_table(&mut self, cap: Cap) {
        if !cap.is_mapped() {
            return;
        }
        match self.space(cap) {
            Some((root, asid)) => self.delete_asid(asid, root),
            None => self.unmap_table(cap),
        }
    }
}
