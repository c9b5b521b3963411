//! Invocations of kernel objects: what a message asks of the object that its capability names.

use crate::{
    Cap, Failure, Kernel, Kind, Slot, Tcb,
    fault::Fault,
    kernel::ExtraCaps,
    lookup::WORD_BITS,
    machine::Machine,
    object::{Notification, State, reg},
};
use abi::{
    Label, LookupFailure, MessageInfo, Rights,
    async_call::{answer, request},
    message::{MAX_EXTRA_CAPS, MAX_LENGTH, REGISTERS, place},
};
use core::cell::Cell;

/// An invocation: the capability, where it stands, and the message.
pub(crate) struct Invocation {
    pub cap: Cap,
    pub slot: Slot,
    pub info: MessageInfo,
    /// Words that can be read.
    pub length: usize,
    pub extra: ExtraCaps,
    /// Who asks.
    pub thread: Tcb,
    pub message: Message,
    /// Whether the caller waits for an answer.
    pub call: bool,
    #[cfg(feature = "sync-ipc")]
    pub blocking: bool,
}

/// Where the words of an invocation are, and those of its answer go.
pub(crate) enum Message {
    /// The registers of the current thread, and its IPC buffer.
    Thread { buffer: Option<usize> },
    /// A request of a ring, which was read once.
    Request { words: [usize; request::MAX_LENGTH], answer: Cell<Answer> },
}

/// The words of an answer in a ring.
#[derive(Clone, Copy)]
pub(crate) struct Answer {
    pub words: [usize; answer::MAX_LENGTH],
    pub length: usize,
}

impl Answer {
    pub const NONE: Self = Self { words: [0; answer::MAX_LENGTH], length: 0 };

    /// As many words as there is room for.
    fn of(words: &[usize]) -> Self {
        let mut answer = Self { length: words.len().min(answer::MAX_LENGTH), ..Self::NONE };
        for (place, word) in answer.words.iter_mut().zip(words) {
            *place = *word;
        }
        answer
    }
}

impl Invocation {
    /// What a request is answered.
    pub fn request_answer(&self) -> Answer {
        match &self.message {
            Message::Request { answer, .. } => answer.get(),
            Message::Thread { .. } => Answer::NONE,
        }
    }

    /// A capability of the message.
    pub fn extra(&self, index: usize) -> Result<Slot, Failure> {
        self.extra[index].ok_or(Failure::TruncatedMessage)
    }
}

impl<M: Machine> Kernel<M> {
    /// What a thread says that its message is.
    #[inline]
    pub(crate) fn message_info(&self, thread: Tcb) -> MessageInfo {
        let info = MessageInfo(thread.register(self, reg::INFO));
        if info.length() > MAX_LENGTH {
            return MessageInfo::new(
                info.label(),
                info.caps_unwrapped(),
                info.extra_caps(),
                MAX_LENGTH,
            );
        }
        info
    }

    /// The address of a thread's IPC buffer in the window, if it has one that it may read, or write.
    pub(crate) fn ipc_buffer(&self, thread: Tcb, write: bool) -> Option<usize> {
        use crate::cap::FrameRights;
        let cap = thread.buffer().cap(self);
        if !cap.is(Kind::Frame) || cap.is_device() {
            return None;
        }
        match cap.frame_rights() {
            FrameRights::ReadWrite => {}
            FrameRights::Read if !write => {}
            _ => return None,
        }
        let mask = (1 << crate::cap::frame_bits(cap.frame_size())) - 1;
        Some(cap.pointer() + (thread.ipc_buffer(self) & mask))
    }

    /// The capabilities of a message.
    pub(crate) fn extra_caps(
        &self,
        thread: Tcb,
        buffer: Option<usize>,
        info: MessageInfo,
    ) -> Result<ExtraCaps, (usize, LookupFailure)> {
        let mut caps = [None; MAX_EXTRA_CAPS];
        let Some(buffer) = buffer else { return Ok(caps) };
        for (index, cap) in caps.iter_mut().enumerate().take(info.extra_caps()) {
            let address = self.machine.load_shared(buffer + 8 * (place::CAPS_OR_BADGES + index));
            *cap = Some(self.lookup_slot(thread, address).map_err(|failure| (address, failure))?);
        }
        Ok(caps)
    }

