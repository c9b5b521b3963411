//! Registers that a process may use, with values that it has no right to.

use crate::{is_secret, random::Random};
use rt::attempt::Surprises;
use taic::{Arming, Errors, LocalQueue, Peer, TaskId};

const CHANNELS: u32 = 1 << 16;
const NUMBERS: u16 = 1 << 12;
const LINES: usize = 32;

/// More tasks than there are places.
const FLOOD: usize = 2000;

/// Numbers of identifiers of systems and processes, more than there are contexts, and of channels.
const SYSTEMS: u64 = 3;
const PROCESSES: u32 = 20;

/// Tries all of them.
pub fn attack(surprises: &mut Surprises, page: usize, compatible: bool) {
    // SAFETY: mapped for as long as the attack lasts.
    let queue = unsafe { LocalQueue::new(page) };
    let mut random = Random::new();
    queue.take_errors();
    for channel in 0..CHANNELS {
        queue.send_to(channel as u16, (channel >> 3) as u8);
    }
    expect(surprises, queue, "send", Errors::NO_SEND, compatible);
    for number in 0..NUMBERS {
        queue.arm(Arming::none(number).expect("12 bits"));
        queue.arm_line(Arming::none(number).expect("12 bits"));
        for _ in 0..3 {
            // An address of at most 51 bits, with all kinds of flags.
            let task = random.word() >> 13;
            let task = TaskId::from_bits(task).filter(|_| !is_secret(task));
            if let Some(arming) = task.and_then(|task| Arming::new(number, task)) {
                queue.arm(arming);
                queue.arm_line(arming);
            }
        }
    }
    expect(surprises, queue, "arm", Errors::NO_RECEIVE, compatible);
    for os in 0..SYSTEMS {
        for process in 0..PROCESSES {
            for channel in 0..4 {
                let peer = Peer { os, process, channel };
                queue.register_sender(peer);
                queue.send_interrupt(peer);
                queue.register_receiver(peer, TaskId::from_bits(random.word()).expect("not 0"));
                queue.send_interrupt(peer);
                queue.cancel_sender(peer);
                queue.send_interrupt(peer);
            }
        }
    }
    for line in 0..LINES {
        queue.register_interrupt(line, TaskId::from_bits(random.word()));
    }
    let refused =
        if compatible { Errors::NO_SEND | Errors::NO_RECEIVE } else { Errors::NOT_PERMITTED };
    expect(surprises, queue, "compatible registration", refused, compatible);
    for _ in 0..FLOOD {
        queue.enqueue(TaskId::from_bits(random.word()).expect("not 0"));
    }
    expect(surprises, queue, "enqueue", Errors::FULL, compatible);
    let mut taken = 0;
    while let Some(task) = queue.dequeue() {
        taken += 1;
        surprises.unless(!is_secret(task.bits()), format_args!("got {task:?}"));
        if taken > FLOOD {
            break;
        }
    }
    surprises.unless(taken < FLOOD, format_args!("{taken} tasks of {FLOOD} were queued"));
    // The queue stays full.
    for _ in 0..FLOOD {
        queue.enqueue(TaskId::from_bits(random.word()).expect("not 0"));
    }
}

/// Something of each kind was refused, and nothing that is permitted was.
fn expect(
    surprises: &mut Surprises,
    queue: LocalQueue,
    what: &str,
    errors: Errors,
    compatible: bool,
) {
    let found = queue.take_errors();
    let expected = if compatible { found.contains(errors) } else { found == errors };
    surprises.unless(expected, format_args!("{what}: {found:?}"));
}
