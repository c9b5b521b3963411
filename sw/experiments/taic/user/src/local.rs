//! One hart: what an access keeps it.

use crate::{
    Collected,
    collect::collect,
    device::{arming, own, second, task},
    probes::{probe_load, probe_loads, probe_store, probe_stores, probe_use, read_to_read},
};
use hal::soc::taic_queue as register;
use taic::{Arming, Errors, TaskId};
use taic_shared::{OWN, TO_ITSELF};

/// Measures and reports all of it.
pub fn measure(collected: &mut Collected) {
    let between = read_to_read();
    let store = |offset: usize, value: u64| probe_store(OWN + offset, value) - between;
    let dequeue = || {
        let needing = probe_use(OWN + register::DEQUEUE, 0);
        probe_load(OWN + register::DEQUEUE, 0) - needing
    };

    collect(collected, "taic.enqueue", "", || {
        let cycles = store(register::ENQUEUE, task().bits());
        assert_eq!(own().dequeue(), Some(task()), "enqueue");
        cycles
    });
    collect(collected, "taic.dequeue", "", || {
        own().enqueue(task());
        let cycles = dequeue();
        assert_eq!(own().length().context, 0, "dequeue");
        cycles
    });
    collect(collected, "taic.dequeue_steal", "", || {
        second().enqueue(task());
        let cycles = dequeue();
        assert_eq!(own().length().context, 0, "dequeue with steal");
        cycles
    });
    collect(collected, "taic.dequeue_empty", "", dequeue);
    collect(collected, "taic.enqueue", "burst=8", || {
        let cycles = probe_stores(OWN + register::ENQUEUE, task().bits()) - between;
        (0..8).for_each(|_| assert_eq!(own().dequeue(), Some(task()), "enqueue"));
        cycles
    });
    collect(collected, "taic.dequeue", "burst=8", || {
        (0..8).for_each(|_| own().enqueue(task()));
        let needing = probe_use(OWN + register::DEQUEUE, 0);
        let cycles = probe_loads(OWN + register::DEQUEUE, 0) - needing;
        assert_eq!(own().length().context, 0, "dequeue");
        cycles
    });

    let [arm, disarm] = [Arming::new(TO_ITSELF, task()), Arming::none(TO_ITSELF)]
        .map(|arming| arming.expect("both fit").bits());
    collect(collected, "taic.register", "", || store(register::ARM, arm));
    collect(collected, "taic.cancel", "", || store(register::ARM, disarm));
    own().arm(arming(TO_ITSELF, task().kept()));
    collect(collected, "taic.send", "", || {
        let cycles = store(register::SEND, TO_ITSELF.into());
        assert_eq!(own().dequeue(), Some(task().kept()), "send");
        cycles
    });
    assert_eq!(own().dequeue().map(TaskId::bits), None, "each was dequeued");
    assert_eq!(own().take_errors(), Errors::NONE, "nothing was refused");
}
