//! What a test is, and how it says what is wrong.

use core::fmt;
use root::Root;
use sel4::{Error, Failure};

/// A name, and what is to be done.
pub type Test = (&'static str, fn(&mut Root) -> Outcome);

/// `Err` says what is wrong.
pub type Outcome<T = ()> = Result<T, Wrong>;

/// What is not as it has to be.
#[derive(Clone, Copy)]
pub enum Wrong {
    /// An expression in this line of a file is false.
    False { file: &'static str, line: u32, text: &'static str },
    /// Two words differ.
    Differ { file: &'static str, line: u32, seen: usize, expected: usize },
    /// An invocation returned this.
    Returned { file: &'static str, line: u32, seen: Result<(), Failure> },
    /// The library could not make what the test needs.
    Unprepared(root::Error),
}

impl fmt::Display for Wrong {
    fn fmt(&self, to: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::False { file, line, text } => write!(to, "{file}:{line}: not {text}"),
            Self::Differ { file, line, seen, expected } => {
                write!(to, "{file}:{line}: {seen:#x}, not {expected:#x}")
            }
            Self::Returned { file, line, seen } => write!(to, "{file}:{line}: {seen:?}"),
            Self::Unprepared(error) => write!(to, "{error:?}"),
        }
    }
}

impl From<root::Error> for Wrong {
    fn from(error: root::Error) -> Self {
        Self::Unprepared(error)
    }
}

impl From<Failure> for Wrong {
    fn from(failure: Failure) -> Self {
        Self::Unprepared(failure.into())
    }
}

/// Whether an invocation was refused with an error and, as far as they are given, words.
pub fn is_refused<T>(result: &sel4::Result<T>, error: Error, words: &[usize]) -> bool {
    result
        .as_ref()
        .err()
        .is_some_and(|failure| failure.error == error && failure.words.starts_with(words))
}

/// Fails unless the expression is true.
#[macro_export]
macro_rules! expect {
    ($condition:expr) => {
        if !$condition {
            return Err($crate::check::Wrong::False {
                file: file!(),
                line: line!(),
                text: stringify!($condition),
            });
        }
    };
}

/// Fails unless two words are equal.
#[macro_export]
macro_rules! equal {
    ($seen:expr, $expected:expr) => {{
        let (seen, expected) = ($seen as usize, $expected as usize);
        if seen != expected {
            return Err($crate::check::Wrong::Differ {
                file: file!(),
                line: line!(),
                seen,
                expected,
            });
        }
    }};
}

/// Fails unless the kernel refuses an invocation with this error and, as far as given, its words.
#[macro_export]
macro_rules! refused {
    ($result:expr, $error:ident $(, $word:expr)*) => {{
        let result = $result;
        if !$crate::check::is_refused(&result, sel4::Error::$error, &[$($word),*]) {
            return Err($crate::check::Wrong::Returned {
                file: file!(),
                line: line!(),
                seen: result.map(drop),
            });
        }
    }};
}
