//! The state of the kernel beside the objects.

use crate::{
    Slot, Tcb,
    machine::{Machine, Memory},
    receiver::{Receivers, UserInterrupts},
    schedule::ReadyQueues,
    task_context::TaskContexts,
};
use abi::{DOMAIN_SCHEDULE_ENTRIES, message::MAX_EXTRA_CAPS, object::ASID_POOLS_BITS};

/// Most harts of a kernel; a power of two.
pub const HARTS: usize = 4;
/// Interrupts of devices are 1 to one less than this.
pub const IRQS: usize = 128;
/// Scheduling domains.
pub const DOMAINS: usize = if cfg!(feature = "domains") { abi::DOMAINS } else { 1 };
/// Ticks of a thread until another of the same priority runs.
pub(crate) const TIME_SLICE: usize = 5;
/// Steps of a long operation between two looks for interrupts.
const STEPS_BETWEEN_LOOKS: usize = 100;

/// What happens at the end of an entry to the kernel.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Action {
    /// The current thread goes on.
    Resume,
    /// The most important thread of the ready queues runs.
    Choose,
    /// This thread, which is in no queue, runs if it is the most important one.
    SwitchTo(Tcb),
}

/// A hart's part of the state.
#[derive(Clone, Copy)]
pub struct Node {
    /// The thread that runs, or the idle one; 0 before the hart has one.
    pub(crate) current: usize,
    pub(crate) idle: usize,
    pub(crate) action: Action,
    /// Root table of the address space that the hart uses; 0 for the kernel's own.
    pub(crate) space: usize,
    /// Another hart took the address space away: the thread's must be set before it goes on.
    pub(crate) space_lost: bool,
    /// The placement of threads that run here without an exchange of user interrupts: the number of
    /// the hart, or [`Node::EXCHANGE`].
    pub(crate) plain: usize,
    /// The thread whose user interrupts the hart has; 0 for none, [`Node::STALE`] for those of one
    /// that was taken away.
    pub(crate) loaded: usize,
    /// Whether a queue of TAIC is installed on the hart.
    pub(crate) installed: bool,
    /// Receivers whose threads sleep, for which the hart interrupts the kernel.
    pub(crate) sleepers: Receivers,
}

impl Node {
    pub(crate) const EXCHANGE: usize = usize::MAX;
    pub(crate) const STALE: usize = 1;
}

/// What the kernel knows of a device interrupt.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum IrqState {
    Inactive,
    /// A handler capability exists.
    Handled,
}

/// An entry of the domain schedule; one of length 0 ends it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct DomainTime {
    pub domain: usize,
    pub ticks: usize,
}

/// Capabilities of the message that is being decoded.
pub(crate) type ExtraCaps = [Option<Slot>; MAX_EXTRA_CAPS];

/// The kernel. What nearly every entry needs stands together, at the begin.
#[repr(C)]
pub struct Kernel<M> {
    /// The hart that has the kernel, counted from 0.
    pub hart: usize,
    /// Harts that take part.
    pub harts: usize,
    /// Harts that are to be kicked at the end of this entry.
    pub(crate) kicks: usize,
    pub(crate) domain: usize,
    /// Ticks until the next domain runs.
    pub(crate) domain_ticks: usize,
    pub(crate) nodes: [Node; HARTS],
    pub machine: M,
    /// Address of each ASID pool; 0 for none.
    pub(crate) asid_pools: [usize; 1 << ASID_POOLS_BITS],
    pub(crate) ready: [ReadyQueues; HARTS],
    pub(crate) domain_index: usize,
    pub(crate) domain_start: usize,
    pub(crate) domain_schedule: [DomainTime; DOMAIN_SCHEDULE_ENTRIES],
    pub(crate) irqs: [IrqState; IRQS],
    /// Where the slots lie that hold the notification of each interrupt.
    pub(crate) irq_slots: usize,
    pub(crate) user_interrupts: UserInterrupts,
    /// The first of the threads whose requests wait in rings.
    pub(crate) woken: Option<Tcb>,
    pub(crate) tasks: TaskContexts,
    /// Steps of a long operation since the last look for interrupts.
    steps: usize,
    #[cfg(any(test, feature = "checks"))]
    pub(crate) marks: crate::invariant::Marks,
}

impl<M: Machine> Memory for Kernel<M> {
    #[inline]
    fn load(&self, address: usize) -> usize {
        self.machine.load(address)
    }

    #[inline]
    fn store(&mut self, address: usize, value: usize) {
        self.machine.store(address, value);
    }
}

impl<M> Kernel<M> {
    /// A kernel without threads. All of it is zeros but the machine, and the domain schedule.
    pub const fn new(machine: M) -> Self {
        Self {
            machine,
            hart: 0,
            harts: 0,
            nodes: [Node {
                current: 0,
                idle: 0,
                action: Action::Resume,
                space: 0,
                space_lost: false,
                plain: 0,
                loaded: 0,
                installed: false,
                sleepers: Receivers::NONE,
            }; HARTS],
            kicks: 0,
            ready: [const { ReadyQueues::new() }; HARTS],
            domain: 0,
            domain_ticks: 0,
            domain_index: 0,
            domain_start: 0,
            domain_schedule: [DomainTime { domain: 0, ticks: 0 }; DOMAIN_SCHEDULE_ENTRIES],
            irqs: [IrqState::Inactive; IRQS],
            irq_slots: 0,
            asid_pools: [0; 1 << ASID_POOLS_BITS],
            user_interrupts: UserInterrupts::new(),
            woken: None,
            tasks: TaskContexts::new(),
            steps: 0,
            #[cfg(any(test, feature = "checks"))]
            marks: crate::invariant::Marks::new(),
        }
    }
}

impl<M: Machine> Kernel<M> {
    /// The number of this hart, as an index that is never out of bounds.
    #[inline]
    pub(crate) fn here(&self) -> usize {
        self.hart % HARTS
    }

    #[inline]
    pub(crate) fn node(&self) -> &Node {
        &self.nodes[self.here()]
    }

    #[inline]
    pub(crate) fn node_mut(&mut self) -> &mut Node {
        &mut self.nodes[self.here()]
    }

    /// The thread of this hart.
    #[inline]
    pub fn current(&self) -> Tcb {
        Tcb(self.node().current)
    }

    #[inline]
    pub(crate) fn is_current(&self, thread: Tcb) -> bool {
        self.node().current == thread.0
    }

    /// Whether this hart has no thread to run.
    #[inline]
    pub fn is_idle(&self) -> bool {
        self.node().current == self.node().idle
    }

    /// Counts a step of a long operation. Fails now and then, if an interrupt waits; the operation
    /// is left in a state from which it can start again.
    pub(crate) fn preemption_point(&mut self) -> Result<(), crate::Failure> {
        self.steps += 1;
        if self.steps < STEPS_BETWEEN_LOOKS {
            return Ok(());
        }
        self.steps = 0;
        if self.machine.interrupt_pending() {
            return Err(crate::Failure::Preempted);
        }
        Ok(())
    }
}
