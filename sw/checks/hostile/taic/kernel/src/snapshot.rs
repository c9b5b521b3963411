//! Snapshot of all that the kernel can see, and what an attack may change in it.

use crate::{
    others::Others,
    scenario::{FROM_VICTIM, Scenario, TO_FRIEND},
};
use core::fmt::Debug;
use supervisor::{
    hal::soc::{
        taic::{CHANNEL_COUNT, CONTEXTS, LINES},
        taic_control::INSTALLED_COUNT,
    },
    println,
};
use taic::{
    ChannelState, Context, Errors, Length, Occupancy, Places, QueueIndex, Refused, Taic, TaskId,
};

/// The state at one moment.
pub struct Snapshot {
    attacker: u8,
    contexts: [Context; CONTEXTS],
    occupancy: [Occupancy; CONTEXTS],
    /// The queues of others.
    queues: [Option<(Length, Errors)>; CONTEXTS],
    channels: [(ChannelState, Option<TaskId>); CHANNEL_COUNT],
    grants: [u64; LINES],
    device: Device,
}

/// Free resources.
#[derive(Debug, PartialEq, Eq)]
struct Device {
    installed: [Option<QueueIndex>; INSTALLED_COUNT],
    /// Places, including those of the attacker's tasks.
    places: u16,
    unassigned: u16,
    undelivered: u64,
    refused: Option<Refused>,
}

impl Snapshot {
    /// Takes a snapshot.
    pub fn take(taic: Taic, others: &Others) -> Self {
        const THERE: &str = "it is there";
        let attacker = others.attacker[0].context;
        let occupancy = core::array::from_fn(|it| taic.occupancy(it as u8).expect(THERE));
        let Places { free, unassigned, .. } = taic.places();
        let mut queues = [None; CONTEXTS];
        for queue in others.queues() {
            let page = taic.own_page(queue).expect(THERE);
            queues[usize::from(queue.context)] = Some((page.length(), page.take_errors()));
        }
        Self {
            attacker,
            contexts: core::array::from_fn(|it| taic.context(it as u8).expect(THERE)),
            occupancy,
            queues,
            channels: core::array::from_fn(|it| {
                let number = it as u16;
                (taic.channel(number).expect(THERE), taic.channel_task(number).expect(THERE))
            }),
            grants: core::array::from_fn(|it| taic.grants(it).expect(THERE)),
            device: Device {
                installed: core::array::from_fn(|it| taic.installed(it as u16).expect(THERE)),
                places: free + occupancy[usize::from(attacker)].tasks,
                unassigned,
                undelivered: taic.undelivered(),
                refused: taic.refused(),
            },
        }
    }

    /// Whether the attacker changed only what it had a right to. Prints what else has changed.
    pub fn is_as(&self, before: &Self, scenario: Scenario) -> bool {
        let mut sound = same("device", 0, &self.device, &before.device);
        for context in 0..CONTEXTS {
            let [now, then] = [self, before].map(|it| &it.contexts[context]);
            sound &= same("context", context, now, then);
            if context != usize::from(self.attacker) {
                let [now, then] = [self, before].map(|it| &it.occupancy[context]);
                sound &= same("tasks of context", context, now, then);
                let [now, then] = [self, before].map(|it| &it.queues[context]);
                sound &= same("queue of context", context, now, then);
                sound &= now.is_none_or(|(_, errors)| errors.is_empty());
            }
        }
        for line in 0..LINES {
            sound &= same("grants of line", line, &self.grants[line], &before.grants[line]);
        }
        for number in 0..CHANNEL_COUNT {
            let (now, mut then) = (self.channels[number], before.channels[number]);
            match number as u16 {
                TO_FRIEND => then.0.pending |= now.0.channel.is_some(),
                // The attacker may arm it with any task.
                FROM_VICTIM if now.0.channel.is_some() => {
                    then = (ChannelState { armed: now.0.armed, ..then.0 }, now.1);
                }
                _ => (),
            }
            sound &= same("channel", number, &now, &then);
        }
        if !sound {
            println!("      after {scenario:?}");
        }
        sound
    }
}

fn same<T: PartialEq + Debug>(what: &str, number: usize, now: &T, then: &T) -> bool {
    if now != then {
        println!("      {what} {number}: {now:x?}, not {then:x?}");
    }
    now == then
}
