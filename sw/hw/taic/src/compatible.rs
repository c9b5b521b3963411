//! The published registrations, which name contexts by their owners. They work through a page whose
//! context the kernel permits them, and through the kernel's own page of each queue.
//!
//! All but one take several writes, which must not be mixed with those of somebody else to the same
//! page: who can be interrupted by such code holds it off.

use crate::{LocalQueue, TaskId};
use soc::taic_queue as register;

/// A context as its owner, and a channel between the two of a notification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer {
    pub os: u64,
    pub process: u32,
    pub channel: u32,
}

impl Peer {
    const fn second_word(self) -> u64 {
        (self.process as u64) << 32 | self.channel as u64
    }
}

impl LocalQueue {
    /// Permits this context to notify `receiver`.
    pub fn register_sender(self, receiver: Peer) {
        self.write_peer(register::REGISTER_SENDER, receiver);
    }

    /// Takes that permission back.
    pub fn cancel_sender(self, receiver: Peer) {
        self.write_peer(register::CANCEL_SENDER, receiver);
    }

    /// Lets notifications of `sender` wake `task`: the next one, or all if it is kept.
    pub fn register_receiver(self, sender: Peer, task: TaskId) {
        self.write_peer(register::REGISTER_RECEIVER, sender);
        self.page.write(register::REGISTER_RECEIVER, task.bits());
    }

    /// Notifies `receiver`.
    pub fn send_interrupt(self, receiver: Peer) {
        self.write_peer(register::SEND_INTERRUPT, receiver);
    }

    /// Says on which hart the worker of this queue runs, if on any.
    pub fn write_hart(self, hart: Option<u16>) {
        self.page.write(register::WRITE_HART, hart.map_or(u64::MAX, u64::from));
    }

    /// Lets `line` wake `task`, into queue 0 of the context; or nothing.
    pub fn register_interrupt(self, line: usize, task: Option<TaskId>) {
        assert!(line < register::REGISTER_INTERRUPT_COUNT, "no line {line}");
        let offset = register::REGISTER_INTERRUPT + line * register::REGISTER_INTERRUPT_STRIDE;
        self.page.write(offset, task.map_or(0, TaskId::bits));
    }

    fn write_peer(self, offset: usize, peer: Peer) {
        self.page.write(offset, peer.os);
        self.page.write(offset, peer.second_word());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::window::tests::Memory;

    #[test]
    fn registers_are_where_the_map_says() {
        let memory = Memory::new(4096);
        let queue = LocalQueue { page: memory.window() };
        let peer = Peer { os: 1, process: 2, channel: 3 };
        queue.register_sender(peer);
        queue.cancel_sender(Peer { process: 4, ..peer });
        queue.send_interrupt(Peer { channel: 5, ..peer });
        let words = [0x18, 0x20, 0x30].map(|offset| memory.word(offset));
        assert_eq!(words, [0x2_0000_0003, 0x4_0000_0003, 0x2_0000_0005]);
        queue.register_receiver(peer, TaskId::from_bits(0x107).unwrap());
        assert_eq!(memory.word(0x28), 0x107);
        queue.write_hart(Some(1));
        assert_eq!(memory.word(0x38), 1);
        queue.write_hart(None);
        assert_eq!(memory.word(0x38), u64::MAX);
        queue.register_interrupt(3, TaskId::from_bits(0x109));
        queue.register_interrupt(4, None);
        assert_eq!([memory.word(0x58), memory.word(0x60)], [0x109, 0]);
    }
}
