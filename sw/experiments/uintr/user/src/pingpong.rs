//! Two harts that answer each other.

use crate::{
    Collected, System, VECTOR,
    cross::Peer,
    probes::{self, probe_exchange},
    report,
    same::{Bench, COUNT, collect},
    shared::{PingPong, Step, shared},
};
use core::sync::atomic::{AtomicU64, Ordering};
use uintr::{Sender, SenderIndex, uipi};
use uintr_shared::{MEASURING, PEER};

/// The measuring side's message when it has all samples.
pub const DONE: u64 = 2;

/// The index of the peer's answers.
static ANSWER: AtomicU64 = AtomicU64::new(0);

/// Measures and reports it.
pub fn measure(bench: &mut Bench, collected: &mut Collected) {
    let sender = Sender::register(&mut System, PEER, VECTOR).expect("registered");
    for (kind, parameters) in [(PingPong::Leaf, "save=leaf"), (PingPong::Rust, "save=rust")] {
        match kind {
            PingPong::Leaf => bench.enter(probes::count(), COUNT.as_ptr() as usize),
            PingPong::Rust => bench.enter(probes::count_call(), 0),
        }
        shared().begin(Step::PingPong(kind));
        shared().ready.wait_for(1);
        collect(collected, || {
            let before = COUNT.load(Ordering::Relaxed);
            // SAFETY: the word belongs to this program.
            unsafe { probe_exchange(sender.index().0, COUNT.as_ptr(), before) }
        });
        shared().ready.set(DONE);
        shared().finish();
        report(collected, "uintr.pingpong", parameters);
    }
}

/// On the peer.
pub fn serve(peer: &mut Peer, kind: PingPong) {
    let sender = Sender::register(&mut System, MEASURING, VECTOR).expect("registered");
    ANSWER.store(sender.index().0 as u64, Ordering::Relaxed);
    match kind {
        PingPong::Leaf => peer.enter(probes::answer(), ANSWER.as_ptr() as usize),
        PingPong::Rust => peer.enter(entry(), 0),
    }
    shared().ready.set(1);
    shared().ready.wait_for(DONE);
}

uintr::call_entry!("pingpong_answer", answer);

unsafe extern "C" {
    fn pingpong_answer();
}

fn entry() -> usize {
    pingpong_answer as *const () as usize
}

extern "C" fn answer(_pending: u64) -> u64 {
    uipi::send(SenderIndex(ANSWER.load(Ordering::Relaxed) as usize));
    0
}
