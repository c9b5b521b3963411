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
    LookupFailure, MessageInfo, Rights,
    message::{MAX_EXTRA_CAPS, MAX_LENGTH, REGISTERS, place},
};

/// An invocation: the capability, where it stands, and the message.
pub(crate) struct Invocation {
    pub cap: Cap,
    pub slot: Slot,
    pub info: MessageInfo,
    /// Words that can be read.
    pub length: usize,
    pub extra: ExtraCaps,
    /// The IPC buffer of the caller.
    pub buffer: Option<usize>,
    /// Whether the caller waits for an answer.
    pub call: bool,
    #[cfg(feature = "sync-ipc")]
    pub blocking: bool,
}

impl Invocation {
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
        match call.buffer {
            _ if index < REGISTERS => self.current().register(self, reg::MESSAGE + index),
            Some(buffer) => self.machine.load_shared(buffer + 8 * (place::WORDS + index)),
            None => 0,
        }
    }

    /// All checks are done: if the rest is interrupted, the call starts again.
    pub(crate) fn begin(&mut self) {
        let current = self.current();
        self.set_state(current, State::Restart);
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
            buffer,
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

    fn dispatch(&mut self, call: &Invocation) -> Result<(), Failure> {
        match call.cap.kind() {
            Kind::Null | Kind::Zombie => Err(Failure::InvalidCapability(0)),
            Kind::Endpoint => self.invoke_endpoint(call),
            Kind::Notification if self.is_user_interrupt(call) => self.invoke_user_interrupt(call),
            Kind::Notification => {
                if !call.cap.rights().contains(Rights::WRITE) {
                    return Err(Failure::InvalidCapability(0));
                }
                self.begin();
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
        }
    }

    #[cfg(feature = "sync-ipc")]
    fn invoke_endpoint(&mut self, call: &Invocation) -> Result<(), Failure> {
        let rights = call.cap.rights();
        if !rights.contains(Rights::WRITE) {
            return Err(Failure::InvalidCapability(0));
        }
        self.begin();
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
        self.begin();
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
        let current = self.current();
        if call.call {
            self.answer(0, words);
        }
        self.set_state(current, State::Running);
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
