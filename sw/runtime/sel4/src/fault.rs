//! Faults of threads, as their handler sees them.

use crate::{Message, Received};
use abi::{LookupFailure, fault};
use core::fmt;

/// What a thread did.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    /// It used a capability address where nothing is.
    Capability { pc: usize, address: usize, receiving: bool, failure: Option<LookupFailure> },
    /// It made a system call that the kernel does not know.
    UnknownCall { pc: usize, number: usize },
    /// The hart took an exception of this cause.
    Exception { pc: usize, cause: usize },
    /// It used an address where nothing is mapped for it.
    Memory { pc: usize, address: usize, fetch: bool, cause: usize },
}

impl Fault {
    /// The fault that a message tells of; `None` if it tells of none.
    pub fn of(message: &Message) -> Option<Self> {
        let word = |index| message.word(index);
        match message.label() {
            fault::CAP => Some(Self::Capability {
                pc: word(fault::cap::IP),
                address: word(fault::cap::ADDRESS),
                receiving: word(fault::cap::IN_RECEIVE_PHASE) != 0,
                failure: LookupFailure::from_words(core::array::from_fn(|index| {
                    word(fault::cap::LOOKUP_FAILURE + index)
                })),
            }),
            fault::UNKNOWN_SYSCALL => Some(Self::UnknownCall {
                pc: word(fault::unknown_syscall::FAULT_IP),
                number: word(fault::unknown_syscall::SYSCALL),
            }),
            fault::USER_EXCEPTION => Some(Self::Exception {
                pc: word(fault::user_exception::FAULT_IP),
                cause: word(fault::user_exception::NUMBER),
            }),
            fault::VM => Some(Self::Memory {
                pc: word(fault::vm::IP),
                address: word(fault::vm::ADDRESS),
                fetch: word(fault::vm::PREFETCH) != 0,
                cause: word(fault::vm::STATUS),
            }),
            _ => None,
        }
    }
}

/// A line that says what happened, where.
impl fmt::Display for Fault {
    fn fmt(&self, to: &mut fmt::Formatter) -> fmt::Result {
        match *self {
            Self::Capability { pc, address, receiving, failure } => {
                let what = if receiving { "receives from" } else { "invokes" };
                write!(to, "{what} capability {address:#x} at pc {pc:#x}")?;
                failure.map_or(Ok(()), |failure| write!(to, ": {failure:?}"))
            }
            Self::UnknownCall { pc, number } => {
                write!(to, "unknown system call {} at pc {pc:#x}", number as isize)
            }
            Self::Exception { pc, cause } => {
                write!(to, "exception {cause} ({}) at pc {pc:#x}", cause_name(cause))
            }
            Self::Memory { pc, address, fetch, cause } => {
                let what = if fetch { "fetch" } else { cause_name(cause) };
                write!(
                    to,
                    "memory fault ({what}, cause {cause}) at pc {pc:#x}, address {address:#x}"
                )
            }
        }
    }
}

/// Reports the fault of the thread called `name`; `None` if the message is none.
pub fn report(name: &str, received: &Received) -> Option<Fault> {
    let fault = Fault::of(&received.message)?;
    crate::println!("thread {name}: {fault}");
    Some(fault)
}

fn cause_name(cause: usize) -> &'static str {
    match cause {
        0 | 4 | 6 => "misaligned",
        2 => "illegal instruction",
        3 => "breakpoint",
        1 | 12 => "fetch",
        5 | 13 => "load",
        7 | 15 => "store",
        _ => "unknown",
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use abi::MessageInfo;
    use std::string::ToString;

    fn message(label: usize, words: [usize; 4]) -> Message {
        Message { info: MessageInfo::new(label, 0, 0, 4), words }
    }

    #[test]
    fn a_memory_fault_names_address_cause_and_pc() {
        let fault = Fault::of(&message(fault::VM, [0x1_0000, 0xdead, 0, 7])).unwrap();
        assert_eq!(
            fault.to_string(),
            "memory fault (store, cause 7) at pc 0x10000, address 0xdead"
        );
    }

    #[test]
    fn an_exception_names_its_cause() {
        let fault = Fault::of(&message(fault::USER_EXCEPTION, [0x1_0004, 0, 2, 0])).unwrap();
        assert_eq!(fault.to_string(), "exception 2 (illegal instruction) at pc 0x10004");
    }

    #[test]
    fn other_messages_are_no_faults() {
        assert_eq!(Fault::of(&message(0, [0; 4])), None);
        assert_eq!(Fault::of(&message(77, [0; 4])), None);
    }
}
