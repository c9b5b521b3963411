//! From one hart to a coroutine of another process on another hart.

use crate::{
    Collected, PEER, SAMPLES, WARM_UP, coroutine,
    device::{
        FREE_LINE, SIMULATE, UART_ENABLE, UART_LINE, UART_TRANSMITTER, arming, disarming, own,
        quiet_uart,
    },
    probes::{probe_spin, probe_store_at, probe_store_byte_at, read_to_read},
    shared::{Save, Step, shared},
};
use hal::soc::taic_queue as register;
use rt::measure::Phase;
use taic_shared::{OWN, TO_PEER};

/// Samples, with those that are not counted.
const ROUNDS: u64 = (WARM_UP + SAMPLES) as u64;

/// What wakes the coroutine.
#[derive(Clone, Copy)]
enum Source {
    Send,
    Uart,
    Simulated,
}

impl Source {
    const ALL: [Self; 3] = [Self::Send, Self::Uart, Self::Simulated];

    /// Name and parameters of the metric of each, with the receiver.
    const fn metric(self, step: Step) -> [&'static str; 2] {
        match (self, step) {
            (Self::Send, Step::Polling) => ["taic.send_to_coroutine", "receiver=polling"],
            (Self::Send, Step::Running(Save::Leaf)) => {
                ["taic.send_to_coroutine", "receiver=running save=leaf"]
            }
            (Self::Send, _) => ["taic.send_to_coroutine", "receiver=running save=rust"],
            (Self::Uart, Step::Polling) => ["taic.line_to_coroutine", "line=uart receiver=polling"],
            (Self::Uart, Step::Running(Save::Leaf)) => {
                ["taic.line_to_coroutine", "line=uart receiver=running save=leaf"]
            }
            (Self::Uart, _) => ["taic.line_to_coroutine", "line=uart receiver=running save=rust"],
            (Self::Simulated, Step::Polling) => {
                ["taic.line_to_coroutine", "line=simulated receiver=polling"]
            }
            (Self::Simulated, Step::Running(Save::Leaf)) => {
                ["taic.line_to_coroutine", "line=simulated receiver=running save=leaf"]
            }
            (Self::Simulated, _) => {
                ["taic.line_to_coroutine", "line=simulated receiver=running save=rust"]
            }
        }
    }

    /// Wakes it; returns the cycle of the instruction before the store.
    fn wake(self) -> i64 {
        match self {
            Self::Send => probe_store_at(OWN + register::SEND, TO_PEER.into()),
            Self::Uart => probe_store_byte_at(UART_ENABLE, UART_TRANSMITTER),
            Self::Simulated => probe_store_at(SIMULATE, 0),
        }
    }
}

/// Measures and reports it. `offset`: of the peer's `cycle` to this hart's.
pub fn measure(collected: &mut Collected, offset: i64) {
    let between = read_to_read();
    let mut phase = Phase::default();
    for step in [Step::Polling, Step::Running(Save::Leaf), Step::Running(Save::Rust)] {
        quiet_uart();
        shared().begin(PEER, step);
        let mut preempt = Collected::new();
        for (number, source) in Source::ALL.into_iter().enumerate() {
            quiet_uart();
            for round in 1..=ROUNDS {
                shared().ready.wait_for(number as u64 * ROUNDS + round);
                phase.delay(10, 32);
                let count = shared().arrival.count();
                let before = source.wake();
                while shared().arrival.count() == count {}
                if matches!(source, Source::Uart) {
                    quiet_uart();
                }
                if round > WARM_UP as u64 {
                    let start = before + between + offset;
                    collected.push(shared().arrival.coroutine() - start);
                    preempt.push(shared().arrival.utvec() - start);
                }
            }
            let [name, parameters] = source.metric(step);
            rt::println!("{}", collected.report(name, parameters));
            collected.clear();
            if matches!((source, step), (Source::Send, Step::Running(Save::Leaf))) {
                rt::println!("{}", preempt.report("taic.preempt", ""));
            }
            preempt.clear();
        }
        shared().finish(PEER);
    }
}

/// On the peer.
pub fn serve_polling() {
    arm(false);
    for round in 1..=ROUNDS * Source::ALL.len() as u64 {
        shared().ready.set(round);
        // SAFETY: the page of its queue; all tasks in it are coroutines.
        unsafe { coroutine::coroutine_poll(OWN) };
    }
    disarm();
}

/// On the peer.
pub fn serve_running(save: Save) {
    arm(true);
    coroutine::interrupts(Some(coroutine::entry(save)));
    for round in 1..=ROUNDS * Source::ALL.len() as u64 {
        let arrival = &shared().arrival;
        let count = arrival.count();
        shared().ready.set(round);
        // SAFETY: the word is in the shared page.
        unsafe { probe_spin(arrival.count_address(), count) };
    }
    coroutine::interrupts(None);
    disarm();
}

/// Lets all sources wake the coroutine. Lines that have risen before do so at once: that is over
/// when this returns.
fn arm(preempting: bool) {
    let mut task = coroutine::task().kept();
    if preempting {
        task = task.preempting();
    }
    own().arm(arming(TO_PEER, task));
    own().arm_line(arming(UART_LINE, task));
    own().arm_line(arming(FREE_LINE, task));
    for _ in 0..100 {
        own().dequeue();
    }
}

fn disarm() {
    own().arm(disarming(TO_PEER));
    own().arm_line(disarming(UART_LINE));
    own().arm_line(disarming(FREE_LINE));
    assert!(own().take_errors().is_empty(), "nothing was refused");
}
