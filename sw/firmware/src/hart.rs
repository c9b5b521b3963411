//! The state of each hart as the others see it: HSM state, and requests to it.
//!
//! Requests are bits in one word. The machine software interrupt tells a hart to look at its word.
//! A hart that asks for a fence waits until it is done and serves its own requests meanwhile. So
//! two harts that fence each other both make progress.

use crate::{
    boot::MAX_HARTS,
    counters::{self, firmware},
    machine::machine,
};
use core::{
    array,
    hint::spin_loop,
    sync::atomic::{AtomicUsize, Ordering},
};
use hal::{
    csr,
    soc::{csr as number, irq},
};
use rustsbi::{HartMask, SbiRet};
use sbi_spec::hsm::hart_state;

/// Raise the supervisor software interrupt.
pub const IPI: usize = 1 << 0;
/// Make what other harts wrote executable.
pub const FENCE_I: usize = 1 << 1;
/// Forget all translations.
pub const SFENCE_VMA: usize = 1 << 2;

/// All harts, by their IDs. `short_ways` uses it as well.
pub static ALL: [Hart; MAX_HARTS] = [const { Hart::new() }; MAX_HARTS];

/// One hart. It has cache lines of its own.
#[repr(align(64))]
pub struct Hart {
    /// HSM state.
    pub state: AtomicUsize,
    /// Bits: what other harts want of it.
    pub requests: AtomicUsize,
    /// Address of its machine software interrupt in the CLINT; 0 until the hart has set itself up.
    pub msip: AtomicUsize,
    start_address: AtomicUsize,
    opaque: AtomicUsize,
}

impl Hart {
    const fn new() -> Self {
        Self {
            state: AtomicUsize::new(hart_state::STOPPED),
            requests: AtomicUsize::new(0),
            msip: AtomicUsize::new(0),
            start_address: AtomicUsize::new(0),
            opaque: AtomicUsize::new(0),
        }
    }

    /// The hart that runs this code.
    pub fn current() -> &'static Self {
        &ALL[current_id()]
    }

    /// The hart with this ID, if there is one.
    pub fn get(id: usize) -> Option<&'static Self> {
        exists(id).then(|| &ALL[id])
    }

    /// HSM state.
    pub fn state(&self) -> usize {
        self.state.load(Ordering::Acquire)
    }

    /// Asks a stopped hart to start at `address` with `opaque` in `a1`; false if it is not stopped.
    pub fn start(&self, address: usize, opaque: usize) -> bool {
        // First claims the hart by a state that the hart itself ignores, so that only one of two
        // callers writes the parameters. `Release` below makes them visible together with the
        // state.
        let taken = self.state.compare_exchange(
            hart_state::STOPPED,
            STARTING,
            Ordering::Acquire,
            Ordering::Relaxed,
        );
        if taken.is_err() {
            return false;
        }
        self.start_address.store(address, Ordering::Relaxed);
        self.opaque.store(opaque, Ordering::Relaxed);
        self.state.store(hart_state::START_PENDING, Ordering::Release);
        true
    }

    /// For the hart itself: if another hart asked it to start, the address and `a1` to start with.
    pub fn take_start(&self) -> Option<(usize, usize)> {
        let started = self.state.compare_exchange(
            hart_state::START_PENDING,
            hart_state::STARTED,
            Ordering::Acquire,
            Ordering::Relaxed,
        );
        started.ok()?;
        let address = self.start_address.load(Ordering::Relaxed);
        Some((address, self.opaque.load(Ordering::Relaxed)))
    }

    /// For the hart itself: stops it.
    pub fn stop(&self) {
        self.state.store(hart_state::STOPPED, Ordering::Release);
    }

    /// For the hart itself: serves the requests of other harts.
    pub fn serve_requests(&self) {
        machine().clint.set_msip(current_id(), false);
        let requests = self.requests.load(Ordering::Acquire);
        if requests & IPI != 0 {
            // SAFETY: an interrupt for S-mode.
            unsafe { csr::set::<{ number::MIP }>(1 << irq::SSI) };
            counters::count(firmware::IPI_RECEIVED);
        }
        if requests & FENCE_I != 0 {
            riscv::asm::fence_i();
            counters::count(firmware::FENCE_I_RECEIVED);
        }
        if requests & SFENCE_VMA != 0 {
            riscv::asm::sfence_vma_all();
            counters::count(firmware::SFENCE_VMA_RECEIVED);
        }
        // After the work: another hart may wait for the bit to fall.
        self.requests.fetch_and(!requests, Ordering::Release);
    }
}

/// A hart that is claimed by a starter and does not have its parameters yet. Others see it as
/// "start pending".
const STARTING: usize = usize::MAX;

/// Sends `request` to all started harts of `mask`. If it is a fence, waits until it is done. A
/// stopped hart needs no fence, because it fences itself when it starts.
pub fn request(mask: HartMask, request: usize) -> SbiRet {
    if names_unknown_hart(mask) {
        return SbiRet::invalid_param();
    }
    let chosen: [bool; MAX_HARTS] = array::from_fn(|id| {
        exists(id) && mask.has_bit(id) && ALL[id].state() == hart_state::STARTED
    });
    for (id, hart) in ALL.iter().enumerate().filter(|(id, _)| chosen[*id]) {
        // `AcqRel`: the hart that serves the request sees what was written before.
        hart.requests.fetch_or(request, Ordering::AcqRel);
        machine().clint.set_msip(id, true);
    }
    if request != IPI {
        let current = Hart::current();
        for hart in ALL.iter().zip(chosen).filter_map(|(hart, chosen)| chosen.then_some(hart)) {
            while hart.requests.load(Ordering::Acquire) & request != 0 {
                current.serve_requests();
                spin_loop();
            }
        }
    }
    SbiRet::success(0)
}

/// HSM state as the specification numbers it.
pub fn reported_state(hart: &Hart) -> usize {
    match hart.state() {
        STARTING => hart_state::START_PENDING,
        state => state,
    }
}

fn names_unknown_hart(mask: HartMask) -> bool {
    let (bits, base) = mask.into_inner();
    if base == mask.ignore_mask() {
        return false;
    }
    // Not bit by bit: every interrupt between harts comes here.
    let named = bits.checked_shl(base as u32).filter(|_| base < usize::BITS as usize);
    match named {
        Some(named) => named >> base != bits || named & !machine().harts != 0,
        None => bits != 0,
    }
}

fn exists(id: usize) -> bool {
    id < MAX_HARTS && machine().harts >> id & 1 == 1
}

fn current_id() -> usize {
    csr::read::<{ number::MHARTID }>()
}
