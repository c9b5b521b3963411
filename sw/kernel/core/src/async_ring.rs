//! The rings that a thread shares with the kernel. What is in them the thread may change at any time: each
//! word is read once, the kernel's own numbers are in the TCB, and no word is used as an address.

use crate::{Kernel, Tcb, async_call::Rings, machine::Machine};
use abi::async_call::{ANSWER_WORDS, REQUEST_WORDS};
use ring::layout::{Layout, STEP, after};

impl<M: Machine> Kernel<M> {
    /// The words of the next request, if it is there.
    pub(crate) fn next_request(
        &mut self,
        thread: Tcb,
        rings: &Rings,
    ) -> Option<[usize; REQUEST_WORDS]> {
        let number = thread.next_request(self) as u64;
        let ring = &rings.requests;
        if self.machine.load_shared(rings.base + ring.number(number)) as u64 != number {
            return None;
        }
        // Who sees the number sees the message.
        self.machine.order();
        Some(core::array::from_fn(|index| {
            self.machine.load_shared(rings.base + ring.word(number, index))
        }))
    }

    /// The next request is done: its slot is free.
    pub(crate) fn take_request(&mut self, thread: Tcb, rings: &Rings) {
        let number = thread.next_request(self);
        self.machine.store_shared(rings.base + Layout::TAKEN, number);
        thread.set_next_request(self, number.wrapping_add(STEP as usize));
    }

    /// Tells the thread that it has to wake the kernel for the next request. Returns whether there is
    /// none yet.
    pub(crate) fn sleep_for_requests(&mut self, thread: Tcb, rings: &Rings) -> bool {
        self.machine.store_shared(rings.base + Layout::SLEEPING, 1);
        self.machine.order();
        let number = thread.next_request(self) as u64;
        let place = rings.base + rings.requests.number(number);
        let empty = self.machine.load_shared(place) as u64 != number;
        if !empty {
            self.machine.store_shared(rings.base + Layout::SLEEPING, 0);
        }
        empty
    }

    /// Whether an answer has room. A thread that says that it took what it was never sent has none.
    pub(crate) fn has_room(&self, thread: Tcb, rings: &Rings) -> bool {
        let taken = self.machine.load_shared(rings.answers_base() + Layout::TAKEN) as u64;
        let number = thread.next_answer(self) as u64;
        number.wrapping_sub(after(taken)) < STEP * rings.answers.slots() as u64
    }

    /// Puts an answer where there is room.
    pub(crate) fn put_answer(&mut self, thread: Tcb, rings: &Rings, words: [usize; ANSWER_WORDS]) {
        let number = thread.next_answer(self);
        let base = rings.answers_base();
        for (index, word) in words.into_iter().enumerate() {
            self.machine.store_shared(base + rings.answers.word(number as u64, index), word);
        }
        self.machine.order();
        self.machine.store_shared(base + rings.answers.number(number as u64), number);
        thread.set_next_answer(self, number.wrapping_add(STEP as usize));
    }

    /// Whether the thread sleeps until it is told of answers. If so, it is told once.
    pub(crate) fn must_tell(&mut self, rings: &Rings) -> bool {
        self.machine.order();
        let place = rings.answers_base() + Layout::SLEEPING;
        let sleeps = self.machine.load_shared(place) != 0;
        if sleeps {
            self.machine.store_shared(place, 0);
        }
        sleeps
    }
}
