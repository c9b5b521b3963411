//! A machine in a vector, and a root task on it that makes system calls.

use super::{
    taic::{self, Device},
    uintc::{RECEIVERS, UserHart},
};
use crate::{
    Cap, Kernel, Machine, Memory, Slot, TaskDevice, Tcb, UserState,
    boot::{Boot, Memories, Region},
    entry::Entry,
    object::reg,
    user,
};
use ::taic::{Channel, QueueIndex, TaskId};
use abi::{Error, Label, MessageInfo, Syscall, boot_info::place, message::place as buffer, slot};
use std::{vec, vec::Vec};

const WINDOW: usize = 0xffff_ffc0_0000_0000;
const PHYSICAL: usize = 0x8000_0000;
const BYTES: usize = 4 << 20;
const SENDER_TABLES: usize = PHYSICAL + 0x20000;
const IDLE: usize = PHYSICAL + 0x1000;
const IRQ_SLOTS: usize = PHYSICAL + 0x3000;
const IMAGE: Region = Region { start: PHYSICAL + 0x10000, end: PHYSICAL + 0x12000 };
const FREE: Region = Region { start: PHYSICAL + 0x40000, end: PHYSICAL + BYTES };

/// A hart without devices.
pub struct Host {
    words: Vec<usize>,
    pub pending: bool,
    pub user: UserHart,
    pub taic: Device,
}

impl Host {
    fn index(&self, address: usize) -> usize {
        let index = address.wrapping_sub(WINDOW + PHYSICAL) / 8;
        assert!(index < self.words.len() && address.is_multiple_of(8), "access to {address:#x}");
        index
    }
}

impl Host {
    /// The first word that another machine has different. Those at an offset of `but` in a KiB do not
    /// count.
    pub fn difference(&self, other: &Self, but: &[usize]) -> Option<usize> {
        let mut pairs = self.words.iter().zip(&other.words).enumerate();
        pairs
            .find(|(index, (one, two))| one != two && !but.contains(&(8 * index % 1024)))
            .map(|(index, _)| 8 * index)
    }
}

impl Memory for Host {
    fn load(&self, address: usize) -> usize {
        self.words[self.index(address)]
    }
    fn store(&mut self, address: usize, value: usize) {
        let index = self.index(address);
        self.words[index] = value;
    }
}

impl Machine for Host {
    fn load_shared(&self, address: usize) -> usize {
        self.load(address)
    }
    fn store_shared(&mut self, address: usize, value: usize) {
        self.store(address, value);
    }
    fn order(&self) {}
    fn clear(&mut self, address: usize, bytes: usize) {
        let first = self.index(address);
        self.words[first..first + bytes / 8].fill(0);
    }
    fn physical(&self, address: usize) -> usize {
        address - WINDOW
    }
    fn window(&self, physical: usize) -> usize {
        physical + WINDOW
    }
    fn set_address_space(&mut self, _: usize, _: usize) {}
    fn set_kernel_space(&mut self) {}
    fn link_kernel(&mut self, _: usize) {}
    fn forget_page(&mut self, _: usize, _: usize) {}
    fn forget_space(&mut self, _: usize) {}
    fn interrupt_pending(&self) -> bool {
        self.pending
    }
    fn enable_irq(&mut self, _: usize, _: bool) {}
    fn complete_irq(&mut self, _: usize) {}
    fn kick(&mut self, _: usize) {}
    fn leave_space(&mut self, _: usize) {}
    fn stop(&mut self, _: usize) {}
    fn user_state(&self) -> UserState {
        self.user.state
    }
    fn user_state_of(&mut self, _: usize) -> UserState {
        unreachable!("there is one hart")
    }
    fn set_user_state(
        &mut self,
        state: Option<&UserState>,
        receiver: Option<usize>,
        senders: Option<usize>,
    ) {
        if let Some(state) = state {
            self.user.state = *state;
        }
        self.user.takes = state.is_some();
        self.user.receiver = receiver;
        self.user.senders = senders;
    }
    fn listen(&mut self, on: bool) {
        self.user.listening = on;
    }
    fn place_receiver(&mut self, receiver: usize, hart: usize, active: bool) {
        let entry = &mut self.user.entries[receiver];
        (entry.hart, entry.active) = (hart, active);
    }
    fn take_vectors(&mut self, receiver: usize) -> usize {
        std::mem::take(&mut self.user.entries[receiver].pending)
    }
    fn finish_sends(&mut self, _: usize) {
        unreachable!("there is one hart")
    }
    fn put_char(&mut self, _: u8) {}
    fn halt(&mut self) {}
}

