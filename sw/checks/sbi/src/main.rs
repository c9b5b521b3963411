//! Tests of the firmware, from S-mode: each extension of the SBI, delegation, protection.
//!
//! Expected output, where `n` is the number of harts:
//!
//! ```text
//! rel4 firmware: SBI 2.0, hart 0 of n
//! sbitest: n harts
//! ok    base
//! ok    console
//! ok    timer
//! ok    interrupts between harts
//! ok    remote fences
//! ok    harts
//! ok    protection
//! ok    delegation
//! ok    counters
//! ok    legacy calls
//! ok    legacy calls between harts
//! ok    performance counters of the hart
//! ok    performance counters of the firmware
//! sbitest: 0 failed
//! ```

#![no_std]
#![no_main]

mod harts;
mod legacy;
mod machine;
mod performance;

use supervisor::{
    exit,
    hal::{
        csr,
        soc::{TIMEBASE_HZ, csr as number},
    },
    println,
};

supervisor::program!(main);

fn main(hart: usize, device_tree: usize) -> ! {
    println!("sbitest: {} harts", harts::describe(device_tree));
    let tests: [(&str, bool); 13] = [
        ("base", machine::base()),
        ("console", machine::console()),
        ("timer", machine::timer()),
        ("interrupts between harts", harts::interrupts(hart)),
        ("remote fences", harts::fences(hart)),
        ("harts", harts::management(hart)),
        ("protection", machine::protection()),
        ("delegation", machine::delegation()),
        ("counters", machine::counters(device_tree)),
        ("legacy calls", legacy::own(hart)),
        ("legacy calls between harts", legacy::remote(hart)),
        ("performance counters of the hart", performance::hardware()),
        ("performance counters of the firmware", performance::firmware(hart)),
    ];
    let mut failed = 0;
    for (name, passed) in tests {
        println!("{}  {name}", if passed { "ok  " } else { "FAIL" });
        failed += usize::from(!passed);
    }
    println!("sbitest: {failed} failed");
    exit(failed)
}

/// Whether an interrupt is pending soon.
fn becomes_pending(cause: usize) -> bool {
    soon(|| csr::read::<{ number::SIP }>() >> cause & 1 == 1)
}

/// Whether `holds` becomes true within a fifth of a second.
fn soon(mut condition: impl FnMut() -> bool) -> bool {
    let time = csr::read::<{ number::TIME }>;
    let end = time() + TIMEBASE_HZ / 5;
    while time() < end {
        if condition() {
            return true;
        }
    }
    false
}
