//! What a hart may read, by RVTSO (the RISC-V manual, "Ztso").
//!
//! The RTL tells the order in which its second-level cache performs writes. A write that is performed
//! changes the machine's memory, and so does nothing else. A hart's own store waits, in program order,
//! from its retirement until it is performed.
//!
//! A *moment* is a number of writes that were performed. A load reads its hart's own youngest earlier
//! store that was not performed at some moment, or else what was in memory then. The moments of a
//! hart's loads never go back, because RVTSO keeps the order of loads. So each load takes the earliest
//! moment that fits, and a value without one is an error of the RTL.

use std::collections::{HashMap, VecDeque};

/// How many cycles a load may be performed before it retires. Older values are gone.
const MEMORY_CYCLES: u64 = 1_000;

/// Bytes of an aligned dword.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bytes {
    /// Physical address of the dword.
    pub dword: u64,
    /// Ones in the bytes that count.
    pub mask: u64,
    /// Their contents; zero elsewhere.
    pub data: u64,
}

impl Bytes {
    /// The dword `old` with these bytes in it.
    pub fn over(&self, old: u64) -> u64 {
        old & !self.mask | self.data
    }
}

/// A write that was performed.
#[derive(Clone, Copy, Debug)]
struct Change {
    moment: u64,
    hart: usize,
    bytes: Bytes,
    before: u64,
}

/// What a hart has done with memory.
#[derive(Clone, Debug, Default)]
struct View {
    /// Own stores that are not performed yet, oldest first.
    stores: VecDeque<Bytes>,
    /// The moment of the latest load.
    moment: u64,
    /// The moment of the latest own store that was performed.
    stored: u64,
}

/// The recent past of memory.
#[derive(Clone, Debug)]
pub struct Order {
    moment: u64,
    changes: HashMap<u64, VecDeque<Change>>,
    /// Cycle and dword of each change that is remembered, oldest first.
    recent: VecDeque<(u64, u64)>,
    views: Vec<View>,
}

impl Order {
    /// Memory that nobody has changed.
    pub fn new(harts: usize) -> Self {
        let (changes, recent) = (HashMap::new(), VecDeque::new());
        Self { moment: 0, changes, recent, views: vec![View::default(); harts] }
    }

    /// A store of `hart` retired.
    pub fn retire_store(&mut self, hart: usize, bytes: Bytes) {
        self.views[hart].stores.push_back(bytes);
    }

    /// A store is performed. False if it is not the hart's oldest.
    pub fn perform_store(&mut self, hart: usize, bytes: Bytes, before: u64, cycle: u64) -> bool {
        if self.views[hart].stores.pop_front() != Some(bytes) {
            return false;
        }
        self.change(hart, bytes, before, cycle);
        true
    }

    /// An atomic operation is performed: a load and a store at once. False if an own store waits.
    pub fn perform_atomic(&mut self, hart: usize, bytes: Bytes, before: u64, cycle: u64) -> bool {
        let empty = self.views[hart].stores.is_empty();
        self.change(hart, bytes, before, cycle);
        self.views[hart].moment = self.moment;
        empty
    }

    /// A fence between stores and later loads retires. False if an own store waits.
    pub fn fence(&mut self, hart: usize) -> bool {
        let view = &mut self.views[hart];
        view.moment = view.moment.max(view.stored);
        view.stores.is_empty()
    }

    /// A load of `hart` reads these bytes of a dword in which `now` is. Says whether it may.
    pub fn load(&mut self, hart: usize, bytes: Bytes, now: u64, cycle: u64) -> bool {
        self.forget(cycle);
        let Some(moment) = self.earliest(hart, bytes, now) else { return false };
        self.views[hart].moment = moment;
        true
    }

    /// The earliest moment, not before that of the hart's latest load, at which the load fits.
    fn earliest(&self, hart: usize, bytes: Bytes, now: u64) -> Option<u64> {
        let view = &self.views[hart];
        let none = VecDeque::new();
        let changes = self.changes.get(&bytes.dword).unwrap_or(&none);
        (0..=changes.len()).find_map(|number| {
            // Between two changes: from `start` until before `end`.
            let start = number.checked_sub(1).map_or(0, |last| changes[last].moment);
            let end = changes.get(number).map_or(u64::MAX, |next| next.moment);
            if view.moment >= end {
                return None;
            }
            let memory = changes.get(number).map_or(now, |next| next.before);
            let waiting = changes.iter().skip(number).filter(|change| change.hart == hart);
            let own = waiting.map(|change| change.bytes).chain(view.stores.iter().copied());
            let value = own
                .filter(|store| store.dword == bytes.dword)
                .fold(memory, |old, store| store.over(old));
            (value & bytes.mask == bytes.data).then_some(start.max(view.moment))
        })
    }

    fn change(&mut self, hart: usize, bytes: Bytes, before: u64, cycle: u64) {
        self.moment += 1;
        self.views[hart].stored = self.moment;
        self.forget(cycle);
        let change = Change { moment: self.moment, hart, bytes, before };
        self.changes.entry(bytes.dword).or_default().push_back(change);
        self.recent.push_back((cycle, bytes.dword));
    }

