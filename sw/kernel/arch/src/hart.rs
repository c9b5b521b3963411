//! The machine, as the kernel's logic wants it.

use crate::{
    interrupts, lock, place,
    plic::Plic,
    sbi,
    task_queues::TaskQueues,
    user_interrupt::{self, Receivers},
};
use abi::boot::PHYSICAL_WINDOW;
use core::{
    arch::asm,
    ptr::{self, with_exposed_provenance as at, with_exposed_provenance_mut as at_mut},
};
use hal::{csr, soc::csr as number};
use kernel_core::{HARTS, Machine, Memory, UserState};

/// All bits that an ASID can have.
const ASID_MASK: usize = 0xffff;

/// The hart that has the kernel, and the devices that the kernel keeps. First what each switch needs.
#[repr(C)]
pub struct Hart {
    /// Switches to ASIDs up to this one need no fence; 0 as soon as one beyond `asid_mask` was in use.
    asids_apart: usize,
    /// The greatest ASID that all harts tell apart.
    asid_mask: usize,
    /// IDs of the harts, by their number.
    pub ids: [usize; HARTS],
    pub count: usize,
    pub plic: Plic,
    pub receivers: Receivers,
    pub tasks: TaskQueues,
}

impl Hart {
    pub const fn new() -> Self {
        Self {
            ids: [0; HARTS],
            count: 0,
            plic: Plic::NONE,
            receivers: Receivers::NONE,
            tasks: TaskQueues::NONE,
            asids_apart: ASID_MASK,
            asid_mask: ASID_MASK,
        }
    }

    /// IDs of all other harts of the kernel, one bit each.
    fn others(&self) -> usize {
        let own = lock::holder();
        (0..self.count.min(HARTS)).filter(|hart| *hart != own).map(|hart| 1 << self.ids[hart]).sum()
    }

    /// Takes the interrupt controller at a physical address, with so many sources.
    pub fn set_plic(&mut self, plic: Option<(usize, usize)>) {
        if let Some((base, sources)) = plic {
            // Contexts: M- and S-mode of hart 0, M- and S-mode of hart 1, ...
            self.plic = Plic::new(base, 2 * self.ids[0] + 1, sources);
        }
    }

    /// Goes to an address space that the hart does not tell apart from all others.
    #[cold]
    fn share_asid(&mut self, root: usize, asid: usize) {
        self.asids_apart = 0;
        let satp = sv39::satp(asid & self.asid_mask, self.physical(root));
        // SAFETY: each root table has the kernel's own entries.
        unsafe { csr::write::<{ number::SATP }>(satp) };
        riscv::asm::sfence_vma_all();
    }

    /// Learns how many bits of an ASID the hart has, of which the fewest count, and goes to the kernel's
    /// own page table.
    pub fn set_up_translation(&mut self) {
        // SAFETY: the kernel's table maps the kernel where the loader did.
        unsafe { csr::write::<{ number::SATP }>(kernel_satp() | ASID_MASK << sv39::ASID_SHIFT) };
        let mask = csr::read::<{ number::SATP }>() >> sv39::ASID_SHIFT & ASID_MASK;
        self.asid_mask = self.asid_mask.min(mask);
        self.asids_apart = self.asids_apart.min(mask);
        self.set_kernel_space();
        riscv::asm::sfence_vma_all();
    }
}

impl Default for Hart {
    fn default() -> Self {
        Self::new()
    }
}

/// Goes to the kernel's own address space, and forgets all others.
pub fn leave_space() {
    // SAFETY: the kernel's own table.
    unsafe { csr::write::<{ number::SATP }>(kernel_satp()) };
    riscv::asm::sfence_vma_all();
}

fn kernel_satp() -> usize {
    sv39::satp(0, place::root_table())
}

impl Memory for Hart {
    #[inline(always)]
    fn load(&self, address: usize) -> usize {
        // SAFETY: the window to physical memory is always mapped. What is at an address of an object
        // belongs to no Rust value, and all of it is plain words.
        unsafe { at::<usize>(address).read() }
    }

    #[inline(always)]
    fn store(&mut self, address: usize, value: usize) {
        // SAFETY: as for `load`. Addresses come from capabilities and from the kernel's own links;
        // neither names the kernel's image.
        unsafe { at_mut::<usize>(address).write(value) };
    }
}

