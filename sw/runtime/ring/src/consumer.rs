//! The side that receives.

use crate::{Atomics, FIRST, Native, Ring, Word, after};
use core::{cell::Cell, ops::Deref, sync::atomic::Ordering};

/// Where a message is that was found and not yet taken: its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place(u64);

impl Place {
    /// The place as bits. Bit 63 is set.
    #[inline(always)]
    pub const fn bits(self) -> u64 {
        self.0
    }

    /// The place with these bits; `None` if bit 63 is clear. A place that was never found holds no
    /// message.
    #[inline(always)]
    pub const fn from_bits(bits: u64) -> Option<Self> {
        if bits.cast_signed() >= 0 { None } else { Some(Self(bits)) }
    }
}

/// [`Consumer::take`] has this value while a message has been taken early. No number is 0.
const NOT_IN_ORDER: u64 = 0;

/// The consumer of a ring, which it sees through an `R`. There is one at a time.
pub struct Consumer<R, const WORDS: usize, const SLOTS: usize, A: Atomics = Native>
where
    R: Deref<Target = Ring<WORDS, SLOTS, A>>,
{
    ring: R,
    /// Number of the next message to be taken, as long as all are taken in their order.
    take: Cell<u64>,
    /// Number of the next message to be found.
    find: Cell<u64>,
    /// Number of the oldest message that has not been taken, while `take` does not tell.
    oldest: Cell<u64>,
    /// Messages behind the oldest one that have been taken already: the bits of their slots.
    early: Cell<u64>,
}

impl<R, const WORDS: usize, const SLOTS: usize, A: Atomics> Consumer<R, WORDS, SLOTS, A>
where
    R: Deref<Target = Ring<WORDS, SLOTS, A>>,
{
    /// The consumer of a ring from which nothing has been taken yet.
    pub const fn first(ring: R) -> Self {
        let [take, find, oldest] = [const { Cell::new(FIRST) }; 3];
        Self { ring, take, find, oldest, early: Cell::new(0) }
    }

    /// Goes on where the last consumer of the ring ended; what that had not taken is to be found
    /// again.
    pub fn new(ring: R) -> Self {
        let next = after(ring.taken.0.load(Ordering::Relaxed));
        let consumer = Self::first(ring);
        consumer.take.set(next);
        consumer.find.set(next);
        consumer
    }

    /// Number of the oldest message that has not been taken.
    #[inline(always)]
    fn oldest(&self) -> u64 {
        let take = self.take.get();
        if take == NOT_IN_ORDER { self.oldest.get() } else { take }
    }

    /// Tells `each` the place and the first word of the messages that were not found before, the
    /// oldest first, until it returns `false` or there are no more.
    #[inline(always)]
    pub fn find(&self, mut each: impl FnMut(Place, u64) -> bool) {
        let mut number = self.find.get();
        // Whatever the numbers say, there are not more than slots.
        let end = self.oldest().wrapping_add(2 * SLOTS as u64);
        while number != end && self.ring.has(number) {
            let found = Place(number);
            number = number.wrapping_add(2);
            if !each(found, self.first_word(found)) {
                break;
            }
        }
        self.find.set(number);
    }

    /// The first word of the message at a place, if one is there: the producer may change it.
    #[inline(always)]
    pub fn first_word(&self, place: Place) -> u64 {
        self.ring.slot(place.0).words[0].load(Ordering::Relaxed)
    }

    /// Takes the oldest message of those that were found, if it is at this place. `None`: it is not,
    /// or another has been taken early; [`Consumer::take_early`] takes it then.
    #[inline(always)]
    pub fn take(&self, place: Place) -> Option<[u64; WORDS]> {
        if place.0 != self.take.get() || place.0 == self.find.get() {
            return None;
        }
        Some(self.take_next(place.0))
    }

    #[inline(always)]
    fn take_next(&self, number: u64) -> [u64; WORDS] {
        let message = self.ring.message(number);
        self.take.set(number.wrapping_add(2));
        self.taken(number);
        message
    }

    /// Takes whatever message was found at a place, before or after those around it. `None`: none was
    /// found there, or it has been taken. The producer gets the slot when all before it are taken.
    pub fn take_early(&self, place: Place) -> Option<[u64; WORDS]> {
        let oldest = self.oldest();
        let found = place.0.wrapping_sub(oldest) < self.find.get().wrapping_sub(oldest);
        (found && self.early.get() & Self::bit(place.0) == 0).then(|| self.take_found(place))
    }

    /// The same, where the caller knows that a message was found at this place and that it has not
    /// been taken. Otherwise it may be any message, and messages may be lost.
    #[inline(always)]
    pub fn take_found(&self, place: Place) -> [u64; WORDS] {
        if place.0 == self.take.get() {
            return self.take_next(place.0);
        }
        let message = self.ring.message(place.0);
        cold::call(Self::note_early, self, &(), place.0 as usize);
        message
    }

    /// A message has been taken that is not the oldest, or not the first to be taken early: the
    /// oldest is now the first in a row that has not been.
    #[cold]
    #[inline(never)]
    extern "C" fn note_early(&self, _: &(), number: usize) {
        let number = number as u64;
        let first = self.oldest();
        let mut early = self.early.get() | Self::bit(number);
        let mut oldest = first;
        while early & Self::bit(oldest) != 0 {
            early &= !Self::bit(oldest);
            oldest = oldest.wrapping_add(2);
        }
        self.early.set(early);
        self.oldest.set(oldest);
        self.take.set(if early == 0 { oldest } else { NOT_IN_ORDER });
        if oldest != first {
            self.taken(oldest.wrapping_sub(2));
        }
    }

    /// Of the slot of a message.
    const fn bit(number: u64) -> u64 {
        const { assert!(SLOTS <= u64::BITS as usize, "a bit for each slot") }
        1 << ((number >> 1) as usize % SLOTS)
    }

    /// Finds and takes the oldest message if `accept` says so of its first word. `None` also while
    /// there are messages that were found and not taken.
    #[inline(always)]
    pub fn pop_if(&self, accept: impl FnOnce(u64) -> bool) -> Option<[u64; WORDS]> {
        let number = self.take.get();
        if number != self.find.get() || !self.ring.has(number) {
            return None;
        }
        let message = self.ring.message(number);
        if !accept(message[0]) {
            return None;
        }
        // None behind it has been found, and so none has been taken early.
        self.find.set(number.wrapping_add(2));
        self.take.set(number.wrapping_add(2));
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

    fn find(consumer: &Consumer<&Small, 2, 4>) -> Vec<(Place, u64)> {
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
            assert_eq!(consumer.take_early(Place(FIRST)), None);
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
        ring.slot(FIRST).number.store(FIRST, Ordering::Relaxed);
        consumer.find(|_, _| {
            found += 1;
            let next = FIRST + 2 * found;
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