impl TaskDevice for Host {
    fn allocate_queue(&mut self, owner: usize) -> Option<QueueIndex> {
        self.taic.allocate(owner)
    }
    fn free_queue(&mut self, queue: QueueIndex) {
        self.taic.free(queue);
    }
    fn queue_page(&self, queue: QueueIndex) -> Option<usize> {
        Some(taic::page(queue))
    }
    fn set_priorities(&mut self, context: u8, on: bool) {
        self.taic.set_priorities(context, on);
    }
    fn install_queue(&mut self, hart: usize, queue: Option<QueueIndex>) {
        assert_eq!(hart, 0);
        self.taic.install(queue);
    }
    fn set_channel(&mut self, number: u16, channel: Option<Channel>) -> bool {
        self.taic.set_channel(number, channel)
    }
    fn arm_channel(&mut self, queue: QueueIndex, number: u16, task: Option<TaskId>) {
        assert!(self.taic.arm(queue, number, task), "the kernel is not refused");
    }
    fn set_grants(&mut self, line: usize, contexts: u64) {
        self.taic.set_grants(line, contexts);
    }
    fn disarm_line(&mut self, queue: QueueIndex, line: usize) {
        assert!(self.taic.arm_line(queue, line, None), "the kernel is not refused");
    }
    fn take_undelivered(&mut self) -> u64 {
        self.taic.take_undelivered()
    }
    fn interrupt_user(&mut self) {
        assert!(self.user.takes, "an interrupt for a thread that takes none");
        self.user.state[user::PENDING] = 1;
    }
}

/// What an invocation gave: label of the reply, and the words of its message.
pub type Answer = (usize, Vec<usize>);

/// The kernel with its root task.
pub struct Bench {
    pub kernel: Kernel<Host>,
    pub root: Tcb,
    /// The first slot of the root task that is empty.
    pub free: usize,
    /// The slot of the largest untyped object.
    pub untyped: usize,
}

impl Bench {
    pub fn new() -> Self {
        Self::on(RECEIVERS, Device::new())
    }

    /// On a machine with so many receivers of user interrupts, and this TAIC.
    pub fn on(receivers: usize, taic: Device) -> Self {
        let task_device = taic.capabilities();
        let mut kernel = Kernel::new(Host {
            words: vec![0; BYTES / 8],
            pending: false,
            user: UserHart::new(),
            taic,
        });
        let mut memory = Memories::new();
        memory.add(FREE);
        let boot = Boot {
            image: IMAGE,
            image_virtual: 0x10000,
            entry: 0x10000,
            device_tree: Region::default(),
            memory,
            devices: &[Region::new(0x1000_0000, 0x1000_1000)],
            harts: 1,
            irq_slots: WINDOW + IRQ_SLOTS,
            receivers,
            sender_tables: WINDOW + SENDER_TABLES,
            task_device,
            idle: core::array::from_fn(|hart| Tcb(WINDOW + IDLE + 1024 * hart)),
        };
        kernel.boot(boot).expect("the root task starts");
        let root = kernel.current();
        let info = kernel.machine.window(
            kernel
                .machine
                .physical(root_slot(&kernel, root, slot::BOOT_INFO).cap(&kernel).pointer()),
        );
        let word = |place: usize| kernel.load(info + 8 * place);
        let (first, end) = (word(place::UNTYPED), word(place::UNTYPED + 1));
        let bits = |number: usize| word(place::UNTYPED_LIST + 2 * number + 1);
        let best = (0..end - first).filter(|n| bits(*n) >> 8 == 0).max_by_key(|n| bits(*n));
        let best = best.expect("there is memory");
        let free = word(place::EMPTY);
        Self { root, free, untyped: first + best, kernel }
    }

