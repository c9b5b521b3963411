//! A receiver without a hart: vectors sent to it wait until the kernel switches to it.

use crate::{
    Collected, System, VECTOR, WARM_UP,
    cross::{Peer, ROUNDS},
    probes, report,
    same::{COUNT, read_to_read},
    shared::{ARRIVAL, Place, ROAMING_ARRIVAL, Step, shared},
};
use core::sync::atomic::Ordering;
use rt::{Call, REFUSED, call, measure::Phase};
use uintr::{Receiver, Sender, Vector};
use uintr_shared::ROAMING;

/// What is sent before each switch.
const VECTORS: [Vector; 2] = [VECTOR, Vector::new(42)];

/// The value of `ready` that asks the peer to give its hart to the receiver.
const GIVE: u64 = 1;

/// Measures and reports it.
pub fn measure(collected: &mut Collected) {
    give_hart();
    let senders =
        VECTORS.map(|vector| Sender::register(&mut System, ROAMING, vector).expect("registered"));
    let between = read_to_read();
    let mut phase = Phase::default();
    let mut from_switch = Collected::new();
    for (place, parameters) in [
        (Place::Same, ["from=write_low where=same", "from=switch where=same"]),
        (Place::Migrated, ["from=write_low where=migrated", "from=switch where=migrated"]),
    ] {
        shared().begin(Step::Switch(place));
        let others = interrupts_of_others();
        for round in 1..=ROUNDS {
            let count = shared().roaming.count();
            for sender in senders {
                sender.send();
                phase.delay(10, 32);
            }
            assert_eq!(shared().roaming.count(), count, "interrupted without a hart");
            assert_eq!(interrupts_of_others(), others, "others were interrupted");
            if place.is_on_peer(round) {
                shared().ready.set(GIVE);
                shared().ready.wait_for(0);
            } else {
                give_hart();
            }
            assert_eq!(shared().roaming.count(), count + 1, "interrupts of a switch");
            let sent = VECTORS.iter().fold(0, |all, vector| all | vector.mask());
            assert_eq!(shared().roaming.received(), sent, "vectors of a switch");
            if round > WARM_UP as u64 {
                let utvec = shared().roaming.utvec();
                let [begin, active] = shared().exchanged.each_ref().map(|it| it.get() as i64);
                collected.push(utvec - (active + between));
                from_switch.push(utvec - (begin + between));
            }
        }
        shared().finish();
        report(collected, "uintr.switch_in", parameters[0]);
        report(&mut from_switch, "uintr.switch_in", parameters[1]);
    }
}

/// Interrupts of the running receivers, on this hart and on the peer's. Any trap except a system
/// call would end the kernel.
fn interrupts_of_others() -> [u64; 2] {
    [COUNT.load(Ordering::Relaxed), shared().arrival.count()]
}

/// On the peer.
pub fn serve(peer: &mut Peer, place: Place) {
    peer.enter(probes::arrive(), ARRIVAL);
    for _ in (1..=ROUNDS).filter(|round| place.is_on_peer(*round)) {
        shared().ready.wait_for(GIVE);
        give_hart();
        shared().ready.set(0);
    }
}

impl Place {
    /// Whether the receiver gets the peer's hart; otherwise it gets the sender's.
    fn is_on_peer(self, round: u64) -> bool {
        self == Self::Same || round % 2 == 1
    }
}

/// The receiver. It runs when one of the others gives it its hart, and gives the hart back.
pub fn roam() -> ! {
    // SAFETY: the entry leaves registers to interrupted code, all but `t6`.
    let receiver = unsafe { Receiver::entering(&mut System, probes::vectors(), ROAMING_ARRIVAL) };
    receiver.expect("registered");
    loop {
        give_hart();
        for (index, word) in shared().exchanged.iter().enumerate() {
            word.set(call(Call::ExchangeCycle, [index, 0]) as u64);
        }
    }
}

fn give_hart() {
    assert_ne!(call(Call::Exchange, [0, 0]), REFUSED, "nobody to give the hart to");
}
