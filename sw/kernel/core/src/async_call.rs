//! Asynchronous system calls: which thread has rings, and how it gets and loses them.
//!
//! The frame of the rings and the notification for the answers are capabilities of the thread, in slots
//! of its TCB. Whoever revokes one of them takes the rings away: the kernel looks at both slots before
//! each request. The rings are in `async_ring`, the work is in `async_run`.

use crate::{
    Cap, Failure, Kernel, Kind, Tcb,
    cap::{FrameRights, frame_bits},
    invocation::Invocation,
    machine::Machine,
};
use abi::{
    Rights,
    async_call::{ANSWER_WORDS, MAX_SLOTS, REQUEST_WORDS, SLOTS},
};
use ring::layout::{FIRST, Layout};

/// The rings of a thread: where they are.
#[derive(Clone, Copy)]
pub(crate) struct Rings {
    pub requests: Layout,
    pub answers: Layout,
    /// Address of the requests' ring in the window.
    pub base: usize,
    /// What is signalled.
    pub notification: Cap,
}

impl Rings {
    fn layouts(slots: usize) -> (Layout, Layout) {
        (Layout::new(REQUEST_WORDS, slots), Layout::new(ANSWER_WORDS, slots))
    }

    /// Address of the answers' ring.
    pub fn answers_base(&self) -> usize {
        self.base + self.requests.bytes()
    }
}

impl<M: Machine> Kernel<M> {
    /// The rings of a thread, if it has any now.
    pub(crate) fn rings(&self, thread: Tcb) -> Option<Rings> {
        let slots = thread.ring_slots(self);
        if !slots.is_power_of_two() {
            return None;
        }
        let frame = thread.ring_frame().cap(self);
        let notification = thread.ring_notification().cap(self);
        if !frame.is(Kind::Frame) || !notification.is(Kind::Notification) {
            return None;
        }
        let (requests, answers) = Rings::layouts(slots);
        Some(Rings { requests, answers, base: frame.pointer(), notification })
    }

    /// Gives a thread rings, or takes them away.
    pub(crate) fn register_rings(&mut self, call: &Invocation) -> Result<(), Failure> {
        let source = call.extra(0)?;
        if !call.cap.rights().contains(Rights::WRITE) {
            return Err(Failure::InvalidCapability(0));
        }
        let frame = source.cap(self);
        if !frame.is(Kind::Frame)
            || frame.is_device()
            || frame.frame_rights() != FrameRights::ReadWrite
        {
            return Err(Failure::InvalidCapability(1));
        }
        let thread = match call.extra(1) {
            Err(_) => call.thread,
            Ok(slot) if slot.cap(self).is(Kind::Thread) => Tcb(slot.cap(self).pointer()),
            Ok(_) => return Err(Failure::InvalidCapability(2)),
        };
        let slots = if call.length > 0 { self.argument(call, 0) } else { SLOTS };
        let has_rings = self.rings(thread).is_some();
        if slots == 0 {
            if !has_rings {
                return Err(Failure::IllegalOperation);
            }
            self.begin(call);
            self.end_rings(thread);
            return Ok(());
        }
        if !slots.is_power_of_two() || slots > MAX_SLOTS {
            return Err(Failure::RangeError(1, MAX_SLOTS));
        }
        let (requests, answers) = Rings::layouts(slots);
        if requests.bytes() + answers.bytes() > 1 << frame_bits(frame.frame_size()) {
            return Err(Failure::RangeError(1, MAX_SLOTS));
        }
        if has_rings {
            return Err(Failure::DeleteFirst);
        }
        let copy = self.derive(source, frame)?;
        self.begin(call);
        self.end_rings(thread);
        self.insert(copy, source, thread.ring_frame());
        self.insert(call.cap, call.slot, thread.ring_notification());
        thread.set_ring_slots(self, slots);
        thread.set_next_request(self, FIRST as usize);
        thread.set_next_answer(self, FIRST as usize);
        Ok(())
    }

    /// A thread has no rings any more.
    pub(crate) fn end_rings(&mut self, thread: Tcb) {
        self.forget_woken(thread);
        if thread.ring_slots(self) != 0 {
            thread.set_ring_slots(self, 0);
            self.delete_simple(thread.ring_frame());
            self.delete_simple(thread.ring_notification());
        }
    }
}
