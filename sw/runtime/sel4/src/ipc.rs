//! Messages through endpoints, and notifications.

use crate::{
    Endpoint, Notification, Reply,
    syscall::{Call, IpcBuffer, system_call},
};
use abi::{
    MessageInfo, Syscall,
    message::{MAX_LENGTH, REGISTERS},
};

/// A message: its label and its first words. Further words and capabilities stand in the
/// [`IpcBuffer`].
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct Message {
    pub info: MessageInfo,
    pub words: [usize; REGISTERS],
}

/// A message that arrived.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct Received {
    /// Badge of the capability that it was sent with. With a bound notification, its bits.
    pub badge: usize,
    pub message: Message,
}

impl Message {
    /// A message with a label and words, at most [`MAX_LENGTH`]. Those behind the fourth are put
    /// into the IPC buffer.
    pub fn new(label: usize, words: &[usize]) -> Self {
        assert!(words.len() <= MAX_LENGTH);
        let mut message =
            Self { info: MessageInfo::new(label, 0, 0, words.len()), words: [0; REGISTERS] };
        for (index, word) in words.iter().enumerate() {
            match message.words.get_mut(index) {
                Some(register) => *register = *word,
                None => IpcBuffer::own().set_word(index, *word),
            }
        }
        message
    }

    /// The same message with a capability, which the receiver gets if the endpoint grants.
    #[must_use]
    pub fn with_cap(self, cap: usize) -> Self {
        let count = self.info.extra_caps();
        IpcBuffer::own().set_cap(count, cap);
        let info = MessageInfo::new(self.info.label(), 0, count + 1, self.info.length());
        Self { info, ..self }
    }

    pub fn label(&self) -> usize {
        self.info.label()
    }

    /// A word of the message, also one in the IPC buffer.
    pub fn word(&self, index: usize) -> usize {
        match self.words.get(index) {
            Some(word) => *word,
            None => IpcBuffer::own().word(index),
        }
    }

    fn call(self, cap: usize) -> Call {
        Call { cap, info: self.info, words: self.words }
    }
}

impl From<Call> for Received {
    fn from(call: Call) -> Self {
        Self { badge: call.cap, message: Message { info: call.info, words: call.words } }
    }
}

impl Endpoint {
    /// Sends, and waits until a receiver takes it.
    pub fn send(self, message: Message) {
        system_call(Syscall::Send, message.call(self.0));
    }

    /// Sends if a receiver waits; otherwise the message is lost.
    pub fn try_send(self, message: Message) {
        system_call(Syscall::NbSend, message.call(self.0));
    }

    /// Sends, and waits for the reply.
    pub fn call(self, message: Message) -> Message {
        Received::from(system_call(Syscall::Call, message.call(self.0))).message
    }

    /// Waits for a message.
    pub fn receive(self) -> Received {
        system_call(Syscall::Recv, Call { cap: self.0, ..Call::default() }).into()
    }

    /// Takes a message if a sender waits; otherwise the badge is 0.
    pub fn try_receive(self) -> Received {
        system_call(Syscall::NbRecv, Call { cap: self.0, ..Call::default() }).into()
    }

    /// Answers the last caller, and waits for the next message.
    pub fn reply_and_receive(self, message: Message) -> Received {
        system_call(Syscall::ReplyRecv, message.call(self.0)).into()
    }
}

/// Answers the last caller of this thread.
pub fn reply(message: Message) {
    system_call(Syscall::Reply, message.call(0));
}

impl Reply {
    /// Answers the caller whose capability was saved here; this empties the slot.
    pub fn send(self, message: Message) {
        system_call(Syscall::Send, message.call(self.0));
    }

    /// Answers the last caller of this thread.
    pub fn to_caller(message: Message) {
        reply(message);
    }
}

impl Notification {
    /// Adds the badge of this capability to the bits, or wakes a waiter with it.
    pub fn signal(self) {
        system_call(Syscall::Send, Call { cap: self.0, ..Call::default() });
    }

    /// Waits for bits, takes and returns them.
    pub fn wait(self) -> usize {
        system_call(Syscall::Recv, Call { cap: self.0, ..Call::default() }).cap
    }

    /// Takes and returns the bits; 0 if there are none.
    pub fn poll(self) -> usize {
        system_call(Syscall::NbRecv, Call { cap: self.0, ..Call::default() }).cap
    }
}
