//! System calls between the small kernels of the workspace and their programs.
//!
//! The number is in `a7`, arguments from `a0` on, the result in `a0`: [`REFUSED`] if the kernel
//! does not serve the call.

#![no_std]

macro_rules! calls {
    ($($(#[$doc:meta])* $name:ident = $number:literal,)*) => {
        /// A request to the kernel.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(usize)]
        pub enum Call { $($(#[$doc])* $name = $number,)* }

        impl Call {
            /// The call with this number.
            pub fn from_number(number: usize) -> Option<Self> {
                match number {
                    $($number => Some(Self::$name),)*
                    _ => None,
                }
            }
        }
    };
}

calls! {
    /// Prints `a1` bytes at `a0`; the result is how many were.
    Write = 0,
    /// Ends everything with code `a0`.
    Exit = 1,
    /// Makes the thread a receiver. 0 as the result is success.
    RegisterReceiver = 2,
    /// Makes an entry of the thread's sender table for vector `a1` of process `a0`. The result is
    /// its index.
    RegisterSender = 3,
    /// Enables user interrupts and sleeps until one has been taken.
    Wait = 4,
    /// Lets `a0` busy threads run beside this one, from the next [`Call::Wait`] on.
    Compete = 5,
    /// From now on each signal calls the code at `a0`, which ends with [`Call::SignalReturn`].
    HandleSignals = 6,
    /// Signals the process `a0`, by an interrupt between harts.
    Signal = 7,
    /// Goes on with what a signal interrupted.
    SignalReturn = 8,
    /// Tells the kernel that the thread has reached its point number `a0`.
    Reach = 9,
    /// Gives the hart to the receiver that has none. This thread then waits until that one does the
    /// same.
    Exchange = 10,
    /// The cycle in which this hart's last [`Call::Exchange`] began (`a0` = 0), or the cycle in
    /// which it made the receiver active (1).
    ExchangeCycle = 11,
    /// Sleeps until another thread has called [`Call::Signal`] since the last return from this call.
    Sleep = 12,
}

/// The result of a call that the kernel does not serve.
pub const REFUSED: usize = usize::MAX;

/// Address of a page that all processes share.
pub const SHARED: usize = 0x3000_0000;

/// Address of the pages of TAIC's local queues in a process that has some.
pub const QUEUES: usize = SHARED + 0x1_0000;
