//! Doing the requests of rings: for which thread, where, and how many at a time.
//!
//! A thread that woke the kernel for its requests stands in a list. They are as important as the
//! thread. The hart with the least important thread does them, if that one is less important: it is
//! interrupted. Otherwise the hart that woke the kernel does some of them on its way out. What is left is done
//! at the end of each entry on a hart with less important work, and at the tick.

use crate::{
    Failure, Kernel, Kind, Tcb,
    async_call::Rings,
    invocation::{Answer, Invocation, Message},
    kernel::{Action, HARTS},
    machine::Machine,
    object::{Notification, State},
};
use abi::{
    MessageInfo,
    async_call::{ANSWER_WORDS, REQUEST_WORDS, answer, request},
    message::MAX_EXTRA_CAPS,
};
use core::cell::Cell;

/// Requests that are done in one entry.
const BATCH: usize = 16;

impl<M: Machine> Kernel<M> {
    /// The current thread says that there are requests.
    pub(crate) fn wake_requests(&mut self) {
        let current = self.current();
        if self.rings(current).is_none() {
            return;
        }
        self.note_woken(current);
        match self.hart_for(current) {
            Some(hart) => self.kicks |= 1 << hart,
            None => self.serve(current),
        }
    }

    /// Another hart whose thread is less important than a thread: that with the least important one.
    fn hart_for(&self, thread: Tcb) -> Option<usize> {
        let importance = |hart: usize| match &self.nodes[hart] {
            node if node.current == node.idle => 0,
            node => 1 + Tcb(node.current).priority(self),
        };
        (0..self.harts.min(HARTS))
            .filter(|hart| *hart != self.hart)
            .min_by_key(|hart| importance(*hart))
            .filter(|hart| importance(*hart) < 1 + thread.priority(self))
    }

    fn note_woken(&mut self, thread: Tcb) {
        if !thread.woken(self) {
            thread.set_woken(self, true);
            thread.set_next_woken(self, self.woken);
            self.woken = Some(thread);
        }
    }

    /// A thread has requests no more.
    pub(crate) fn forget_woken(&mut self, thread: Tcb) {
        if !thread.woken(self) {
            return;
        }
        thread.set_woken(self, false);
        let next = thread.next_woken(self);
        let mut place = self.woken;
        if place == Some(thread) {
            self.woken = next;
        }
        while let Some(before) = place {
            place = before.next_woken(self);
            if place == Some(thread) {
                before.set_next_woken(self, next);
            }
        }
    }

    /// A thread goes on that was stopped: so do its requests.
    pub(crate) fn resume_requests(&mut self, thread: Tcb) {
        if self.rings(thread).is_some() {
            self.note_woken(thread);
        }
    }

    /// The most important thread with requests.
    fn most_important_woken(&self) -> Option<Tcb> {
        let all = core::iter::successors(self.woken, |thread| thread.next_woken(self));
        all.max_by_key(|thread| thread.priority(self))
    }

    /// Does requests of threads that are more important than the one that runs next here; at a tick, also
    /// of those that are as important.
    pub(crate) fn serve_woken(&mut self, tick: bool) {
        let Some(thread) = self.most_important_woken() else { return };
        if !self.is_before_current(thread, tick) {
            return;
        }
        self.serve(thread);
        if let Some(thread) = self.most_important_woken()
            && self.is_before_current(thread, false)
        {
            // The lock is free between two batches.
            self.kicks |= 1 << self.hart;
        }
    }

    fn is_before_current(&self, thread: Tcb, or_equal: bool) -> bool {
        let current = self.current();
        let (mine, least) = (thread.priority(self), current.priority(self));
        self.is_idle() || mine > least || or_equal && mine == least
    }

