//! The tests: what each thread executes, and which values are observed.
//!
//! At the start of a thread, `a0` holds the address of variable x, `a1` holds that of y, `a4` is 1
//! and `a5` is 2. Both variables are 0, in memory and in every cache. A thread leaves what it saw
//! in `a2` and `a3`. It may change any temporary register. This file does not say what the model
//! allows: `rel4 conformance litmus` derives it from the instructions. In a name, `+fence.r.r`,
//! `+addr` and so on stand for what is between the two accesses of each thread in turn; an `s`
//! means the same in all.

use core::arch::naked_asm;

/// A thread's code.
pub type Thread = unsafe extern "C" fn();

/// Something whose value is part of the outcome.
#[derive(Clone, Copy)]
pub enum Observed {
    /// Register `a2` of a thread.
    A2(usize),
    /// Register `a3` of a thread.
    A3(usize),
    /// Variable x at the end.
    X,
    /// Variable y at the end.
    Y,
}

/// A litmus test.
pub struct Test {
    pub name: &'static str,
    pub observed: &'static [Observed],
    pub threads: &'static [Thread],
}

/// The tests: name, observed values, and the instructions of each thread.
macro_rules! tests {
    ($($name:literal [$($observed:expr),*]: $([$($line:literal),*])*;)*) => {
        /// All of them.
        pub const TESTS: &[Test] = &[$(
            Test {
                name: $name,
                observed: &[$($observed),*],
                threads: &[$({
                    #[unsafe(naked)]
                    unsafe extern "C" fn thread() {
                        naked_asm!(
                            ".option push",
                            ".option norvc",
                            $($line,)*
                            "ret",
                            ".option pop",
                        )
                    }
                    thread
                }),*],
            },
        )*];
    };
}

use Observed::{A2, A3, X, Y};

