//! A receiver that sends to itself: the cost of the instruction, of the entries and of the whole
//! way.

use crate::{
    Collected, System, VECTOR, WARM_UP,
    probes::{self, Reads, probe_nothing, probe_send},
    report,
    shared::{ARRIVAL, shared},
};
use core::sync::atomic::{AtomicU64, Ordering};
use uintr::{Receiver, Sender, entry, masked, uipi};
use uintr_shared::MEASURING;

/// Interrupts, as counted by the handlers.
pub static COUNT: AtomicU64 = AtomicU64::new(0);

/// A handler that counts.
pub extern "C" fn count(_pending: u64) -> u64 {
    COUNT.store(COUNT.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
    0
}

pub extern "C" fn count_with_frame(_frame: &mut entry::Frame, pending: u64) -> u64 {
    count(pending)
}

/// The measuring thread as a receiver.
pub struct Bench {
    pub receiver: Receiver,
    to_itself: Sender,
}

impl Bench {
    pub fn register() -> Self {
        let receiver = Receiver::calling(&mut System, count).expect("registered");
        let to_itself = Sender::register(&mut System, MEASURING, VECTOR).expect("registered");
        Self { receiver, to_itself }
    }

    /// Changes where interrupts enter.
    pub fn enter(&mut self, utvec: usize, uscratch: usize) {
        // SAFETY: all entries of this program save what its measured code needs.
        unsafe { self.receiver.enter(utvec, uscratch) };
    }

    /// Index of the entry that sends to this thread.
    pub fn index(&self) -> usize {
        self.to_itself.index().0
    }

    fn send(&self) -> Reads {
        let mut reads = Reads::default();
        probe_send(self.index(), &mut reads);
        reads
    }
}

/// Distance of two reads of `cycle` with nothing between them.
pub fn read_to_read() -> i64 {
    let mut reads = Reads::default();
    for _ in 0..4 {
        probe_nothing(0, &mut reads);
    }
    reads[1] - reads[0]
}

/// Measures and reports all of it.
pub fn measure(bench: &mut Bench, collected: &mut Collected) {
    let between = read_to_read();
    collect(collected, || {
        let reads = masked(|| {
            let reads = bench.send();
            uipi::read();
            reads
        });
        reads[1] - reads[0] - between
    });
    report(collected, "uintr.send", "");

    bench.enter(probes::arrive(), ARRIVAL);
    collect(collected, || {
        let reads = bench.send();
        shared().arrival.utvec() - (reads[0] + between)
    });
    report(collected, "uintr.send_to_utvec", "where=same");

    for (utvec, uscratch, parameters) in [
        (probes::arrive(), ARRIVAL, "save=leaf"),
        (probes::arrive_call(), 0, "save=rust"),
        (probes::arrive_full(), 0, "save=full"),
    ] {
        bench.enter(utvec, uscratch);
        collect(collected, || {
            bench.send();
            shared().arrival.body() - shared().arrival.utvec() - between
        });
        report(collected, "uintr.handler_entry", parameters);
    }

    for (utvec, uscratch, parameters) in [
        (probes::count(), COUNT.as_ptr() as usize, "save=leaf"),
        (probes::count_call(), 0, "save=rust"),
        (probes::count_full(), 0, "save=full"),
    ] {
        bench.enter(utvec, uscratch);
        collect(collected, || {
            let before = COUNT.load(Ordering::Relaxed);
            let reads = bench.send();
            assert_eq!(COUNT.load(Ordering::Relaxed), before + 1, "no interrupt");
            interrupted(&reads) - (reads[0] + between)
        });
        report(collected, "uintr.round_trip", parameters);
    }
}

/// The cycle of the interrupted instruction: the one behind the largest gap.
fn interrupted(reads: &Reads) -> i64 {
    let behind = reads.windows(2).max_by_key(|pair| pair[1] - pair[0]);
    behind.map_or(0, |pair| pair[1])
}

/// Takes all samples from `sample`, after some runs that are not counted.
pub fn collect(collected: &mut Collected, mut sample: impl FnMut() -> i64) {
    for _ in 0..WARM_UP {
        sample();
    }
    while !collected.is_full() {
        collected.push(sample());
    }
}