    /// Does requests of a thread, with a look for interrupts after each.
    fn serve(&mut self, thread: Tcb) {
        let mut answered = false;
        for done in 1..=BATCH {
            match self.serve_one(thread) {
                Ok(true) => answered = true,
                Ok(false) => {
                    self.forget_woken(thread);
                    break;
                }
                Err(_) => break,
            }
            if done == BATCH {
                // Others that are as important have their turns.
                self.forget_woken(thread);
                self.resume_requests(thread);
            }
            if self.machine.interrupt_pending() || self.more_important_than(thread) {
                break;
            }
        }
        if answered
            && let Some(rings) = self.rings(thread)
            && self.must_tell(&rings)
        {
            let cap = rings.notification;
            self.signal(Notification(cap.pointer()), cap.badge());
        }
    }

    /// Whether a request made a thread ready that is more important.
    fn more_important_than(&self, thread: Tcb) -> bool {
        match self.node().action {
            Action::SwitchTo(next) => next.priority(self) > thread.priority(self),
            _ => !self.is_highest(thread.priority(self)),
        }
    }

    /// Does a request. Returns false if there is none, or none that may be done now. Fails if an
    /// interrupt came first: the request stays, and is done from its begin.
    fn serve_one(&mut self, thread: Tcb) -> Result<bool, Failure> {
        let Some(rings) = self.rings(thread) else { return Ok(false) };
        if thread.state(self) == State::Inactive {
            return Ok(false);
        }
        let words = match self.next_request(thread, &rings) {
            Some(words) if self.has_room(thread, &rings) => words,
            // The thread wakes the kernel after it has taken answers.
            Some(_) => {
                self.sleep_for_room(&rings);
                return Ok(false);
            }
            None if self.sleep_for_requests(thread, &rings) => return Ok(false),
            None => return Ok(true),
        };
        let (label, result, count) = match self.do_request(thread, &words) {
            Err(Failure::Preempted) => return Err(Failure::Preempted),
            Err(failure) => failure.message(),
            Ok(answer) => (0, answer.words, answer.length),
        };
        // The request may have taken the rings away.
        if self.rings(thread).is_some() {
            let mut words_out = [0; ANSWER_WORDS];
            words_out[answer::COOKIE] = words[request::COOKIE];
            words_out[answer::INFO] = MessageInfo::new(label, 0, 0, count).0;
            words_out[answer::WORDS..].copy_from_slice(&result);
            self.put_answer(thread, &rings, words_out);
            self.take_request(thread, &rings);
        }
        Ok(true)
    }

    fn sleep_for_room(&mut self, rings: &Rings) {
        self.machine.store_shared(rings.base + ring::layout::Layout::SLEEPING, 1);
        self.machine.order();
    }

    /// The invocation that a request asks for, by the same functions as that of a system call.
    fn do_request(
        &mut self,
        thread: Tcb,
        words: &[usize; REQUEST_WORDS],
    ) -> Result<Answer, Failure> {
        let info = MessageInfo(words[request::INFO]);
        let slot = self.lookup_slot(thread, words[request::CAP]).map_err(Failure::lookup)?;
        let mut extra = [None; MAX_EXTRA_CAPS];
        for (index, place) in extra.iter_mut().enumerate().take(info.extra_caps()) {
            let address = words[request::CAPS + index];
            *place = Some(self.lookup_slot(thread, address).map_err(Failure::lookup)?);
        }
        let cap = slot.cap(self);
        // Who sends a message waits for it: that is for threads.
        if matches!(cap.kind(), Kind::Endpoint | Kind::Reply) {
            return Err(Failure::IllegalOperation);
        }
        let mut message = [0; request::MAX_LENGTH];
        message.copy_from_slice(&words[request::WORDS..]);
        let call = Invocation {
            cap,
            slot,
            info,
            length: info.length().min(request::MAX_LENGTH),
            extra,
            thread,
            message: Message::Request { words: message, answer: Cell::new(Answer::NONE) },
            call: true,
            #[cfg(feature = "sync-ipc")]
            blocking: false,
        };
        self.dispatch(&call)?;
        Ok(call.request_answer())
    }
}