impl Machine for Hart {
    #[inline]
    fn load_shared(&self, address: usize) -> usize {
        // SAFETY: as for `load`; volatile, because users write there at the same time.
        unsafe { at::<usize>(address).read_volatile() }
    }

    #[inline]
    fn store_shared(&mut self, address: usize, value: usize) {
        // SAFETY: as for `store`; volatile, because users read there at the same time.
        unsafe { at_mut::<usize>(address).write_volatile(value) };
    }

    #[inline]
    fn order(&self) {
        core::sync::atomic::fence(core::sync::atomic::Ordering::SeqCst);
    }

    fn clear(&mut self, address: usize, bytes: usize) {
        // SAFETY: as for `store`.
        unsafe { ptr::write_bytes(at_mut::<u64>(address), 0, bytes / 8) };
    }

    #[inline]
    fn physical(&self, address: usize) -> usize {
        address.wrapping_sub(PHYSICAL_WINDOW)
    }

    #[inline]
    fn window(&self, physical: usize) -> usize {
        physical.wrapping_add(PHYSICAL_WINDOW)
    }

    #[inline(always)]
    fn set_address_space(&mut self, root: usize, asid: usize) {
        if asid > self.asids_apart {
            self.share_asid(root, asid);
            return;
        }
        let satp = sv39::satp(asid, self.physical(root));
        // SAFETY: each root table has the kernel's own entries.
        unsafe { csr::write::<{ number::SATP }>(satp) };
    }

    fn set_kernel_space(&mut self) {
        // SAFETY: the kernel's own table.
        unsafe { csr::write::<{ number::SATP }>(kernel_satp()) };
    }

    fn link_kernel(&mut self, root: usize) {
        for index in place::USER_ENTRIES..place::ENTRIES {
            let entry = place::root_entry(index);
            self.store(root + 8 * index, entry);
        }
    }

    fn forget_page(&mut self, asid: usize, vaddr: usize) {
        // SAFETY: a fence.
        unsafe {
            asm!("sfence.vma {}, {}", in(reg) vaddr, in(reg) asid & self.asid_mask, options(nostack))
        };
        if self.count > 1 {
            sbi::remote_fence(self.others(), vaddr, 4096, asid & self.asid_mask);
        }
    }

    fn forget_space(&mut self, asid: usize) {
        // SAFETY: a fence.
        unsafe { asm!("sfence.vma x0, {}", in(reg) asid & self.asid_mask, options(nostack)) };
        if self.count > 1 {
            sbi::remote_fence(self.others(), 0, usize::MAX, asid & self.asid_mask);
        }
    }

    fn interrupt_pending(&self) -> bool {
        interrupts::pending()
    }

    fn enable_irq(&mut self, irq: usize, enabled: bool) {
        self.plic.enable(irq, enabled);
    }

    fn complete_irq(&mut self, irq: usize) {
        self.plic.complete(irq);
    }

    fn kick(&mut self, hart: usize) {
        sbi::send_ipi(1 << self.ids[hart % HARTS]);
    }

    fn leave_space(&mut self, hart: usize) {
        lock::ask_to_leave(hart);
        self.kick(hart);
        lock::wait_until_left(hart);
    }

    fn stop(&mut self, hart: usize) {
        self.kick(hart);
        lock::wait_until_inside(hart);
    }

    fn user_state(&self) -> UserState {
        user_interrupt::read()
    }

    fn user_state_of(&mut self, hart: usize) -> UserState {
        lock::user_state_of(hart)
    }

    fn set_user_state(
        &mut self,
        state: Option<&UserState>,
        receiver: Option<usize>,
        senders: Option<usize>,
    ) {
        let senders = senders.map(|table| self.physical(table));
        user_interrupt::write(state, receiver, senders);
    }

    fn listen(&mut self, on: bool) {
        user_interrupt::listen(on);
    }

    fn place_receiver(&mut self, receiver: usize, hart: usize, active: bool) {
        self.receivers.place(receiver, self.ids[hart % HARTS], active);
    }

    fn take_vectors(&mut self, receiver: usize) -> usize {
        self.receivers.take(receiver)
    }

    fn finish_sends(&mut self, hart: usize) {
        user_interrupt::fence();
        self.stop(hart);
    }

    fn put_char(&mut self, character: u8) {
        sbi::put_char(character);
    }

    fn halt(&mut self) {
        sbi::halt();
    }
}
