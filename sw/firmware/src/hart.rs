//! The state of each hart as the others see it: HSM state, and requests to it.
//!
//! Requests are bits in one word; the machine software interrupt says that the word is worth a look.
//! Who asks for a fence waits until it is done, and serves its own requests meanwhile, so two harts
//! that fence each other both get on.

use core::{
    array,
    hint::spin_loop,
    sync::atomic::{AtomicUsize, Ordering},
};
use hal::{
    clint, csr,
    soc::{HARTS, csr as number, irq},
};
use rustsbi::{HartMask, SbiRet};
use sbi_spec::hsm::hart_state;

/// Raise the supervisor software interrupt.
pub const IPI: usize = 1 << 0;
/// Make what other harts wrote executable.
pub const FENCE_I: usize = 1 << 1;
/// Forget all translations.
pub const SFENCE_VMA: usize = 1 << 2;

static ALL: [Hart; HARTS] = [const { Hart::new() }; HARTS];

/// One hart.
pub struct Hart {
    state: AtomicUsize,
    start_address: AtomicUsize,
    opaque: AtomicUsize,
    requests: AtomicUsize,
}

impl Hart {
    const fn new() -> Self {
        Self {
            state: AtomicUsize::new(hart_state::STOPPED),
            start_address: AtomicUsize::new(0),
            opaque: AtomicUsize::new(0),
            requests: AtomicUsize::new(0),
        }
    }

    /// The hart that executes this.
    pub fn current() -> &'static Self {
        &ALL[current_id()]
    }

    /// The hart with this ID, if there is one.
    pub fn get(id: usize) -> Option<&'static Self> {
        ALL.get(id)
    }

    /// HSM state.
    pub fn state(&self) -> usize {
        self.state.load(Ordering::Acquire)
    }

    /// Asks a stopped hart to start at `address` with `opaque` in `a1`; false if it is not stopped.
    pub fn start(&self, address: usize, opaque: usize) -> bool {
        // Taken first by a state that its own hart does not act upon, so that of two callers one
        // writes the parameters; `Release` below makes them visible with the state.
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

    /// On the hart itself: if it was asked to start, the address and `a1` to start with.
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

    /// On the hart itself: it stops.
    pub fn stop(&self) {
        self.state.store(hart_state::STOPPED, Ordering::Release);
    }

    /// On the hart itself: does what it was asked for.
    pub fn serve_requests(&self) {
        clint::set_msip(current_id(), false);
        let requests = self.requests.load(Ordering::Acquire);
        if requests & IPI != 0 {
            // SAFETY: an interrupt for S-mode.
            unsafe { csr::set::<{ number::MIP }>(1 << irq::SSI) };
        }
        if requests & FENCE_I != 0 {
            riscv::asm::fence_i();
        }
        if requests & SFENCE_VMA != 0 {
            riscv::asm::sfence_vma_all();
        }
        // After the work: who waits for the bit to fall relies on it.
        self.requests.fetch_and(!requests, Ordering::Release);
    }
}

/// Between being claimed by a starter and having its parameters; seen from outside as "start
/// pending".
const STARTING: usize = usize::MAX;

/// Sends `request` to all started harts of `mask`, and for a fence waits until it is done. A hart that
/// is not started has nothing to be fenced, and fences itself when it starts.
pub fn request(mask: HartMask, request: usize) -> SbiRet {
    if names_unknown_hart(mask) {
        return SbiRet::invalid_param();
    }
    let chosen: [bool; HARTS] =
        array::from_fn(|id| mask.has_bit(id) && ALL[id].state() == hart_state::STARTED);
    for (id, hart) in ALL.iter().enumerate().filter(|(id, _)| chosen[*id]) {
        // `AcqRel`: what was written before is seen by the hart that serves the request.
        hart.requests.fetch_or(request, Ordering::AcqRel);
        clint::set_msip(id, true);
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
    let last = (usize::BITS - bits.leading_zeros()) as usize;
    bits != 0 && base.checked_add(last).is_none_or(|end| end > HARTS)
}

fn current_id() -> usize {
    csr::read::<{ number::MHARTID }>()
}
