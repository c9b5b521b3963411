//! A set of the objects that a check has found, in the kernel's own memory.

use super::{Broken, Checked};
use core::cell::Cell;

/// Most objects that can be checked.
const OBJECTS: usize = 8192;
const PLACES: usize = 2 * OBJECTS;
/// Most tables of slots that wait for a look.
const TABLES: usize = 1024;

/// What an object is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(usize)]
pub(crate) enum Found {
    Thread = 1,
    Endpoint = 2,
    Notification = 3,
    /// A CNode, or the slots of what was one or a thread.
    Slots = 4,
    PageTable = 5,
    Frame = 6,
    AsidPool = 7,
}

/// Objects are multiples of 16 bytes: the lowest bits say what one is.
const KIND_MASK: usize = 15;

/// The objects in the order in which they were found; a hash table of their numbers, which never
/// needs to be cleared: a place counts only if the object with its number says that it is there.
pub(crate) struct Marks {
    #[cfg(feature = "checks")]
    entries: Cell<usize>,
    /// The CNode of the root task: where a search begins.
    pub root_cnode: Cell<usize>,
    count: Cell<usize>,
    objects: [Cell<usize>; OBJECTS],
    places: [Cell<u16>; OBJECTS],
    numbers: [Cell<u16>; PLACES],
    waiting: Cell<usize>,
    tables: [Cell<(usize, usize)>; TABLES],
}

impl Marks {
    pub const fn new() -> Self {
        Self {
            #[cfg(feature = "checks")]
            entries: Cell::new(0),
            root_cnode: Cell::new(0),
            count: Cell::new(0),
            objects: [const { Cell::new(0) }; OBJECTS],
            places: [const { Cell::new(0) }; OBJECTS],
            numbers: [const { Cell::new(0) }; PLACES],
            waiting: Cell::new(0),
            tables: [const { Cell::new((0, 0)) }; TABLES],
        }
    }

    #[cfg(feature = "checks")]
    /// Counts an entry to the kernel. Returns how many there were before.
    pub fn count_entry(&self) -> usize {
        self.entries.replace(self.entries.get().wrapping_add(1))
    }

    pub fn clear(&self) {
        self.count.set(0);
        self.waiting.set(0);
    }

    /// The place of a word, or the one where it can be put.
    fn place(&self, word: usize) -> (usize, bool) {
        let mut place = word.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40 & (PLACES - 1);
        loop {
            let number = usize::from(self.numbers[place].get());
            if number >= self.count.get() || usize::from(self.places[number].get()) != place {
                return (place, false);
            }
            if self.objects[number].get() == word {
                return (place, true);
            }
            place = (place + 1) & (PLACES - 1);
        }
    }

    /// Whether an object was found.
    pub fn has(&self, address: usize, kind: Found) -> bool {
        self.place(address | kind as usize).1
    }

    /// Notes an object. Returns whether it is new.
    pub fn add(&self, address: usize, kind: Found) -> Checked<bool> {
        let word = address | kind as usize;
        let (place, there) = self.place(word);
        if there {
            return Ok(false);
        }
        let number = self.count.get();
        if number >= OBJECTS {
            return Err(Broken { what: "more objects than a check can note", address });
        }
        self.objects[number].set(word);
        self.places[number].set(place as u16);
        self.numbers[place].set(number as u16);
        self.count.set(number + 1);
        Ok(true)
    }

    /// The objects of a kind.
    pub fn iter(&self, kind: Found) -> impl Iterator<Item = usize> {
        let objects = self.objects[..self.count.get()].iter().map(Cell::get);
        objects.filter(move |word| word & KIND_MASK == kind as usize).map(|word| word & !KIND_MASK)
    }

    /// Notes slots that are to be looked at.
    pub fn push_table(&self, address: usize, count: usize) -> Checked {
        let waiting = self.waiting.get();
        let place = self
            .tables
            .get(waiting)
            .ok_or(Broken { what: "more tables of slots than a check can note", address })?;
        place.set((address, count));
        self.waiting.set(waiting + 1);
        Ok(())
    }

    pub fn pop_table(&self) -> Option<(usize, usize)> {
        let waiting = self.waiting.get().checked_sub(1)?;
        self.waiting.set(waiting);
        Some(self.tables[waiting].get())
    }
}

const _: () = assert!(OBJECTS <= u16::MAX as usize && PLACES <= 1 << 16);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cleared_set_has_nothing_of_before() {
        let marks = std::boxed::Box::new(Marks::new());
        for round in 0..3 {
            marks.clear();
            for object in (0..500).map(|number| 0x1000 + 64 * (number * 3 + round)) {
                assert!(!marks.has(object, Found::Thread));
                assert_eq!(marks.add(object, Found::Thread), Ok(true));
                assert_eq!(marks.add(object, Found::Thread), Ok(false));
                assert!(marks.has(object, Found::Thread) && !marks.has(object, Found::Endpoint));
            }
            assert_eq!(marks.iter(Found::Thread).count(), 500);
        }
    }
}