    pub fn slot(&self, index: usize) -> Slot {
        root_slot(&self.kernel, self.root, index)
    }

    pub fn cap(&self, index: usize) -> Cap {
        self.slot(index).cap(&self.kernel)
    }

    fn buffer(&self) -> usize {
        self.kernel.ipc_buffer(self.kernel.current(), true).expect("there is a buffer")
    }

    /// The current thread makes a system call.
    pub fn syscall(
        &mut self,
        call: Syscall,
        cap: usize,
        info: MessageInfo,
        words: &[usize],
        caps: &[usize],
    ) {
        let current = self.kernel.current();
        current.set_register(&mut self.kernel, reg::CAP, cap);
        current.set_register(&mut self.kernel, reg::INFO, info.0);
        for (index, word) in words.iter().enumerate() {
            match index {
                0..4 => current.set_register(&mut self.kernel, reg::MESSAGE + index, *word),
                _ => {
                    let at = self.buffer() + 8 * (buffer::WORDS + index);
                    self.kernel.store(at, *word);
                }
            }
        }
        for (index, cap) in caps.iter().enumerate() {
            let at = self.buffer() + 8 * (buffer::CAPS_OR_BADGES + index);
            self.kernel.store(at, *cap);
        }
        self.enter(Entry::Syscall(call as isize));
    }

    /// Enters the kernel, and checks what always holds.
    pub fn enter(&mut self, entry: Entry) {
        self.kernel.enter(entry);
        self.kernel.check().expect("invariants");
    }

    /// The current thread, which is the root task, invokes an object. A refusal is one that the
    /// reference of the invocation lists.
    pub fn invoke(&mut self, cap: usize, label: Label, words: &[usize], caps: &[usize]) -> Answer {
        let info = MessageInfo::new(label as usize, 0, caps.len(), words.len());
        self.syscall(Syscall::Call, cap, info, words, caps);
        let answer = self.answer(self.root);
        if let (Some(error), Some(invocation)) =
            (Error::from_number(answer.0), abi::invocation::of(label))
        {
            assert!(invocation.can_fail_with(error), "{label:?} is not said to fail: {error:?}");
        }
        answer
    }

    /// The message that a thread has received.
    pub fn answer(&self, thread: Tcb) -> Answer {
        let info = MessageInfo(thread.register(&self.kernel, reg::INFO));
        let buffer = self.kernel.ipc_buffer(thread, true);
        let words = (0..info.length()).map(|index| self.kernel.read_word(thread, buffer, index));
        (info.label(), words.collect())
    }

    /// Makes objects in the root task's slots from `first` on.
    pub fn retype(
        &mut self,
        untyped: usize,
        kind: abi::ObjectType,
        size: usize,
        first: usize,
        count: usize,
    ) -> Answer {
        let words = [kind as usize, size, 0, 0, first, count];
        self.invoke(untyped, Label::UntypedRetype, &words, &[slot::CNODE])
    }

    /// A thread that runs in the root task's spaces, without an IPC buffer.
    pub fn thread(&mut self, index: usize, priority: usize) -> Tcb {
        let made = self.retype(self.untyped, abi::ObjectType::Tcb, 0, index, 1);
        assert_eq!(made.0, 0, "{made:?}");
        let words = [0, 0, 0, 0];
        let caps = [slot::CNODE, slot::VSPACE, 0];
        assert_eq!(self.invoke(index, Label::TcbConfigure, &words, &caps).0, 0);
        let set = self.invoke(index, Label::TcbSetPriority, &[priority], &[slot::TCB]);
        assert_eq!(set.0, 0);
        Tcb(self.cap(index).pointer())
    }
}

fn root_slot(kernel: &Kernel<Host>, root: Tcb, index: usize) -> Slot {
    Slot(root.cspace().cap(kernel).pointer() + 32 * index)
}
