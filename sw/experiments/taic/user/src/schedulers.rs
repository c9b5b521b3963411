//! The executors that are compared: the same coroutines, with their ready queue in the TAIC or in
//! memory.
//!
//! In memory, a hart that is alone has a FIFO of one thread; two harts that share their work each
//! have a FIFO from which the other steals; a hart that is woken by one other has a queue from that
//! one beside its own.

use crate::shared::shared;
use core::cell::OnceCell;
use executor::Executor;
use rt::OwnThread;
use taic_shared::{COMMON, OWN};
use task::{LinkedQueue, SoftQueue, StealingQueue, TaicQueue};

/// Coroutines of an executor, of a cache line each.
const SLOTS: usize = 32;
const BYTES: usize = 48;
pub type Scheduler<Q> = Executor<Q, SLOTS, BYTES>;

/// Tasks that a queue has room for.
const TASKS: usize = 64;
pub type Stealing = StealingQueue<TASKS>;
pub type Linked = LinkedQueue<SLOTS, 16>;

/// The executor whose ready queue is the process's first local queue.
pub fn taic() -> &'static Scheduler<TaicQueue<OWN>> {
    // SAFETY: mapped there for ever.
    const QUEUE: TaicQueue<OWN> = unsafe { TaicQueue::new() };
    static EXECUTOR: OwnThread<Scheduler<TaicQueue<OWN>>> = OwnThread(Executor::new(QUEUE));
    &EXECUTOR
}

/// That whose ready queue is the process's queue in the context of all.
pub fn taic_of_all() -> &'static Scheduler<TaicQueue<COMMON>> {
    // SAFETY: mapped there for ever.
    const QUEUE: TaicQueue<COMMON> = unsafe { TaicQueue::new() };
    static EXECUTOR: OwnThread<Scheduler<TaicQueue<COMMON>>> = OwnThread(Executor::new(QUEUE));
    &EXECUTOR
}

/// The executor of a hart that is alone.
pub fn software() -> &'static Scheduler<SoftQueue<SLOTS>> {
    static EXECUTOR: OwnThread<Scheduler<SoftQueue<SLOTS>>> =
        OwnThread(Executor::new(SoftQueue::new()));
    &EXECUTOR
}

/// The executor of `hart`, from which the other hart steals.
pub fn stealing(hart: usize) -> &'static Scheduler<Stealing> {
    static EXECUTOR: OwnThread<OnceCell<Scheduler<Stealing>>> = OwnThread(OnceCell::new());
    let [own, other] = [hart, 1 - hart].map(|hart| &shared().stealing[hart]);
    EXECUTOR.get_or_init(|| Executor::new(StealingQueue::new(own, other)))
}

/// The executor of `hart`, which the other wakes.
pub fn linked(hart: usize) -> &'static Scheduler<Linked> {
    static EXECUTOR: OwnThread<OnceCell<Scheduler<Linked>>> = OwnThread(OnceCell::new());
    EXECUTOR.get_or_init(|| Executor::new(LinkedQueue::new(&shared().links[1 - hart])))
}
