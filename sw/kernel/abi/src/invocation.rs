//! What each invocation takes, answers and refuses: the reference from which the page of
//! invocations is made, and with which the kernel's tests compare every refusal.

mod capabilities;
mod memory;
mod tasks;
mod threads;

use crate::{Error, Label};

/// An invocation of a kernel object. Errors of [`COMMON`] are listed only with a reason of their own.
#[derive(Clone, Copy, Debug)]
pub struct Invocation {
    pub label: Label,
    /// The object whose capability is invoked.
    pub object: &'static str,
    /// What it does.
    pub purpose: &'static str,
    /// Words of the message, in order.
    pub words: &'static [&'static str],
    /// Capabilities of the message, in order.
    pub capabilities: &'static [&'static str],
    /// Words of the answer, in order.
    pub answer: &'static [&'static str],
    /// Why it is refused, and how.
    pub errors: &'static [(Error, &'static str)],
}

impl Invocation {
    /// Whether the kernel may refuse this invocation with an error.
    pub fn can_fail_with(&self, error: Error) -> bool {
        COMMON.iter().chain(self.errors).any(|(possible, _)| *possible == error)
    }
}

/// Errors of every invocation.
pub const COMMON: &[(Error, &str)] = &[
    (
        Error::InvalidCapability,
        "0: the slot of the invoked capability is empty, or its object is being deleted",
    ),
    (Error::IllegalOperation, "the object has no invocation with this label"),
    (Error::TruncatedMessage, "the message has fewer words or capabilities"),
];

/// All invocations, by object.
pub fn all() -> impl Iterator<Item = &'static Invocation> {
    [memory::INVOCATIONS, capabilities::INVOCATIONS, threads::INVOCATIONS, tasks::INVOCATIONS]
        .into_iter()
        .flatten()
}

/// The invocation with a label; `None` for [`Label::Invalid`].
pub fn of(label: Label) -> Option<&'static Invocation> {
    all().find(|invocation| invocation.label == label)
}

/// The target of an operation on slots: words that say where a slot is.
const SLOT_ERRORS: [(Error, &str); 2] = [
    (Error::RangeError, "a depth that is not 1 to 64"),
    (Error::FailedLookup, "no slot has this index and depth"),
];
const TAKEN: (Error, &str) = (Error::DeleteFirst, "the destination is not empty");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_label_has_one_description() {
        let labels = (1..).map_while(Label::from_number);
        for label in labels {
            let found = all().filter(|invocation| invocation.label == label).count();
            assert_eq!(found, 1, "{label:?}");
        }
        assert!(of(Label::Invalid).is_none());
    }

    #[test]
    fn an_error_is_possible_if_it_is_listed_or_common() {
        let retype = of(Label::UntypedRetype).expect("described");
        assert!(retype.can_fail_with(Error::NotEnoughMemory));
        assert!(retype.can_fail_with(Error::TruncatedMessage));
        assert!(!retype.can_fail_with(Error::RevokeFirst));
    }
}
