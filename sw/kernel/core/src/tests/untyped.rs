//! Untyped memory, against a list of what lies where.

use super::host::Bench;
use crate::kernel::TIME_SLICE;
use abi::{Error, Label, ObjectType, object::TYPES, slot};
use proptest::prelude::*;
use std::vec::Vec;

const BITS: usize = 14;
const SLOTS: usize = 24;

#[derive(Clone, Debug)]
enum Step {
    Make { kind: ObjectType, size: usize, first: usize, count: usize },
    Delete { at: usize },
    Revoke,
}

fn step() -> impl Strategy<Value = Step> {
    let kinds = prop::sample::select(&TYPES[..]);
    prop_oneof![
        6 => (kinds, 0usize..12, 0..SLOTS + 2, 0usize..6)
            .prop_map(|(kind, size, first, count)| Step::Make { kind, size, first, count }),
        2 => (0..SLOTS).prop_map(|at| Step::Delete { at }),
        1 => Just(Step::Revoke),
    ]
}

struct Both {
    bench: Bench,
    cnode: usize,
    untyped: usize,
    start: usize,
    /// Address and bits of the object of each slot.
    held: Vec<Option<(usize, usize)>>,
    used: usize,
}

impl Both {
    fn new() -> Self {
        let mut bench = Bench::new();
        let (cnode, untyped) = (bench.free, bench.free + 1);
        let source = bench.untyped;
        assert_eq!(bench.retype(source, ObjectType::CNode, 5, cnode, 1).0, 0);
        assert_eq!(bench.retype(source, ObjectType::Untyped, BITS, untyped, 1).0, 0);
        let start = bench.cap(untyped).pointer();
        Self { bench, cnode, untyped, start, held: std::vec![None; 1 << 5], used: 0 }
    }

    fn make(&mut self, kind: ObjectType, size: usize, first: usize, count: usize) {
        let words = [kind as usize, size, self.cnode, 64, first, count];
        let untyped = self.untyped;
        let (label, answer) =
            self.bench.invoke(untyped, Label::UntypedRetype, &words, &[slot::CNODE]);
        let bits = kind.bits(size);
        let error = Error::from_number(label);
        if matches!(kind, ObjectType::CNode) && size == 0
            || matches!(kind, ObjectType::Untyped) && size < 4
        {
            assert_eq!((error, answer), (Some(Error::InvalidArgument), std::vec![1]));
            return;
        }
        if count == 0 {
            assert_eq!(error, Some(Error::RangeError));
            return;
        }
        if self.held[first..first + count].iter().any(Option::is_some) {
            assert_eq!(error, Some(Error::DeleteFirst));
            return;
        }
        if self.held.iter().all(Option::is_none) {
            self.used = 0;
        }
        let free = (1 << BITS) - self.used;
        if (free >> bits) < count {
            assert_eq!((error, answer), (Some(Error::NotEnoughMemory), std::vec![free]));
            return;
        }
        assert_eq!(error, None);
        let begin = self.used.next_multiple_of(1 << bits);
        for number in 0..count {
            self.held[first + number] = Some((self.start + begin + (number << bits), bits));
            self.check_new(first + number, kind);
        }
        self.used = begin + (count << bits);
    }

    /// The object is where it should be, and empty.
    fn check_new(&self, at: usize, kind: ObjectType) {
        use crate::Memory;
        let (address, bits) = self.held[at].unwrap();
        let cap =
            crate::Slot(self.bench.cap(self.cnode).pointer() + 32 * at).cap(&self.bench.kernel);
        assert_eq!(cap.memory_start(), address);
        assert_eq!(cap.memory_bits(), Some(bits));
        let words = (0..1usize << bits >> 3).map(|word| self.bench.kernel.load(address + 8 * word));
        let filled = words.filter(|word| *word != 0).count();
        // A thread has its time slice.
        assert_eq!(filled, usize::from(kind == ObjectType::Tcb && TIME_SLICE != 0));
    }

    fn delete(&mut self, at: usize) {
        let cnode = self.cnode;
        assert_eq!(self.bench.invoke(cnode, Label::CNodeDelete, &[at, 5], &[]).0, 0);
        self.held[at] = None;
    }

    fn scribble(&mut self) {
        use crate::Memory;
        // What a user wrote into frames is gone when the memory is used again.
        for at in 0..SLOTS {
            let cap = crate::Slot(self.bench.cap(self.cnode).pointer() + 32 * at);
            if cap.cap(&self.bench.kernel).is(crate::Kind::Frame) {
                let (address, _) = self.held[at].unwrap();
                self.bench.kernel.store(address + 8, 0x5555);
            }
        }
    }
}

proptest! {
    #[test]
    fn objects_lie_where_the_model_says(steps in prop::collection::vec(step(), 1..40)) {
        let mut both = Both::new();
        for step in steps {
            match step {
                Step::Make { kind, size, first, count } => both.make(kind, size, first, count),
                Step::Delete { at } => both.delete(at),
                Step::Revoke => {
                    let words = [both.untyped, 64];
                    let revoked = both.bench.invoke(slot::CNODE, Label::CNodeRevoke, &words, &[]);
                    assert_eq!(revoked.0, 0);
                    both.held.fill(None);
                }
            }
            both.scribble();
        }
    }
}

#[test]
fn what_is_refused_changes_nothing() {
    let mut bench = Bench::new();
    let (free, untyped) = (bench.free, bench.untyped);
    let before = bench.cap(untyped);
    let retype = |bench: &mut Bench, words: [usize; 6]| {
        bench.invoke(untyped, Label::UntypedRetype, &words, &[slot::CNODE])
    };
    let error = |error: Error, words: &[usize]| (error as usize, words.to_vec());
    assert_eq!(retype(&mut bench, [10, 0, 0, 0, free, 1]), error(Error::InvalidArgument, &[0]));
    assert_eq!(retype(&mut bench, [0, 39, 0, 0, free, 1]), error(Error::RangeError, &[0, 38]));
    assert_eq!(retype(&mut bench, [2, 0, 0, 0, 1 << 13, 1]), error(Error::RangeError, &[0, 8191]));
    assert_eq!(retype(&mut bench, [2, 0, 0, 0, free, 257]), error(Error::RangeError, &[1, 256]));
    assert_eq!(retype(&mut bench, [2, 0, 0, 0, 8190, 3]), error(Error::RangeError, &[1, 2]));
    assert_eq!(retype(&mut bench, [2, 0, 0, 0, 1, 1]), error(Error::DeleteFirst, &[]));
    let lookup = retype(&mut bench, [2, 0, free, 64, 0, 1]);
    assert_eq!(lookup, error(Error::FailedLookup, &[0, 2, 64]));
    assert_eq!(bench.cap(untyped), before);
}

#[test]
fn a_device_holds_frames_alone() {
    let mut bench = Bench::new();
    let device = (0..bench.free).find(|index| bench.cap(*index).is_device()).unwrap();
    let free = bench.free;
    let refused = bench.retype(device, ObjectType::Endpoint, 0, free, 1);
    assert_eq!(refused, (Error::InvalidArgument as usize, std::vec![1]));
    assert_eq!(bench.retype(device, ObjectType::Page, 0, free, 1).0, 0);
    assert!(bench.cap(free).is_device());
}