    /// The first words of the message. Fails if it has fewer.
    pub(crate) fn arguments<const N: usize>(
        &self,
        call: &Invocation,
    ) -> Result<[usize; N], Failure> {
        if call.length < N {
            return Err(Failure::TruncatedMessage);
        }
        Ok(core::array::from_fn(|index| self.argument(call, index)))
    }

    /// A word of the message; 0 behind its end.
    pub(crate) fn argument(&self, call: &Invocation, index: usize) -> usize {
        match &call.message {
            Message::Request { words, .. } => words.get(index).copied().unwrap_or(0),
            Message::Thread { .. } if index < REGISTERS => {
                call.thread.register(self, reg::MESSAGE + index)
            }
            Message::Thread { buffer: Some(buffer) } => {
                self.machine.load_shared(buffer + 8 * (place::WORDS + index))
            }
            Message::Thread { buffer: None } => 0,
        }
    }

    /// All checks are done: if the rest is interrupted, the call starts again.
    pub(crate) fn begin(&mut self, call: &Invocation) {
        if matches!(call.message, Message::Thread { .. }) {
            self.set_state(call.thread, State::Restart);
        }
    }

    /// Sends a message to what a capability names.
    pub(crate) fn invoke(&mut self, blocking: bool, call: bool) -> Result<(), Failure> {
        let current = self.current();
        let address = current.register(self, reg::CAP);
        let info = self.message_info(current);
        let slot = match self.lookup_slot(current, address) {
            Ok(slot) => slot,
            Err(failure) => {
                self.refuse(blocking, address, failure);
                return Ok(());
            }
        };
        let buffer = self.ipc_buffer(current, false);
        let extra = match self.extra_caps(current, buffer, info) {
            Ok(extra) => extra,
            Err((address, failure)) => {
                self.refuse(blocking, address, failure);
                return Ok(());
            }
        };
        let length = if buffer.is_none() { info.length().min(REGISTERS) } else { info.length() };
        let cap = slot.cap(self);
        let call = Invocation {
            cap,
            slot,
            info,
            length,
            extra,
            thread: current,
            message: Message::Thread { buffer },
            call,
            #[cfg(feature = "sync-ipc")]
            blocking,
        };
        match self.dispatch(&call) {
            Err(Failure::Preempted) => return Err(Failure::Preempted),
            Err(failure) => {
                if call.call {
                    self.answer_failure(failure);
                }
            }
            Ok(()) => {
                if current.state(self) == State::Restart {
                    if call.call {
                        self.answer(0, &[]);
                    }
                    self.set_state(current, State::Running);
                }
            }
        }
        Ok(())
    }

    fn refuse(&mut self, blocking: bool, address: usize, failure: LookupFailure) {
        if blocking {
            let current = self.current();
            self.fault(current, Fault::cap(address, false, failure));
        }
    }

    pub(crate) fn dispatch(&mut self, call: &Invocation) -> Result<(), Failure> {
        match call.cap.kind() {
            Kind::Null | Kind::Zombie => Err(Failure::InvalidCapability(0)),
            Kind::Endpoint => self.invoke_endpoint(call),
            Kind::Notification if call.info.label() == Label::TaskConnect as usize => {
                self.connect(call)
            }
            Kind::Notification
                if call.info.label() == Label::UintrRegisterAsyncSyscall as usize =>
            {
                self.register_rings(call)
            }
            Kind::Notification if self.is_user_interrupt(call) => self.invoke_user_interrupt(call),
            Kind::Notification => {
                if !call.cap.rights().contains(Rights::WRITE) {
                    return Err(Failure::InvalidCapability(0));
                }
                self.begin(call);
                self.signal(Notification(call.cap.pointer()), call.cap.badge());
                Ok(())
            }
            Kind::Reply => self.invoke_reply(call),
            Kind::Thread => self.invoke_thread(call),
            Kind::Domain => self.invoke_domain(call),
            Kind::CNode => self.invoke_cnode(call),
            Kind::Untyped => self.invoke_untyped(call),
            Kind::IrqControl => self.invoke_irq_control(call),
            Kind::IrqHandler => self.invoke_irq_handler(call),
            Kind::Frame => self.invoke_frame(call),
            Kind::PageTable => self.invoke_page_table(call),
            Kind::AsidControl => self.invoke_asid_control(call),
            Kind::AsidPool => self.invoke_asid_pool(call),
            Kind::TaskContext => self.invoke_task_context(call),
        }
    }

