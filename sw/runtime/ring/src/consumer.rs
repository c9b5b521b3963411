//! The side that receives.

use crate::{Atomics, Native, Ring, Word, after};
use core::{cell::Cell, sync::atomic::Ordering};

/// Where a message is that was found and not yet taken: the lower half of its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place(u32);

impl Place {
    #[inline(always)]
    const fn of(number: u64) -> Self {
        Self(number as u32)
    }

    /// The place as bits, which are not 0.
    #[inline(always)]
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// The place with these bits; `None` of 0. One that there is not holds no message.
    #[inline(always)]
    pub const fn from_bits(bits: u32) -> Option<Self> {
        if bits == 0 { None } else { Some(Self(bits)) }
    }
}

/// The consumer of a ring. There is one at a time.
pub struct Consumer<'a, const WORDS: usize, const SLOTS: usize, A: Atomics = Native> {
    ring: &'a Ring<WORDS, SLOTS, A>,
    /// Number of the next message to be taken.
    take: Cell<u64>,
    /// Number of the next message to be found.
    find: Cell<u64>,
    /// Messages behind the next one that have been taken already: the bits of their slots.
    early: Cell<u64>,
}

impl<'a, const WORDS: usize, const SLOTS: usize, A: Atomics> Consumer<'a, WORDS, SLOTS, A> {
    /// Goes on where the last consumer of the ring ended; what that had not taken is to be found
    /// again.
    pub fn new(ring: &'a Ring<WORDS, SLOTS, A>) -> Self {
        let next = after(ring.taken.0.load(Ordering::Relaxed));
        Self { ring, take: Cell::new(next), find: Cell::new(next), early: Cell::new(0) }
    }

    /// Tells `each` the place and the first word of the messages that were not found before, the
    /// oldest first, until it returns `false` or there are no more.
    #[inline(always)]
    pub fn find(&self, mut each: impl FnMut(Place, u64) -> bool) {
        let (ring, mut number) = (self.ring, self.find.get());
        // Whatever the numbers say, there are not more than slots.
        let end = self.take.get().wrapping_add(2 * SLOTS as u64);
        while number != end && ring.has(number) {
            let found = number;
            number = number.wrapping_add(2);
            if !each(Place::of(found), ring.slot(found).words[0].load(Ordering::Relaxed)) {
                break;
            }
        }
        self.find.set(number);
    }

    /// Takes the oldest message of those that were found, if it is at this place. `None`: it is not,
    /// or another has been taken early; [`Consumer::take_early`] takes it then.
    #[inline(always)]
    pub fn take(&self, place: Place) -> Option<[u64; WORDS]> {
        let (ring, number) = (self.ring, self.take.get());
        if place != Place::of(number) || self.early.get() != 0 {
            return None;
        }
        let message = ring.message(number);
        self.taken(number);
        Some(message)
    }

    /// Takes whatever message was found at a place, before or after those around it. `None`: none was
    /// found there, or it has been taken. The producer gets the slot when all before it are taken.
    pub fn take_early(&self, place: Place) -> Option<[u64; WORDS]> {
        let next = self.take.get();
        let distance = u64::from(place.0.wrapping_sub(next as u32));
        let number = next.wrapping_add(distance);
        let found = number & 1 == 1 && distance < self.find.get().wrapping_sub(next);
        (found && self.early.get() & Self::bit(place) == 0).then(|| self.take_found(place))
    }

    /// The same, where the caller knows that a message was found at this place and that it has not
    /// been taken. Otherwise it may be any message, and messages may be lost.
    #[inline(always)]
    pub fn take_found(&self, place: Place) -> [u64; WORDS] {
        if let Some(message) = self.take(place) {
            return message;
        }
        let message = self.ring.message(place.0.into());
        self.taken_early(place, self.take.get(), self.early.get() | Self::bit(place));
        message
    }

    /// The message at a place has been taken: passes over all in a row that are, from `number` on.
    /// Inline: a call would make a coroutine save registers each time.
    #[inline(always)]
    fn taken_early(&self, place: Place, mut number: u64, mut early: u64) {
        if place == Place::of(number) {
            while early & Self::bit(Place::of(number)) != 0 {
                early &= !Self::bit(Place::of(number));
                number = number.wrapping_add(2);
            }
            self.taken(number.wrapping_sub(2));
        }
        self.early.set(early);
    }

    /// Of the slot of a message.
    const fn bit(place: Place) -> u64 {
        const { assert!(SLOTS <= u64::BITS as usize, "a bit for each slot") }
        1 << ((place.0 >> 1) as usize % SLOTS)
    }

    /// Finds and takes the oldest message if `accept` says so of its first word. `None` also while
    /// there are messages that were found and not taken.
    #[inline(always)]
    pub fn pop_if(&self, accept: impl FnOnce(u64) -> bool) -> Option<[u64; WORDS]> {
        let (ring, number) = (self.ring, self.take.get());
        if number != self.find.get() || !ring.has(number) {
            return None;
        }
        let message = ring.message(number);
        if !accept(message[0]) {
            return None;
        }
        self.find.set(number.wrapping_add(2));
        // None behind it has been found, and so none has been taken early.
        self.taken(number);
        Some(message)
    }

    /// The same of whatever message.
    #[inline(always)]
    pub fn pop(&self) -> Option<[u64; WORDS]> {
        self.pop_if(|_| true)
    }

    #[inline(always)]
    fn taken(&self, number: u64) {
        self.take.set(number.wrapping_add(2));
        // `Release`: the producer may write the slot once it sees the number.
        self.ring.taken.0.store(number, Ordering::Release);
    }

