//! Handles of objects, and where their words lie.
//!
//! Sizes are part of the ABI. A field is one word.

use crate::{
    cap::Mapping,
    machine::{Memory, UserState},
    slot::Slot,
};
use abi::{object::TASK_CONTEXT_BITS, task_context::QUEUES};

/// What a word of an object can mean.
pub(crate) trait Word {
    fn from_word(word: usize) -> Self;
    fn word(self) -> usize;
}

impl Word for usize {
    fn from_word(word: usize) -> Self {
        word
    }
    fn word(self) -> usize {
        self
    }
}

impl Word for bool {
    fn from_word(word: usize) -> Self {
        word != 0
    }
    fn word(self) -> usize {
        self as usize
    }
}

/// Objects lie at addresses other than 0, which stands for none.
macro_rules! handle {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub struct $name(pub usize);

        impl Word for Option<$name> {
            #[inline]
            fn from_word(word: usize) -> Self {
                if word == 0 { None } else { Some($name(word)) }
            }
            #[inline]
            fn word(self) -> usize {
                self.map_or(0, |object| object.0)
            }
        }
    };
}

handle! {
    /// A thread: its context, its state, and behind them its own slots.
    Tcb
}
handle! {
    /// A context of TAIC: what a process has of it.
    TaskContext
}
handle! {
    /// An endpoint.
    Endpoint
}
handle! {
    /// A notification.
    Notification
}

