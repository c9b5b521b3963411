//! What ReL4's system calls take in cycles: the metrics of `rel4 bench kernel`.
//!
//! The root task measures from the instruction before its system call to the one behind it. A server in
//! an address space of its own, with the same program at the same addresses, takes the time when a
//! message has come, and before it replies.

#![no_std]
#![no_main]

mod calls;
mod probes;
mod server;
mod setup;

use metric::Samples;
use sel4::{abi::boot_info::BootInfo, debug, println};

sel4::root_task!(main);

/// Samples of each metric.
const SAMPLES: usize = 1000;
/// Calls before the first sample.
const WARM_UP: usize = 20;

fn main(info: &'static BootInfo) -> ! {
    let server = setup::server(info).expect("there is memory for a server");
    probes::messages(&server, "path=fast words=0", 0);
    probes::alone(&server);
    probes::messages(&server, "path=fast words=4", 4);
    probes::messages(&server, "path=slow words=10", 10);
    debug::halt()
}

/// Takes samples, and reports them.
fn measure(name: &'static str, parameters: &'static str, mut sample: impl FnMut() -> usize) {
    let mut samples = Samples::<SAMPLES>::new();
    for _ in 0..WARM_UP {
        sample();
    }
    while !samples.is_full() {
        samples.push(sample() as i64);
    }
    println!("{}", samples.report(name, parameters));
}