    /// Forgets the changes that no load can be older than.
    fn forget(&mut self, cycle: u64) {
        while let Some(&(changed, dword)) = self.recent.front()
            && changed + MEMORY_CYCLES < cycle
        {
            self.recent.pop_front();
            if let Some(changes) = self.changes.get_mut(&dword) {
                changes.pop_front();
                if changes.is_empty() {
                    self.changes.remove(&dword);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const X: u64 = 0x8000_0000;
    const Y: u64 = X + 8;

    fn dword(dword: u64, data: u64) -> Bytes {
        Bytes { dword, mask: u64::MAX, data }
    }

    /// Memory of two dwords that begin as 0, and two harts.
    struct Two {
        order: Order,
        memory: HashMap<u64, u64>,
        cycle: u64,
    }

    impl Two {
        fn new() -> Self {
            Self { order: Order::new(2), memory: HashMap::new(), cycle: 0 }
        }

        fn store(&mut self, hart: usize, address: u64, value: u64) {
            self.order.retire_store(hart, dword(address, value));
        }

        fn perform(&mut self, hart: usize, address: u64, value: u64) -> bool {
            self.cycle += 1;
            let before = self.memory.insert(address, value).unwrap_or(0);
            self.order.perform_store(hart, dword(address, value), before, self.cycle)
        }

        fn load(&mut self, hart: usize, address: u64, value: u64) -> bool {
            let now = self.memory.get(&address).copied().unwrap_or(0);
            self.order.load(hart, dword(address, value), now, self.cycle)
        }
    }

    #[test]
    fn message_passing_reads_no_old_data_after_the_flag() {
        let mut two = Two::new();
        two.store(0, X, 1);
        two.store(0, Y, 1);
        assert!(two.perform(0, X, 1) && two.perform(0, Y, 1));
        assert!(two.load(1, X, 0), "an old value, while nothing newer was read");
        assert!(two.load(1, Y, 1));
        assert!(!two.load(1, X, 0), "the flag was read, so the data must be there");
        assert!(two.load(1, X, 1));
    }

    #[test]
    fn a_load_reads_the_own_store_before_others_do() {
        let mut two = Two::new();
        two.store(0, X, 1);
        assert!(two.load(0, X, 1) && two.load(1, X, 0));
        assert!(!two.load(0, X, 0) && !two.load(1, X, 1));
    }

    #[test]
    fn store_buffering_is_allowed_and_a_fence_forbids_it() {
        let mut two = Two::new();
        two.store(0, X, 1);
        two.store(1, Y, 1);
        assert!(two.load(0, Y, 0) && two.load(1, X, 0));
        assert!(!two.order.fence(0), "the store waits");
        assert!(two.perform(0, X, 1) && two.perform(1, Y, 1));
        assert!(two.order.fence(0) && two.order.fence(1));
        assert!(!two.load(1, X, 0), "performed before the own store, which the fence waited for");
    }

    #[test]
    fn own_stores_never_vanish() {
        let mut two = Two::new();
        two.store(0, X, 1);
        assert!(two.perform(0, X, 1));
        assert!(!two.load(0, X, 0), "that was before the own store");
        two.store(1, X, 2);
        assert!(two.perform(1, X, 2));
        assert!(two.load(0, X, 1) && two.load(0, X, 2));
        assert!(!two.load(0, X, 1), "loads of one place in order");
    }

    #[test]
    fn stores_are_performed_in_program_order() {
        let mut two = Two::new();
        two.store(0, X, 1);
        two.store(0, Y, 1);
        assert!(!two.perform(0, Y, 1));
    }

    #[test]
    fn parts_of_a_dword_mix() {
        let mut order = Order::new(1);
        let low = Bytes { dword: X, mask: 0xFFFF, data: 0x1234 };
        order.retire_store(0, low);
        assert!(order.load(0, dword(X, 0xABCD_1234), 0xABCD_0000, 0));
        assert!(order.load(0, Bytes { dword: X, mask: 0xFF00, data: 0x1200 }, 0, 0));
    }

    #[test]
    fn what_is_too_old_cannot_be_read() {
        let mut two = Two::new();
        two.store(0, X, 1);
        assert!(two.perform(0, X, 1));
        two.cycle += MEMORY_CYCLES;
        assert!(two.load(1, X, 0));
        two.cycle += 1;
        assert!(!two.load(1, X, 0));
    }

    #[test]
    fn an_atomic_operation_waits_for_own_stores_and_orders_loads() {
        let mut two = Two::new();
        two.store(0, X, 1);
        assert!(!two.order.perform_atomic(0, dword(Y, 5), 0, 1));
        let mut two = Two::new();
        two.store(1, X, 1);
        assert!(two.perform(1, X, 1));
        two.memory.insert(Y, 5);
        assert!(two.order.perform_atomic(0, dword(Y, 5), 0, 2));
        assert!(!two.load(0, X, 0), "performed before the atomic operation");
    }
}
