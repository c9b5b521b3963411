//! The same ping-pong through the kernel: signals by interrupts between harts.

use crate::{
    Collected, MEASURING, PEER,
    pingpong::DONE,
    report,
    same::{COUNT, collect},
    shared::{Step, shared},
};
use core::{hint::spin_loop, sync::atomic::Ordering};
use hal::{csr, soc::csr as number};
use rt::{Call, call};

/// Measures and reports it.
pub fn measure(collected: &mut Collected) {
    call(Call::HandleSignals, [count as *const () as usize, 0]);
    shared().begin(Step::Kernel);
    shared().ready.wait_for(1);
    collect(collected, || {
        let before = COUNT.load(Ordering::Relaxed);
        let start = csr::read::<{ number::CYCLE }>();
        call(Call::Signal, [PEER, 0]);
        while COUNT.load(Ordering::Relaxed) == before {
            spin_loop();
        }
        (csr::read::<{ number::CYCLE }>() - start) as i64
    });
    shared().ready.set(DONE);
    shared().finish();
    report(collected, "uintr.pingpong_kernel", "");
}

/// On the peer.
pub fn serve() {
    call(Call::HandleSignals, [answer as *const () as usize, 0]);
    shared().ready.set(1);
    shared().ready.wait_for(DONE);
}

extern "C" fn count() -> ! {
    COUNT.store(COUNT.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
    go_on()
}

extern "C" fn answer() -> ! {
    call(Call::Signal, [MEASURING, 0]);
    go_on()
}

/// Goes on with what the signal interrupted.
fn go_on() -> ! {
    call(Call::SignalReturn, [0, 0]);
    unreachable!("the kernel returns to what was interrupted")
}