    /// Whether there is nothing to find.
    #[inline(always)]
    pub fn is_empty(&self) -> bool {
        !self.ring.has(self.find.get())
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
                match producer.send([sent, !sent]) {
                    Ok(wakes) => {
                        assert!(!wakes);
                        sent += 1;
                    }
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

    fn find(consumer: &Consumer<2, 4>) -> Vec<(Place, u64)> {
        let mut found = Vec::new();
        consumer.find(|place, first| {
            found.push((place, first));
            true
        });
        found
    }

    #[test]
    fn what_is_found_stays_until_it_is_taken_in_order() {
        let ring = Small::new();
        let (producer, consumer) = (Producer::new(&ring), Consumer::new(&ring));
        for lap in (0..100).step_by(4) {
            (lap..lap + 4).for_each(|word| assert_eq!(producer.send([word, !word]), Ok(false)));
            assert_eq!(consumer.pop_if(|first| first != lap), None);
            let found = find(&consumer);
            assert!(found.iter().map(|found| found.1).eq(lap..lap + 4));
            assert!(consumer.is_empty());
            assert_eq!(consumer.pop(), None);
            assert_eq!(producer.send([0, 0]), Err(Full));
            for index in 0..4 {
                let (place, word) = found[index];
                assert!(found[index + 1..].iter().all(|later| consumer.take(later.0).is_none()));
                assert_eq!(Place::from_bits(place.bits()), Some(place));
                assert_eq!(consumer.take(place), Some([word, !word]));
                assert_eq!(consumer.take(place), None);
            }
        }
    }

    #[test]
    fn what_is_taken_early_is_passed_over_when_its_turn_comes() {
        let ring = Small::new();
        let (producer, consumer) = (Producer::new(&ring), Consumer::new(&ring));
        for lap in (0..100).step_by(4) {
            (lap..lap + 4).for_each(|word| assert_eq!(producer.send([word, !word]), Ok(false)));
            let places = find(&consumer).into_iter().map(|found| found.0);
            let [first, second, third, last] = places.collect::<Vec<_>>().try_into().unwrap();
            for (place, word) in [(third, lap + 2), (second, lap + 1)] {
                assert_eq!(consumer.take(place), None);
                assert_eq!(consumer.take_early(place), Some([word, !word]));
                assert_eq!(consumer.take_early(place), None);
            }
            assert_eq!(producer.send([0, 0]), Err(Full));
            assert_eq!(consumer.take_early(first), Some([lap, !lap]));
            assert_eq!(consumer.take_early(second), None);
            assert_eq!(consumer.take(last), Some([lap + 3, !(lap + 3)]));
            assert_eq!(consumer.take_early(last), None);
            assert_eq!(consumer.take_early(Place(2)), None);
        }
    }

    #[test]
    fn finding_goes_on_where_it_was_stopped() {
        let ring = Small::new();
        let (producer, consumer) = (Producer::new(&ring), Consumer::new(&ring));
        [5, 6, 7].into_iter().for_each(|word| assert_eq!(producer.send([word, 0]), Ok(false)));
        let mut seen = 0;
        consumer.find(|_, first| {
            seen = first;
            first != 6
        });
        assert_eq!(seen, 6);
        assert_eq!(consumer.pop_if(|_| true), None);
        assert!(!consumer.is_empty());
        assert_eq!(find(&consumer).first().unwrap().1, 7);
    }

    #[test]
    fn a_hostile_producer_is_not_found_more_often_than_there_are_slots() {
        let ring = Small::new();
        let consumer = Consumer::new(&ring);
        let mut found = 0;
        ring.slot(1).number.store(1, Ordering::Relaxed);
        consumer.find(|_, _| {
            found += 1;
            let next = 2 * found + 1;
            ring.slot(next).number.store(next, Ordering::Relaxed);
            true
        });
        assert_eq!(found, 4);
    }

    #[test]
    fn only_a_sleeper_is_woken_and_once() {
        let ring = Small::new();
        let (producer, consumer) = (Producer::new(&ring), Consumer::new(&ring));
        assert_eq!(producer.send([1, 1]), Ok(false));
        assert!(!producer.must_wake());
        assert!(!consumer.sleep());
        assert!(!producer.must_wake());
        assert_eq!(consumer.pop(), Some([1, 1]));
        assert!(consumer.sleep());
        assert_eq!(producer.send([2, 2]), Ok(true));
        assert_eq!(producer.send([3, 3]), Ok(false));
        assert!(!producer.must_wake());
        assert_eq!([consumer.pop(), consumer.pop()], [Some([2, 2]), Some([3, 3])]);
        assert!(consumer.sleep());
        assert!(producer.must_wake());
        assert!(!producer.must_wake());
    }

    #[test]
    fn sides_go_on_where_the_last_ones_ended() {
        let ring = Small::new();
        assert_eq!(Producer::new(&ring).send([1, 0]), Ok(false));
        assert_eq!(Producer::new(&ring).send([2, 0]), Ok(false));
        assert_eq!(Consumer::new(&ring).pop(), Some([1, 0]));
        assert_eq!(Consumer::new(&ring).pop(), Some([2, 0]));
        assert_eq!(Consumer::new(&ring).pop(), None);
    }

    #[test]
    fn zeros_are_an_empty_ring_and_lines_are_not_shared() {
        assert_eq!(size_of::<Small>(), (2 + 4) * 64);
        assert_eq!(core::mem::offset_of!(Small, sleeping), 64);
        assert_eq!(core::mem::offset_of!(Small, slots), 128);
    }
}
