//! Contexts of the TAIC for tests.

use crate::check::Check;
use bare::machine::read;
use core::cell::Cell;
use hal::soc::{TAIC_BASE, csr as number, irq};
use taic::{Errors, LocalQueue, QueueIndex, Taic, TaskId};

/// Most queues of a test.
const MOST: usize = 160;

pub const USI: usize = 1 << irq::USI;
pub const SSI: usize = 1 << irq::SSI;

/// The device, and queues of contexts, to which all lines are granted. The contexts end when this
/// is dropped.
pub struct Contexts {
    pub taic: Taic,
    queues: [Cell<Option<QueueIndex>>; MOST],
}

/// A queue, through the page of a process and through the kernel's page.
#[derive(Clone, Copy)]
pub struct Queue {
    pub index: QueueIndex,
    pub page: LocalQueue,
    pub own: LocalQueue,
}

impl Contexts {
    pub fn new() -> Self {
        // SAFETY: M-mode, without translation.
        let taic = unsafe { Taic::at(TAIC_BASE) }.expect("there is a TAIC");
        for line in 0..hal::soc::taic::LINES {
            taic.set_grants(line, u64::MAX).expect("there is such a line");
        }
        Self { taic, queues: [const { Cell::new(None) }; MOST] }
    }

    /// A further queue of a process; `None` if there is none.
    pub fn allocate(&self, os: u64, process: u64) -> Option<Queue> {
        let index = self.taic.allocate(os, process).ok()?;
        let free = self.queues.iter().find(|it| it.get().is_none()).expect("there is room");
        free.set(Some(index));
        let page = TAIC_BASE + self.taic.page(index).expect("it is allocated");
        let own = self.taic.own_page(index).expect("it is allocated");
        // SAFETY: M-mode, without translation.
        Some(Queue { index, page: unsafe { LocalQueue::new(page) }, own })
    }

    /// The same; panics if there is none.
    pub fn queue(&self, os: u64, process: u64) -> Queue {
        self.allocate(os, process).expect("a queue is free")
    }

    pub fn free(&self, queue: Queue) {
        let taken = self.queues.iter().find(|it| it.get() == Some(queue.index));
        taken.expect("it was allocated here").set(None);
        self.taic.free(queue.index);
    }

    /// Changes the rights of a queue's context.
    pub fn change(&self, queue: Queue, change: impl FnOnce(&mut taic::Context)) {
        let context = queue.index.context;
        let mut may = self.taic.context(context).expect("there is such a context");
        change(&mut may);
        self.taic.set_context(context, may).expect("within what is unassigned");
    }
}

impl Drop for Contexts {
    fn drop(&mut self) {
        self.taic.set_strict(false);
        self.taic.install(0, None).expect("there is such a hart");
        for queue in self.queues.iter().filter_map(Cell::get) {
            self.taic.free(queue);
        }
        self.taic.clear_undelivered(u64::MAX);
        self.taic.forget_refused();
    }
}

/// A task as published programs might have it.
pub fn task(bits: u64) -> TaskId {
    TaskId::from_bits(bits).expect("not 0")
}

/// Expects a queue to give these tasks, then none, and no error.
pub fn gives(check: &mut Check, what: &str, queue: LocalQueue, tasks: &[u64]) {
    settle();
    for expected in tasks {
        check.eq(what, queue.dequeue().map_or(0, TaskId::bits), *expected);
    }
    check.eq(what, queue.dequeue().map_or(0, TaskId::bits), 0);
    errs(check, what, queue, Errors::NONE);
}

/// Expects errors and clears them.
pub fn errs(check: &mut Check, what: &str, queue: LocalQueue, errors: Errors) {
    settle();
    check.eq(what, queue.take_errors().bits(), errors.bits());
    check.eq("errors once read", queue.take_errors().bits(), 0);
}

/// Expects exactly these of USIP and SSIP to be pending.
pub fn interrupts(check: &mut Check, what: &str, pending: usize) {
    settle();
    check.eq(what, read::<{ number::MIP }>() & (USI | SSI), pending);
}

/// Gives the device time to finish, published registrations included.
pub fn settle() {
    (0..500).for_each(|_| core::hint::spin_loop());
}