tests! {
    // Message passing.
    "MP" [A2(1), A3(1)]:
        ["sd a4, 0(a0)", "sd a4, 0(a1)"]
        ["ld a2, 0(a1)", "ld a3, 0(a0)"];
    "MP+fence.rw.rws" [A2(1), A3(1)]:
        ["sd a4, 0(a0)", "fence rw, rw", "sd a4, 0(a1)"]
        ["ld a2, 0(a1)", "fence rw, rw", "ld a3, 0(a0)"];
    "MP+fence.w.w+fence.r.r" [A2(1), A3(1)]:
        ["sd a4, 0(a0)", "fence w, w", "sd a4, 0(a1)"]
        ["ld a2, 0(a1)", "fence r, r", "ld a3, 0(a0)"];
    "MP+fence.w.w+addr" [A2(1), A3(1)]:
        ["sd a4, 0(a0)", "fence w, w", "sd a4, 0(a1)"]
        ["ld a2, 0(a1)", "xor t0, a2, a2", "add t0, t0, a0", "ld a3, 0(t0)"];
    "MP+fence.w.w+po" [A2(1), A3(1)]:
        ["sd a4, 0(a0)", "fence w, w", "sd a4, 0(a1)"]
        ["ld a2, 0(a1)", "ld a3, 0(a0)"];
    "MP+po+addr" [A2(1), A3(1)]:
        ["sd a4, 0(a0)", "sd a4, 0(a1)"]
        ["ld a2, 0(a1)", "xor t0, a2, a2", "add t0, t0, a0", "ld a3, 0(t0)"];
    "MP+amoswap.rl+amoor.aq" [A2(1), A3(1)]:
        ["sd a4, 0(a0)", "amoswap.d.rl zero, a4, (a1)"]
        ["amoor.d.aq a2, zero, (a1)", "ld a3, 0(a0)"];
    "MP+amoswaps+amoors" [A2(1), A3(1)]:
        ["amoswap.d zero, a4, (a0)", "amoswap.d zero, a4, (a1)"]
        ["amoor.d a2, zero, (a1)", "amoor.d a3, zero, (a0)"];
    // Store buffering.
    "SB" [A2(0), A2(1)]:
        ["sd a4, 0(a0)", "ld a2, 0(a1)"]
        ["sd a4, 0(a1)", "ld a2, 0(a0)"];
    "SB+fence.rw.rws" [A2(0), A2(1)]:
        ["sd a4, 0(a0)", "fence rw, rw", "ld a2, 0(a1)"]
        ["sd a4, 0(a1)", "fence rw, rw", "ld a2, 0(a0)"];
    "SB+fence.w.rs" [A2(0), A2(1)]:
        ["sd a4, 0(a0)", "fence w, r", "ld a2, 0(a1)"]
        ["sd a4, 0(a1)", "fence w, r", "ld a2, 0(a0)"];
    "SB+fence.tsos" [A2(0), A2(1)]:
        ["sd a4, 0(a0)", "fence.tso", "ld a2, 0(a1)"]
        ["sd a4, 0(a1)", "fence.tso", "ld a2, 0(a0)"];
    "SB+fence.rw.rw+po" [A2(0), A2(1)]:
        ["sd a4, 0(a0)", "fence rw, rw", "ld a2, 0(a1)"]
        ["sd a4, 0(a1)", "ld a2, 0(a0)"];
    "SB+rfis" [A2(0), A3(0), A2(1), A3(1)]:
        ["sd a4, 0(a0)", "ld a2, 0(a0)", "ld a3, 0(a1)"]
        ["sd a4, 0(a1)", "ld a2, 0(a1)", "ld a3, 0(a0)"];
    "SB+amoswap.rl-amoor.aqs" [A2(0), A2(1)]:
        ["amoswap.d.rl zero, a4, (a0)", "amoor.d.aq a2, zero, (a1)"]
        ["amoswap.d.rl zero, a4, (a1)", "amoor.d.aq a2, zero, (a0)"];
    "SB+amoswap.aqrls" [A2(0), A2(1)]:
        ["amoswap.d.aqrl zero, a4, (a0)", "ld a2, 0(a1)"]
        ["amoswap.d.aqrl zero, a4, (a1)", "ld a2, 0(a0)"];
    "SB+amoswaps" [A2(0), A2(1)]:
        ["amoswap.d zero, a4, (a0)", "ld a2, 0(a1)"]
        ["amoswap.d zero, a4, (a1)", "ld a2, 0(a0)"];
    // Load buffering.
    "LB" [A2(0), A2(1)]:
        ["ld a2, 0(a0)", "sd a4, 0(a1)"]
        ["ld a2, 0(a1)", "sd a4, 0(a0)"];
    "LB+fence.rw.rws" [A2(0), A2(1)]:
        ["ld a2, 0(a0)", "fence rw, rw", "sd a4, 0(a1)"]
        ["ld a2, 0(a1)", "fence rw, rw", "sd a4, 0(a0)"];
    "LB+datas" [A2(0), A2(1)]:
        ["ld a2, 0(a0)", "xor t0, a2, a2", "add t0, t0, a4", "sd t0, 0(a1)"]
        ["ld a2, 0(a1)", "xor t0, a2, a2", "add t0, t0, a4", "sd t0, 0(a0)"];
    "LB+addrs" [A2(0), A2(1)]:
        ["ld a2, 0(a0)", "xor t0, a2, a2", "add t0, t0, a1", "sd a4, 0(t0)"]
        ["ld a2, 0(a1)", "xor t0, a2, a2", "add t0, t0, a0", "sd a4, 0(t0)"];
    "LB+ctrls" [A2(0), A2(1)]:
        ["ld a2, 0(a0)", "beqz a2, 1f", "1: sd a4, 0(a1)"]
        ["ld a2, 0(a1)", "beqz a2, 1f", "1: sd a4, 0(a0)"];
    "LB+amoadd.aqs" [A2(0), A2(1)]:
        ["amoadd.d.aq a2, zero, (a0)", "sd a4, 0(a1)"]
        ["amoadd.d.aq a2, zero, (a1)", "sd a4, 0(a0)"];
    // Two stores; one overtakes the other.
    "2+2W" [X, Y]:
        ["sd a4, 0(a0)", "sd a5, 0(a1)"]
        ["sd a4, 0(a1)", "sd a5, 0(a0)"];
    "2+2W+fence.w.ws" [X, Y]:
        ["sd a4, 0(a0)", "fence w, w", "sd a5, 0(a1)"]
        ["sd a4, 0(a1)", "fence w, w", "sd a5, 0(a0)"];
    "2+2W+amoswap.rls" [X, Y]:
        ["sd a4, 0(a0)", "amoswap.d.rl zero, a5, (a1)"]
        ["sd a4, 0(a1)", "amoswap.d.rl zero, a5, (a0)"];
    "S" [A2(1), X]:
        ["sd a5, 0(a0)", "sd a4, 0(a1)"]
        ["ld a2, 0(a1)", "sd a4, 0(a0)"];
    "S+fence.rw.rws" [A2(1), X]:
        ["sd a5, 0(a0)", "fence rw, rw", "sd a4, 0(a1)"]
        ["ld a2, 0(a1)", "fence rw, rw", "sd a4, 0(a0)"];
    "S+fence.w.w+data" [A2(1), X]:
        ["sd a5, 0(a0)", "fence w, w", "sd a4, 0(a1)"]
        ["ld a2, 0(a1)", "xor t0, a2, a2", "add t0, t0, a4", "sd t0, 0(a0)"];
    "R" [A2(1), Y]:
        ["sd a4, 0(a0)", "sd a4, 0(a1)"]
        ["sd a5, 0(a1)", "ld a2, 0(a0)"];
    "R+fence.rw.rws" [A2(1), Y]:
        ["sd a4, 0(a0)", "fence rw, rw", "sd a4, 0(a1)"]
        ["sd a5, 0(a1)", "fence rw, rw", "ld a2, 0(a0)"];
    "R+fence.w.w+fence.w.r" [A2(1), Y]:
        ["sd a4, 0(a0)", "fence w, w", "sd a4, 0(a1)"]
        ["sd a5, 0(a1)", "fence w, r", "ld a2, 0(a0)"];
    // One variable.
    "CoRR" [A2(1), A3(1)]:
        ["sd a4, 0(a0)", "sd a5, 0(a0)"]
        ["ld a2, 0(a0)", "ld a3, 0(a0)"];
    "CoWR" [A2(0), A2(1), X]:
        ["sd a4, 0(a0)", "ld a2, 0(a0)"]
        ["sd a5, 0(a0)", "ld a2, 0(a0)"];
    "CoRW" [A2(0), X]:
        ["ld a2, 0(a0)", "sd a4, 0(a0)"]
        ["sd a5, 0(a0)"];
    "2AMO" [A2(0), A2(1), X]:
        ["amoadd.d a2, a4, (a0)"]
        ["amoadd.d a2, a4, (a0)"];
    "AMO+W" [A2(0), X]:
        ["amoadd.d a2, a4, (a0)"]
        ["sd a5, 0(a0)"];
    "LRSC+W" [A2(0), A3(0), X]:
        ["lr.d a2, (a0)", "sc.d a3, a4, (a0)"]
        ["sd a5, 0(a0)"];
    "2LRSC" [A3(0), A3(1), X]:
        ["lr.d a2, (a0)", "add t0, a2, a4", "sc.d a3, t0, (a0)"]
        ["lr.d a2, (a0)", "add t0, a2, a4", "sc.d a3, t0, (a0)"];
    // Three and four harts.
    "WRC" [A2(1), A2(2), A3(2)]:
        ["sd a4, 0(a0)"]
        ["ld a2, 0(a0)", "sd a4, 0(a1)"]
        ["ld a2, 0(a1)", "ld a3, 0(a0)"];
    "WRC+data+addr" [A2(1), A2(2), A3(2)]:
        ["sd a4, 0(a0)"]
        ["ld a2, 0(a0)", "xor t0, a2, a2", "add t0, t0, a4", "sd t0, 0(a1)"]
        ["ld a2, 0(a1)", "xor t0, a2, a2", "add t0, t0, a0", "ld a3, 0(t0)"];
    "IRIW" [A2(1), A3(1), A2(3), A3(3)]:
        ["sd a4, 0(a0)"]
        ["ld a2, 0(a0)", "ld a3, 0(a1)"]
        ["sd a4, 0(a1)"]
        ["ld a2, 0(a1)", "ld a3, 0(a0)"];
    "IRIW+fence.rw.rws" [A2(1), A3(1), A2(3), A3(3)]:
        ["sd a4, 0(a0)"]
        ["ld a2, 0(a0)", "fence rw, rw", "ld a3, 0(a1)"]
        ["sd a4, 0(a1)"]
        ["ld a2, 0(a1)", "fence rw, rw", "ld a3, 0(a0)"];
    "IRIW+fence.r.rs" [A2(1), A3(1), A2(3), A3(3)]:
        ["sd a4, 0(a0)"]
        ["ld a2, 0(a0)", "fence r, r", "ld a3, 0(a1)"]
        ["sd a4, 0(a1)"]
        ["ld a2, 0(a1)", "fence r, r", "ld a3, 0(a0)"];
    "IRIW+addrs" [A2(1), A3(1), A2(3), A3(3)]:
        ["sd a4, 0(a0)"]
        ["ld a2, 0(a0)", "xor t0, a2, a2", "add t0, t0, a1", "ld a3, 0(t0)"]
        ["sd a4, 0(a1)"]
        ["ld a2, 0(a1)", "xor t0, a2, a2", "add t0, t0, a0", "ld a3, 0(t0)"];
    "IRIW+amoor.aqs" [A2(1), A3(1), A2(3), A3(3)]:
        ["amoswap.d.rl zero, a4, (a0)"]
        ["amoor.d.aq a2, zero, (a0)", "amoor.d.aq a3, zero, (a1)"]
        ["amoswap.d.rl zero, a4, (a1)"]
        ["amoor.d.aq a2, zero, (a1)", "amoor.d.aq a3, zero, (a0)"];
}

impl Test {
    /// The instructions of a thread, without the return at the end.
    pub fn code(&self, thread: usize) -> impl Iterator<Item = u32> + use<> {
        const RETURN: u32 = 0x0000_8067;
        let start = self.threads[thread] as *const () as *const u32;
        (0..)
            // SAFETY: reads code up to the return behind every thread's instructions.
            .map(move |index| unsafe { start.add(index).read_unaligned() })
            .take_while(|word| *word != RETURN)
    }
}
