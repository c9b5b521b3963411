//! From one hart to a running receiver on another.

use crate::{
    Collected, SAMPLES, System, VECTOR, WARM_UP,
    probes::{self, Reads, probe_message, probe_send, probe_spin},
    report,
    same::read_to_read,
    shared::{ARRIVAL, Step, shared},
};
use rt::measure::Phase;
use uintr::{Receiver, Sender};
use uintr_shared::PEER;

/// Samples, including those that are not counted.
pub const ROUNDS: u64 = (WARM_UP + SAMPLES) as u64;

/// The peer as a receiver.
pub struct Peer(Receiver);

impl Peer {
    pub fn register() -> Self {
        // SAFETY: the entry keeps all registers of interrupted code except `t6`.
        let receiver = unsafe { Receiver::entering(&mut System, probes::arrive(), ARRIVAL) };
        Self(receiver.expect("registered"))
    }

    /// Changes where interrupts enter.
    pub fn enter(&mut self, utvec: usize, uscratch: usize) {
        // SAFETY: all entries of this program save what its measured code needs.
        unsafe { self.0.enter(utvec, uscratch) };
    }
}

/// Measures and reports it. `offset`: of the peer's `cycle` to this hart's.
pub fn measure(collected: &mut Collected, offset: i64) {
    let sender = Sender::register(&mut System, PEER, VECTOR).expect("registered");
    let between = read_to_read();
    let mut phase = Phase::default();
    shared().begin(Step::Cross);
    for round in 1..=ROUNDS {
        shared().ready.wait_for(round);
        phase.delay(10, 32);
        let count = shared().arrival.count();
        let mut reads = Reads::default();
        probe_send(sender.index().0, &mut reads);
        shared().arrival.wait_for(count + 1);
        if round > WARM_UP as u64 {
            collected.push(shared().arrival.utvec() - offset - (reads[0] + between));
        }
    }
    for round in ROUNDS + 1..=2 * ROUNDS {
        shared().ready.wait_for(round);
        phase.delay(10, 32);
        check_message(sender, round);
    }
    shared().finish();
    report(collected, "uintr.send_to_utvec", "where=cross");
}

/// A handler sees what was stored just before the SEND, without a fence on either side.
fn check_message(sender: Sender, message: u64) {
    let count = shared().arrival.count();
    // SAFETY: the word is in the shared page.
    unsafe { probe_message(sender.index().0, shared().arrival.message(), message) };
    shared().arrival.wait_for(count + 1);
    assert_eq!(shared().arrival.received(), message, "the SEND overtook a store");
}

/// On the peer.
pub fn serve(peer: &mut Peer) {
    peer.enter(probes::arrive(), ARRIVAL);
    for round in 1..=2 * ROUNDS {
        let count = shared().arrival.count();
        shared().ready.set(round);
        // SAFETY: the word is in the shared page.
        unsafe { probe_spin(shared().arrival.as_ptr().add(2), count) };
    }
}
