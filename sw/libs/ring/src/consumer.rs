//! The side that receives.

use crate::{Atomics, Native, Ring, Word};
use core::{array, cell::Cell, sync::atomic::Ordering};

/// The consumer of a ring. There is one at a time.
pub struct Consumer<'a, const WORDS: usize, const SLOTS: usize, A: Atomics = Native> {
    ring: &'a Ring<WORDS, SLOTS, A>,
    head: Cell<u64>,
    /// The producer's index as it was last seen.
    tail: Cell<u64>,
}

impl<'a, const WORDS: usize, const SLOTS: usize, A: Atomics> Consumer<'a, WORDS, SLOTS, A> {
    /// Goes on where the last consumer of the ring ended.
    pub fn new(ring: &'a Ring<WORDS, SLOTS, A>) -> Self {
        let head = ring.head.0.load(Ordering::Relaxed);
        Self { ring, head: Cell::new(head), tail: Cell::new(head) }
    }

    /// Takes the oldest message.
    #[inline(always)]
    pub fn pop(&self) -> Option<[u64; WORDS]> {
        let (ring, head) = (self.ring, self.head.get());
        if head == self.tail.get() {
            // `Acquire`: who sees the index sees the messages.
            let tail = ring.tail.0.load(Ordering::Acquire);
            self.tail.set(tail);
            if head == tail {
                return None;
            }
        }
        let slot = ring.slot(head);
        let message = array::from_fn(|index| slot[index].load(Ordering::Relaxed));
        self.head.set(head.wrapping_add(1));
        // `Release`: the producer may write the slot once it sees the index.
        ring.head.0.store(head.wrapping_add(1), Ordering::Release);
        Some(message)
    }

    /// Whether there is nothing to take.
    #[inline(always)]
    pub fn is_empty(&self) -> bool {
        if self.head == self.tail {
            // As in `pop`.
            self.tail.set(self.ring.tail.0.load(Ordering::Acquire));
        }
        self.head == self.tail
    }

    /// Says that the consumer is about to sleep, and looks once more. `true`: the ring is empty, and
    /// the producer wakes the consumer after the next message. `false`: there is a message; the
    /// consumer stays awake, though a wake-up may be on its way.
    #[inline(always)]
    #[must_use = "only an empty ring lets its consumer sleep"]
    pub fn sleep(&self) -> bool {
        self.announce_sleep();
        let empty = self.is_empty();
        if !empty {
            self.stay_awake();
        }
        empty
    }

    /// The first half of [`Consumer::sleep`]: nobody may sleep before having looked again.
    #[inline(always)]
    pub fn announce_sleep(&self) {
        self.ring.sleeping.0.store(1, Ordering::Relaxed);
        // The flag is stored before the index is loaded; `Producer::must_wake` does the opposite.
        A::fence();
    }

    /// Takes [`Consumer::announce_sleep`] back.
    #[inline(always)]
    pub fn stay_awake(&self) {
        self.ring.sleeping.0.store(0, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Full, Producer};

    type Small = Ring<2, 4>;

    #[test]
    fn messages_come_in_order_whatever_the_level() {
        let ring = Small::new();
        let (producer, consumer) = (Producer::new(&ring), Consumer::new(&ring));
        let mut sent = 0;
        let mut taken = 0;
        for step in 0..1000u64 {
            for _ in 0..step * 7 % 5 {
                match producer.push([sent, !sent]) {
                    Ok(()) => sent += 1,
                    Err(Full) => assert_eq!(sent - taken, 4),
                }
            }
            for _ in 0..step * 3 % 5 {
                match consumer.pop() {
                    Some(message) => {
                        assert_eq!(message, [taken, !taken]);
                        taken += 1;
                    }
                    None => assert_eq!(sent, taken),
                }
            }
        }
        assert!(taken > 1000);
    }

    #[test]
    fn only_a_sleeper_is_woken_and_once() {
        let ring = Small::new();
        let (producer, consumer) = (Producer::new(&ring), Consumer::new(&ring));
        producer.push([1, 1]).unwrap();
        assert!(!producer.must_wake());
        assert!(!consumer.sleep());
        assert!(!producer.must_wake());
        assert_eq!(consumer.pop(), Some([1, 1]));
        assert!(consumer.sleep());
        producer.push([2, 2]).unwrap();
        assert!(producer.must_wake());
        producer.push([3, 3]).unwrap();
        assert!(!producer.must_wake());
    }

    #[test]
    fn sides_go_on_where_the_last_ones_ended() {
        let ring = Small::new();
        Producer::new(&ring).push([1, 0]).unwrap();
        Producer::new(&ring).push([2, 0]).unwrap();
        assert_eq!(Consumer::new(&ring).pop(), Some([1, 0]));
        assert_eq!(Consumer::new(&ring).pop(), Some([2, 0]));
        assert_eq!(Consumer::new(&ring).pop(), None);
    }

    #[test]
    fn zeros_are_an_empty_ring_and_lines_are_not_shared() {
        assert_eq!(size_of::<Small>(), (3 + 4) * 64);
        assert_eq!(core::mem::offset_of!(Small, head), 64);
        assert_eq!(core::mem::offset_of!(Small, sleeping), 128);
    }
}
