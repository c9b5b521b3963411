//! What always holds between two entries to the kernel. For tests, and for a kernel that checks
//! itself.
//!
//! [`Kernel::check`] looks at everything: it walks the derivation tree from all slots that it finds,
//! notes the objects, and then follows each link between them. [`Kernel::check_running`] looks at the
//! threads that run or are ready. [`Kernel::check_entry`] does the second after each entry, and the
//! first now and then.

mod census;
mod marks;
mod objects;
mod queues;
mod spaces;
mod tasks;
mod user_interrupt;

pub(crate) use marks::Marks;

use crate::{Kernel, machine::Machine};

/// Entries from one look at everything to the next.
#[cfg(feature = "checks")]
const ENTRIES: usize = 32;

/// What does not hold, and where.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Broken {
    pub what: &'static str,
    pub address: usize,
}

type Checked<T = ()> = Result<T, Broken>;

fn require(holds: bool, what: &'static str, address: usize) -> Checked {
    if holds { Ok(()) } else { Err(Broken { what, address }) }
}

impl<M: Machine> Kernel<M> {
    #[cfg(feature = "checks")]
    /// Checks the kernel at the end of an entry. Panics if something does not hold.
    pub(crate) fn check_entry(&self) {
        let whole = self.marks.count_entry().is_multiple_of(ENTRIES);
        let result = self.check_running().and_then(|()| if whole { self.check() } else { Ok(()) });
        if let Err(Broken { what, address }) = result {
            panic!("an invariant does not hold: {what}, at {address:#x}");
        }
    }

    /// Checks all that the kernel has.
    pub fn check(&self) -> Checked {
        self.check_ready_queues()?;
        let census = self.take_census()?;
        self.check_objects()?;
        self.check_running()?;
        self.check_irqs(&census)?;
        self.check_spaces(&census)?;
        self.check_user_interrupts()?;
        self.check_tasks()
    }
}
