//! A receiver that sleeps on a hart with other work.

use crate::{
    Collected, PEER, System, VECTOR, WARM_UP,
    cross::{Peer, ROUNDS},
    probes::{self, Reads, probe_send},
    report,
    same::read_to_read,
    shared::{ARRIVAL, Step, shared},
};
use rt::{Call, call, measure::Phase};
use uintr::{Sender, masked};

/// Turns of [`Phase::delay`]; after these the peer surely sleeps.
const ASLEEP: u64 = 800;

/// Measures and reports it. `offset`: of the peer's `cycle` to this hart's.
pub fn measure(collected: &mut Collected, offset: i64) {
    let sender = Sender::register(&mut System, PEER, VECTOR).expect("registered");
    let between = read_to_read();
    let mut phase = Phase::default();
    for (competing, parameters) in
        ["competing=0", "competing=1", "competing=2", "competing=3"].into_iter().enumerate()
    {
        shared().begin(Step::Offline(competing));
        for round in 1..=ROUNDS {
            shared().ready.wait_for(round);
            phase.delay(ASLEEP, 1024);
            let count = shared().arrival.count();
            let mut reads = Reads::default();
            probe_send(sender.index().0, &mut reads);
            shared().arrival.wait_for(count + 1);
            if round > WARM_UP as u64 {
                collected.push(shared().arrival.body() - offset - (reads[0] + between));
            }
        }
        shared().finish();
        report(collected, "uintr.offline", parameters);
    }
}

/// On the peer.
pub fn serve(peer: &mut Peer, competing: usize) {
    peer.enter(probes::arrive(), ARRIVAL);
    call(Call::Compete, [competing, 0]);
    for round in 1..=ROUNDS {
        masked(|| {
            shared().ready.set(round);
            call(Call::Wait, [0, 0])
        });
    }
}
