//! Capabilities with the type of their object.

mod cnode;
mod irq;
mod task_context;
mod tcb;
mod untyped;
mod user_interrupt;
mod vspace;

pub use cnode::Place;
pub use tcb::Registers;

/// A capability's address in the caller's CSpace.
pub trait Cap: Copy {
    /// The capability at an address. Nothing is checked here.
    fn at(address: usize) -> Self;
    fn address(self) -> usize;
}

macro_rules! caps {
    ($($(#[$doc:meta])* $name:ident,)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        #[repr(transparent)]
        pub struct $name(pub usize);

        impl Cap for $name {
            fn at(address: usize) -> Self {
                Self(address)
            }

            fn address(self) -> usize {
                self.0
            }
        }
    )*};
}

caps! {
    /// Memory that is made into objects.
    Untyped,
    /// A table of capabilities.
    CNode,
    /// A thread.
    Tcb,
    /// Where threads hand messages over.
    Endpoint,
    /// Bits that are signalled and waited for.
    Notification,
    /// The right to answer a caller once.
    Reply,
    /// A page table; the root of an address space, once an ASID pool has assigned it.
    PageTable,
    /// A frame of memory, of any size.
    Page,
    /// ASIDs for address spaces.
    AsidPool,
    /// The right to make ASID pools.
    AsidControl,
    /// The right to make handlers of interrupts.
    IrqControl,
    /// The right to handle an interrupt.
    IrqHandler,
    /// Local queues of TAIC.
    TaskContext,
    /// The right to move threads between scheduling domains.
    Domain,
}
