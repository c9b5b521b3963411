//! How soon a task is ready: the least distance at which a store and a load follow each other.

use crate::{
    Collected,
    collect::collect,
    device::{FREE_LINE, SIMULATE, arming, disarming, own, task},
};
use core::arch::global_asm;
use hal::soc::taic_queue as register;
use taic_shared::{OWN, TO_ITSELF};

/// Stores `value` to `address`, and loads from `queue` after some instructions of a cycle each;
/// returns what it loaded.
type Probe = unsafe extern "C" fn(address: usize, value: u64, queue: usize) -> u64;

macro_rules! probes {
    ($($name:ident $nops:literal),*) => {
        unsafe extern "C" {
            $(fn $name(address: usize, value: u64, queue: usize) -> u64;)*
        }
        /// With their distances.
        const PROBES: &[(Probe, i64)] = &[$(($name, 1 + $nops)),*];
        $(global_asm!(
            ".text",
            ".option push",
            ".option norvc",
            ".balign 128",
            concat!(".globl ", stringify!($name)),
            concat!(stringify!($name), ":"),
            "fence iorw, iorw",
            ".rept 8",
            "nop",
            ".endr",
            "sd a1, 0(a0)",
            concat!(".rept ", stringify!($nops)),
            "nop",
            ".endr",
            "ld a0, 0(a2)",
            "ret",
            ".option pop",
        );)*
    };
}

probes! {
    ready_0 0, ready_1 1, ready_2 2, ready_3 3, ready_4 4, ready_5 5, ready_6 6,
    ready_7 7, ready_8 8, ready_9 9, ready_10 10, ready_12 12, ready_14 14
}

/// Measures and reports all three.
pub fn measure(collected: &mut Collected) {
    collect(collected, "taic.enqueue_to_ready", "", || {
        least_distance(OWN + register::ENQUEUE, task().bits())
    });
    own().arm(arming(TO_ITSELF, task().kept()));
    collect(collected, "taic.send_to_ready", "", || {
        least_distance(OWN + register::SEND, TO_ITSELF.into())
    });
    own().arm_line(arming(FREE_LINE, task().kept()));
    collect(collected, "taic.line_to_ready", "", || least_distance(SIMULATE, 0));
    own().arm(disarming(TO_ITSELF));
    own().arm_line(disarming(FREE_LINE));
}

/// The least distance for which the load dequeues what the store makes ready. The load of a probe
/// that comes too early leaves the task to the next dequeue.
fn least_distance(address: usize, value: u64) -> i64 {
    for (probe, distance) in PROBES {
        // SAFETY: registers of the TAIC that are this program's.
        let got = unsafe { probe(address, value, OWN + register::DEQUEUE) };
        if got != 0 {
            return *distance;
        }
        while own().dequeue().is_none() {}
    }
    panic!("a task does not become ready")
}
