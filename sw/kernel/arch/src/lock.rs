//! The kernel's lock: one for all of it.

use crate::{
    hart::{Hart, leave_space},
    user_interrupt,
};
use core::{
    cell::UnsafeCell,
    hint::spin_loop,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
};
use hal::{
    csr,
    soc::{TIMEBASE_HZ, csr as number},
};
use kernel_core::{HARTS, Kernel, Tcb, UserState, user};

/// For how long other harts are awaited, in units of `time`.
const WAIT: usize = TIMEBASE_HZ / 1000;

/// The kernel, and what each entry reads first.
///
/// TCBs lie at multiples of 1 KiB. What each entry needs of the kernel lies in a page where TCBs have
/// their names, which are rarely used: both find room in a cache whose ways are as large as a page.
#[repr(C, align(4096))]
struct Shared {
    before: [usize; Tcb::NAME / 8],
    /// One hart alone takes part: it needs no lock.
    alone: AtomicBool,
    kernel: UnsafeCell<Kernel<Hart>>,
}

// SAFETY: the kernel is reached through `alone` and `with_kernel` only: by the one hart that takes part,
// or by the hart that holds the lock.
unsafe impl Sync for Shared {}

static SHARED: Shared = Shared {
    before: [0; Tcb::NAME / 8],
    alone: AtomicBool::new(false),
    kernel: UnsafeCell::new(Kernel::new(Hart::new())),
};
static LOCKED: AtomicBool = AtomicBool::new(false);
static HOLDER: AtomicUsize = AtomicUsize::new(0);
/// Whether a hart is in the kernel: its thread's registers are in its TCB, and it waits for the lock
/// or has it.
static INSIDE: [AtomicBool; HARTS] = [const { AtomicBool::new(false) }; HARTS];
/// Whether a hart is to go to the kernel's own address space while it waits for the lock.
static LEAVE: [AtomicBool; HARTS] = [const { AtomicBool::new(false) }; HARTS];
/// Whether a hart is to tell the CSRs of its thread's user interrupts while it waits for the lock.
static TELL: [AtomicBool; HARTS] = [const { AtomicBool::new(false) }; HARTS];
static TOLD: [[AtomicUsize; user::WORDS]; HARTS] =
    [const { [const { AtomicUsize::new(0) }; user::WORDS] }; HARTS];
static ARRIVED: AtomicUsize = AtomicUsize::new(0);
static IDS: [AtomicUsize; HARTS] = [const { AtomicUsize::new(0) }; HARTS];
/// Harts that take part; 0 before the root task can start.
static RELEASED: AtomicUsize = AtomicUsize::new(0);

/// The hart that has the lock.
pub fn holder() -> usize {
    HOLDER.load(Ordering::Relaxed)
}

/// Runs `body` with the kernel if one hart alone takes part, or gives it back. To be called once at a
/// time.
#[inline(always)]
pub fn alone<T, F: FnOnce(&mut Kernel<Hart>) -> T>(body: F) -> Result<T, F> {
    if !SHARED.alone.load(Ordering::Relaxed) {
        return Err(body);
    }
    // SAFETY: no other hart comes here, and this one does not again before `body` has ended,
    // because interrupts are off in the kernel.
    Ok(body(unsafe { &mut *SHARED.kernel.get() }))
}

/// Runs `body` with the kernel. To be called once at a time on a hart, with its number.
#[inline]
pub fn with_kernel<T>(hart: usize, body: impl FnOnce(&mut Kernel<Hart>) -> T) -> T {
    let body = match alone(body) {
        Ok(result) => return result,
        Err(body) => body,
    };
    INSIDE[hart % HARTS].store(true, Ordering::Release);
    while LOCKED.swap(true, Ordering::Acquire) {
        while LOCKED.load(Ordering::Relaxed) {
            if LEAVE[hart % HARTS].load(Ordering::Acquire) {
                leave_space();
                LEAVE[hart % HARTS].store(false, Ordering::Release);
            }
            if TELL[hart % HARTS].load(Ordering::Acquire) {
                tell(hart);
            }
            spin_loop();
        }
    }
    HOLDER.store(hart, Ordering::Relaxed);
    // SAFETY: the lock is held, so this is the only reference. A hart does not come here again
    // before `body` has ended, because interrupts are off in the kernel.
    let kernel = unsafe { &mut *SHARED.kernel.get() };
    kernel.hart = hart;
    let result = body(kernel);
    // Before the lock is free: whoever has it next must not take this hart for one that waits.
    INSIDE[hart % HARTS].store(false, Ordering::Relaxed);
    LOCKED.store(false, Ordering::Release);
    result
}

/// Asks a hart that does not have the kernel to leave its address space.
pub fn ask_to_leave(hart: usize) {
    LEAVE[hart % HARTS].store(true, Ordering::Release);
}

/// Waits until it has done so.
pub fn wait_until_left(hart: usize) {
    while LEAVE[hart % HARTS].load(Ordering::Acquire) {
        spin_loop();
    }
}

fn tell(hart: usize) {
    for (place, word) in TOLD[hart % HARTS].iter().zip(user_interrupt::read()) {
        place.store(word, Ordering::Relaxed);
    }
    TELL[hart % HARTS].store(false, Ordering::Release);
}

/// The CSRs of user interrupts of a hart that waits for the lock.
pub fn user_state_of(hart: usize) -> UserState {
    TELL[hart % HARTS].store(true, Ordering::Release);
    while TELL[hart % HARTS].load(Ordering::Acquire) {
        spin_loop();
    }
    core::array::from_fn(|index| TOLD[hart % HARTS][index].load(Ordering::Relaxed))
}

/// Waits until a hart has come into the kernel.
pub fn wait_until_inside(hart: usize) {
    while !INSIDE[hart % HARTS].load(Ordering::Acquire) {
        spin_loop();
    }
}

/// Hart `hart`, whose ID is `id`, has come from the loader.
pub fn arrive(hart: usize, id: usize) {
    if let Some(place) = IDS.get(hart) {
        place.store(id, Ordering::Relaxed);
        ARRIVED.fetch_add(1, Ordering::AcqRel);
    }
}

/// IDs of the harts that have come.
pub fn hart_ids() -> [usize; HARTS] {
    core::array::from_fn(|hart| IDS[hart].load(Ordering::Relaxed))
}

/// Waits until `most` harts have come from the loader, but not long: the loader lets all of them
/// go at the same time. Returns how many have come; who comes later does not take part.
pub fn wait_for_harts(most: usize) -> usize {
    let end = csr::read::<{ number::TIME }>() + WAIT;
    loop {
        let arrived = ARRIVED.load(Ordering::Acquire);
        if arrived >= most || csr::read::<{ number::TIME }>() > end {
            SHARED.alone.store(arrived == 1, Ordering::Relaxed);
            return arrived;
        }
        spin_loop();
    }
}

/// The root task can start: `count` harts take part.
pub fn release_others(count: usize) {
    RELEASED.store(count, Ordering::Release);
}

/// Waits until the root task can start. Never returns on a hart that does not take part.
pub fn wait_for_release(hart: usize) {
    loop {
        match RELEASED.load(Ordering::Acquire) {
            0 => spin_loop(),
            count if hart < count => return,
            _ => riscv::asm::wfi(),
        }
    }
}