/// Gives an object a getter and a setter a field.
macro_rules! fields {
    ($name:ident { $($(#[$doc:meta])* $get:ident, $set:ident: $kind:ty = $word:expr;)* }) => {
        impl $name {
            $(
                $(#[$doc])*
                #[inline]
                pub(crate) fn $get(self, memory: &impl Memory) -> $kind {
                    <$kind>::from_word(memory.load(self.0 + 8 * $word))
                }
                #[inline]
                pub(crate) fn $set(self, memory: &mut impl Memory, value: $kind) {
                    memory.store(self.0 + 8 * $word, value.word());
                }
            )*
        }
    };
}

/// Registers of a context: the hart's numbers, then what is beside them.
pub mod reg {
    /// In the place of `x0`: the stack of the kernel on the hart where the thread runs.
    pub const KERNEL_STACK: usize = 0;
    pub const RA: usize = 1;
    pub const SP: usize = 2;
    pub const TP: usize = 4;
    pub const A0: usize = 10;
    pub const A1: usize = 11;
    pub const A2: usize = 12;
    pub const A7: usize = 17;
    /// The instruction that trapped.
    pub const FAULT_IP: usize = 32;
    /// The instruction that runs next.
    pub const NEXT_IP: usize = 33;

    /// Capability pointer of a call; badge of a message received.
    pub const CAP: usize = A0;
    pub const BADGE: usize = A0;
    pub const INFO: usize = A1;
    /// The first of the registers that carry a message.
    pub const MESSAGE: usize = A2;
}

/// What a thread does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(usize)]
pub enum State {
    /// Nothing, until it is resumed.
    Inactive,
    Running,
    /// Runs, and begins with the instruction that trapped.
    Restart,
    BlockedOnReceive,
    BlockedOnSend,
    BlockedOnReply,
    BlockedOnNotification,
    /// It is a hart's idle thread.
    Idle,
}

impl Word for State {
    #[inline]
    fn from_word(word: usize) -> Self {
        match word {
            1 => Self::Running,
            2 => Self::Restart,
            3 => Self::BlockedOnReceive,
            4 => Self::BlockedOnSend,
            5 => Self::BlockedOnReply,
            6 => Self::BlockedOnNotification,
            7 => Self::Idle,
            _ => Self::Inactive,
        }
    }
    #[inline]
    fn word(self) -> usize {
        self as usize
    }
}

/// Rights of the message with which a thread is blocked on an endpoint.
pub(crate) mod blocked {
    pub const GRANT: usize = 1;
    pub const GRANT_REPLY: usize = 2;
    pub const CALL: usize = 4;
}

fields! {
    Tcb {
        state, set_state: State = 34;
        /// The endpoint or notification that it is blocked on.
        blocked_on, set_blocked_on: usize = 35;
        blocked_badge, set_blocked_badge: usize = 36;
        blocked_flags, set_blocked_flags: usize = 37;
        bound, set_bound: Option<Notification> = 38;
        /// Kind of the fault that waits for a reply; 0 if none does.
        fault_kind, set_fault_kind: usize = 39;
        domain, set_domain: usize = 46;
        /// The greatest priority that it may give.
        max_priority, set_max_priority: usize = 47;
        priority, set_priority: usize = 48;
        /// Ticks until another of the same priority runs.
        time_slice, set_time_slice: usize = 49;
        fault_handler, set_fault_handler: usize = 50;
        /// Address of the IPC buffer, in its address space.
        ipc_buffer, set_ipc_buffer: usize = 51;
        ready_next, set_ready_next: Option<Tcb> = 52;
        ready_previous, set_ready_previous: Option<Tcb> = 53;
        queue_next, set_queue_next: Option<Tcb> = 54;
        queue_previous, set_queue_previous: Option<Tcb> = 55;
        /// Where it may run at once: the hart, and whether user interrupts must be exchanged.
        placement, set_placement: usize = 56;
        /// Whether it is in a ready queue.
        ready, set_ready: bool = 57;
        /// Its receiver of user interrupts, counted from 1; 0 if it is none.
        receiver, set_receiver: usize = 58;
        /// Its sender table, counted from 1; 0 if it has none.
        sender_table, set_sender_table: usize = 59;
        /// Behind the CSRs of user interrupts: slots of its rings of asynchronous system calls; 0 if it
        /// has none.
        ring_slots, set_ring_slots: usize = 115;
        /// Number of the request that is done next.
        next_request, set_next_request: usize = 116;
        /// Number of the answer that is written next.
        next_answer, set_next_answer: usize = 117;
        /// Whether it is in the list of those whose requests wait.
        woken, set_woken: bool = 118;
        next_woken, set_next_woken: Option<Tcb> = 119;
        /// The queue of TAIC whose worker it is, counted from 1; 0 if it is none.
        worker, set_worker: usize = 60;
    }
}

const FAULT_WORDS: usize = 40;

impl Tcb {
    /// Offset of the slots.
    const SLOTS: usize = 512;
    /// Offset of a name, for debugging: what follows is rarely used.
    pub const NAME: usize = Self::SLOTS + 32 * Self::SLOT_COUNT;
    pub(crate) const NAME_WORDS: usize = 16;
    pub const SLOT_COUNT: usize = 5;
    /// Behind the name: the CSRs of user interrupts.
    const USER_STATE: usize = Self::NAME + 8 * Self::NAME_WORDS;
    /// The last two places for slots in the TCB.
    const RING_FRAME: usize = 14;
    /// Bit of the placement: the thread takes or sends user interrupts.
    const EXCHANGES: usize = 1 << 63;

    #[inline]
    pub fn register(self, memory: &impl Memory, register: usize) -> usize {
        memory.load(self.0 + 8 * register)
    }

    #[inline]
    pub fn set_register(self, memory: &mut impl Memory, register: usize, value: usize) {
        memory.store(self.0 + 8 * register, value);
    }

    /// The hart where it runs.
    #[inline]
    pub(crate) fn affinity(self, memory: &impl Memory) -> usize {
        self.placement(memory) & !Self::EXCHANGES
    }

    pub(crate) fn set_affinity(self, memory: &mut impl Memory, hart: usize) {
        let exchanges = self.placement(memory) & Self::EXCHANGES;
        self.set_placement(memory, hart | exchanges);
    }

    /// Whether it takes or sends user interrupts.
    #[inline]
    pub(crate) fn uses_user_interrupts(self, memory: &impl Memory) -> bool {
        self.placement(memory) & Self::EXCHANGES != 0
    }

    /// Whether it takes user interrupts, and so has the CSRs for them.
    pub(crate) fn takes_user_interrupts(self, memory: &impl Memory) -> bool {
        self.receiver(memory) != 0 || self.worker(memory) != 0
    }

    /// Notes whether it takes or sends user interrupts, as its receiver, queue and sender table say.
    pub(crate) fn note_user_interrupts(self, memory: &mut impl Memory) {
        let uses = self.takes_user_interrupts(memory) || self.sender_table(memory) != 0;
        let exchanges = if uses { Self::EXCHANGES } else { 0 };
        let hart = self.affinity(memory);
        self.set_placement(memory, hart | exchanges);
    }

    pub(crate) fn user_state(self, memory: &impl Memory) -> UserState {
        core::array::from_fn(|index| memory.load(self.0 + Self::USER_STATE + 8 * index))
    }

    pub(crate) fn set_user_state(self, memory: &mut impl Memory, state: &UserState) {
        for (index, word) in state.iter().enumerate() {
            memory.store(self.0 + Self::USER_STATE + 8 * index, *word);
        }
    }

    /// A word of the fault that waits for a reply, or is being sent.
    pub(crate) fn fault_word(self, memory: &impl Memory, index: usize) -> usize {
        memory.load(self.0 + 8 * (FAULT_WORDS + index))
    }

    pub(crate) fn set_fault_word(self, memory: &mut impl Memory, index: usize, value: usize) {
        memory.store(self.0 + 8 * (FAULT_WORDS + index), value);
    }

    pub(crate) fn name_word(self, memory: &impl Memory, index: usize) -> usize {
        memory.load(self.0 + Self::NAME + 8 * index)
    }

    pub(crate) fn set_name_word(self, memory: &mut impl Memory, index: usize, value: usize) {
        memory.store(self.0 + Self::NAME + 8 * index, value);
    }

    /// The root of its capability space.
    pub fn cspace(self) -> Slot {
        self.slot(0)
    }

    /// The root of its address space.
    pub fn vspace(self) -> Slot {
        self.slot(1)
    }

    /// The capability from which reply capabilities to this thread are derived.
    pub(crate) fn reply(self) -> Slot {
        self.slot(2)
    }

    /// The reply capability to the thread that called last.
    pub(crate) fn caller(self) -> Slot {
        self.slot(3)
    }

    /// The frame of the IPC buffer.
    pub fn buffer(self) -> Slot {
        self.slot(4)
    }

    /// The frame of its rings.
    pub(crate) fn ring_frame(self) -> Slot {
        self.slot(Self::RING_FRAME)
    }

    /// What is signalled when there are answers.
    pub(crate) fn ring_notification(self) -> Slot {
        self.slot(Self::RING_FRAME + 1)
    }

    pub(crate) fn slot(self, index: usize) -> Slot {
        Slot(self.0 + Self::SLOTS + 32 * index)
    }
}

/// What waits at an endpoint.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum EndpointState {
    Idle = 0,
    Senders = 1,
    Receivers = 2,
}

impl Word for EndpointState {
    #[inline]
    fn from_word(word: usize) -> Self {
        match word & 3 {
            1 => Self::Senders,
            2 => Self::Receivers,
            _ => Self::Idle,
        }
    }
    #[inline]
    fn word(self) -> usize {
        self as usize
    }
}

/// What a notification holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NotificationState {
    Idle = 0,
    /// Threads that wait.
    Waiting = 1,
    /// A badge that no one has taken yet.
    Active = 2,
}

impl Word for NotificationState {
    #[inline]
    fn from_word(word: usize) -> Self {
        match word & 3 {
            1 => Self::Waiting,
            2 => Self::Active,
            _ => Self::Idle,
        }
    }
    #[inline]
    fn word(self) -> usize {
        self as usize
    }
}

/// A queue of threads whose head word carries the object's state in its lowest bits.
pub(crate) trait ThreadQueue: Copy {
    const HEAD: usize = 0;
    const TAIL: usize = 1;
    fn address(self) -> usize;

    #[inline]
    fn head(self, memory: &impl Memory) -> Option<Tcb> {
        Option::from_word(memory.load(self.address() + 8 * Self::HEAD) & !3)
    }

    #[inline]
    fn state_word(self, memory: &impl Memory) -> usize {
        memory.load(self.address() + 8 * Self::HEAD) & 3
    }

    #[inline]
    fn set_head(self, memory: &mut impl Memory, head: Option<Tcb>, state: usize) {
        memory.store(self.address() + 8 * Self::HEAD, head.word() | state);
    }

    #[inline]
    fn tail(self, memory: &impl Memory) -> Option<Tcb> {
        Option::from_word(memory.load(self.address() + 8 * Self::TAIL))
    }

    #[inline]
    fn set_tail(self, memory: &mut impl Memory, tail: Option<Tcb>) {
        memory.store(self.address() + 8 * Self::TAIL, tail.word());
    }

    /// Appends a thread; the object is in `state` afterwards.
    fn append(self, memory: &mut impl Memory, thread: Tcb, state: usize) {
        let tail = self.tail(memory);
        match tail {
            None => self.set_head(memory, Some(thread), state),
            Some(tail) => tail.set_queue_next(memory, Some(thread)),
        }
        thread.set_queue_previous(memory, tail);
        thread.set_queue_next(memory, None);
        self.set_tail(memory, Some(thread));
    }

    /// Takes a thread out; the object is idle if it was the last.
    fn remove(self, memory: &mut impl Memory, thread: Tcb) {
        let (next, previous) = (thread.queue_next(memory), thread.queue_previous(memory));
        match previous {
            None => {
                let state = if next.is_none() { 0 } else { self.state_word(memory) };
                self.set_head(memory, next, state);
            }
            Some(previous) => previous.set_queue_next(memory, next),
        }
        match next {
            None => self.set_tail(memory, previous),
            Some(next) => next.set_queue_previous(memory, previous),
        }
    }
}

impl ThreadQueue for Endpoint {
    fn address(self) -> usize {
        self.0
    }
}

impl ThreadQueue for Notification {
    fn address(self) -> usize {
        self.0
    }
}

impl Endpoint {
    #[inline]
    pub fn state(self, memory: &impl Memory) -> EndpointState {
        EndpointState::from_word(self.state_word(memory))
    }
}

fields! {
    Notification {
        badge, set_badge: usize = 2;
        /// The thread that receives from it at endpoints as well.
        bound, set_bound: Option<Tcb> = 3;
    }
}

impl Notification {
    #[inline]
    pub fn state(self, memory: &impl Memory) -> NotificationState {
        NotificationState::from_word(self.state_word(memory))
    }
}

fields! {
    TaskContext {
        /// Its number in the device, counted from 1; 0 while it has no queue.
        number, set_number: usize = 0;
        /// Allocated queues, a bit each.
        queues, set_queues: usize = 1;
        /// Who can signal this may notify the context.
        notification, set_notification: Option<Notification> = 2;
        /// The bits that tell the notification of a task that could interrupt nobody.
        badge, set_badge: usize = 3;
        /// The queue into which channels wake, or the least loaded one.
        wake_queue, set_wake_queue: usize = 4;
        /// A task could interrupt nobody: the next worker that runs is interrupted.
        undelivered, set_undelivered: bool = 5;
    }
}

impl TaskContext {
    /// Words of the first queue; each has two.
    const QUEUES: usize = 8;

    /// Where the page of a queue is mapped.
    pub(crate) fn mapping(self, memory: &impl Memory, queue: usize) -> Mapping {
        Mapping::of(memory.load(self.queue(queue)))
    }

    pub(crate) fn set_mapping(self, memory: &mut impl Memory, queue: usize, mapping: Mapping) {
        memory.store(self.queue(queue), mapping.word());
    }

    /// The thread that works on a queue.
    pub(crate) fn worker(self, memory: &impl Memory, queue: usize) -> Option<Tcb> {
        Option::from_word(memory.load(self.queue(queue) + 8))
    }

    pub(crate) fn set_worker(self, memory: &mut impl Memory, queue: usize, worker: Option<Tcb>) {
        memory.store(self.queue(queue) + 8, worker.word());
    }

    const fn queue(self, queue: usize) -> usize {
        self.0 + 8 * (Self::QUEUES + 2 * (queue % QUEUES))
    }
}

const _: () = assert!(8 * (TaskContext::QUEUES + 2 * QUEUES) <= 1 << TASK_CONTEXT_BITS);