    #[cfg(feature = "sync-ipc")]
    fn invoke_endpoint(&mut self, call: &Invocation) -> Result<(), Failure> {
        let rights = call.cap.rights();
        if !rights.contains(Rights::WRITE) {
            return Err(Failure::InvalidCapability(0));
        }
        self.begin(call);
        let how = crate::endpoint::Sending {
            blocking: call.blocking,
            call: call.call,
            badge: call.cap.badge(),
            grant: rights.contains(Rights::GRANT),
            grant_reply: rights.contains(Rights::GRANT_REPLY),
        };
        let current = self.current();
        self.send(current, crate::object::Endpoint(call.cap.pointer()), how);
        Ok(())
    }

    #[cfg(feature = "sync-ipc")]
    fn invoke_reply(&mut self, call: &Invocation) -> Result<(), Failure> {
        if call.cap.is_master() {
            return Err(Failure::InvalidCapability(0));
        }
        self.begin(call);
        let (current, receiver) = (self.current(), Tcb(call.cap.pointer()));
        self.reply_to(current, receiver, call.slot, call.cap.reply_grants());
        Ok(())
    }

    #[cfg(not(feature = "sync-ipc"))]
    fn invoke_reply(&mut self, _: &Invocation) -> Result<(), Failure> {
        Err(Failure::InvalidCapability(0))
    }

    #[cfg(not(feature = "sync-ipc"))]
    fn invoke_endpoint(&mut self, _: &Invocation) -> Result<(), Failure> {
        Err(Failure::InvalidCapability(0))
    }

    /// Answers the current thread.
    pub(crate) fn answer(&mut self, label: usize, words: &[usize]) {
        let current = self.current();
        let buffer = self.ipc_buffer(current, true);
        let mut length = 0;
        for (index, word) in words.iter().enumerate() {
            if self.write_word(current, buffer, index, *word) {
                length = index + 1;
            }
        }
        current.set_register(self, reg::BADGE, 0);
        current.set_register(self, reg::INFO, MessageInfo::new(label, 0, 0, length).0);
    }

    /// The invocation is done, with a result that only a caller wants.
    pub(crate) fn finish_with(&mut self, call: &Invocation, words: &[usize]) {
        if let Message::Request { answer, .. } = &call.message {
            answer.set(Answer::of(words));
            return;
        }
        if call.call {
            self.answer(0, words);
        }
        self.set_state(call.thread, State::Running);
    }

    fn answer_failure(&mut self, failure: Failure) {
        let (label, words, count) = failure.message();
        self.answer(label, &words[..count]);
    }

    /// Writes a word of a message to a thread. Returns whether there is a place for it.
    pub(crate) fn write_word(
        &mut self,
        thread: Tcb,
        buffer: Option<usize>,
        index: usize,
        word: usize,
    ) -> bool {
        match buffer {
            _ if index < REGISTERS => thread.set_register(self, reg::MESSAGE + index, word),
            Some(buffer) => self.machine.store_shared(buffer + 8 * (place::WORDS + index), word),
            None => return false,
        }
        true
    }

    /// A word of the message of a thread that is not being decoded.
    #[cfg(feature = "sync-ipc")]
    pub(crate) fn read_word(&self, thread: Tcb, buffer: Option<usize>, index: usize) -> usize {
        match buffer {
            _ if index < REGISTERS => thread.register(self, reg::MESSAGE + index),
            Some(buffer) => self.machine.load_shared(buffer + 8 * (place::WORDS + index)),
            None => 0,
        }
    }
}

const _: () = assert!(WORD_BITS == 64);
