//! Channels of TAIC: a thread of one context wakes a task of another, and the kernel does not run.
//!
//! A channel is made from a capability of the receiver's notification. It lives as long as that
//! capability, as the receiver has this notification, and as both contexts. Its number is not used again
//! before the device has cleared its record: while its task is in a queue of the receiver, the device
//! keeps it.

use crate::{
    Failure, Kernel, Kind, Slot,
    invocation::Invocation,
    machine::Machine,
    object::{Notification, TaskContext},
};
use abi::{
    Rights,
    task_context::{CHANNELS, LEAST_LOADED, TASK_MAX},
};
use taic::{Arming, Channel, Policy, TaskId};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    Free,
    Open,
    /// Nobody has it, and the device has not let go of it.
    Closing,
    /// The same, and its sender's context ended: the device has disabled it (TAIC-3.6).
    Disabled,
}

/// What the kernel knows of a channel.
#[derive(Clone, Copy)]
struct Record {
    state: State,
    sender: u8,
    receiver: u8,
    /// Slot of the capability from which it was made.
    origin: usize,
}

/// All channels.
pub(crate) struct Channels {
    /// Channels of the machine.
    count: usize,
    closing: usize,
    records: [Record; CHANNELS],
}

impl Channels {
    pub const fn new() -> Self {
        let free = Record { state: State::Free, sender: 0, receiver: 0, origin: 0 };
        Self { count: 0, closing: 0, records: [free; CHANNELS] }
    }

    pub fn set_up(&mut self, channels: u16) {
        self.count = usize::from(channels).min(CHANNELS);
    }

    /// Slot of the capability and receiver of each open channel.
    #[cfg(any(test, feature = "checks"))]
    pub fn open(&self) -> impl Iterator<Item = (usize, usize)> {
        let open = self.records.iter().filter(|record| record.state == State::Open);
        open.map(|record| (record.origin, record.receiver.into()))
    }

    /// The first channel from a number on that is as wanted.
    fn find(&self, from: usize, mut wanted: impl FnMut(&Record) -> bool) -> Option<usize> {
        (from..self.count).find(|number| wanted(&self.records[*number]))
    }
}

impl<M: Machine> Kernel<M> {
    /// Lets a context, capability 0, notify the context that has the notification. The channel is
    /// armed with the badge, as a task, unless that is 0. Answers with its number.
    pub(crate) fn connect(&mut self, call: &Invocation) -> Result<(), Failure> {
        let sender = call.extra(0)?.cap(self);
        if !sender.is(Kind::TaskContext) {
            return Err(Failure::InvalidCapability(1));
        }
        if !call.cap.rights().contains(Rights::WRITE) {
            return Err(Failure::InvalidCapability(0));
        }
        let receiver =
            self.context_of(Notification(call.cap.pointer())).ok_or(Failure::IllegalOperation)?;
        let sender = self.number_of(TaskContext(sender.pointer()))? as u8;
        let target = self.number_of(receiver)?;
        let task = TaskId::from_bits(call.cap.badge() as u64);
        if task.is_some_and(|task| Arming::new(0, task).is_none()) {
            return Err(Failure::RangeError(0, TASK_MAX));
        }
        let record =
            Record { state: State::Open, sender, receiver: target as u8, origin: call.slot.0 };
        let same = |other: &Record| {
            other.state == State::Open && other.origin == record.origin && other.sender == sender
        };
        if let Some(number) = self.tasks.channels.find(0, same) {
            self.finish_with(call, &[number]);
            return Ok(());
        }
        let number = self.free_channel().ok_or(Failure::NotEnoughMemory(0))?;
        let policy = match receiver.wake_queue(self) {
            LEAST_LOADED => Policy::LeastLoaded,
            queue => Policy::Fixed(queue as u8),
        };
        let channel = Channel { sender, receiver: target as u8, policy };
        if !self.machine.set_channel(number as u16, Some(channel)) {
            return Err(Failure::NotEnoughMemory(0));
        }
        self.begin(call);
        self.tasks.channels.records[number] = record;
        call.slot.set_sending(self);
        if let (Some(task), Some(queue)) = (task, self.some_queue(target)) {
            self.machine.arm_channel(queue, number as u16, Some(task));
        }
        self.finish_with(call, &[number]);
        Ok(())
    }

    fn free_channel(&mut self) -> Option<usize> {
        let is_free = |record: &Record| record.state == State::Free;
        self.tasks.channels.find(0, is_free).or_else(|| {
            self.retry_closing();
            self.tasks.channels.find(0, is_free)
        })
    }

    /// Words: badge, and the first number that counts. Answers with the number of a channel to the
    /// context that was made from a capability with this badge.
    pub(crate) fn find_channel(
        &mut self,
        call: &Invocation,
        context: TaskContext,
    ) -> Result<(), Failure> {
        let [badge, from] = self.arguments(call)?;
        let receiver = self.number_of(context)?;
        let number = self.tasks.channels.find(from, |record| {
            record.state == State::Open
                && usize::from(record.receiver) == receiver
                && Slot(record.origin).cap(&self.machine).badge() == badge
        });
        let number = number.ok_or(Failure::InvalidArgument(0))?;
        self.begin(call);
        self.finish_with(call, &[number]);
        Ok(())
    }

    /// Closes the open channels that are as wanted.
    fn close(&mut self, wanted: impl Fn(&Record) -> bool) {
        let open = |record: &Record| record.state == State::Open && wanted(record);
        let mut from = 0;
        while let Some(number) = self.tasks.channels.find(from, open) {
            self.tasks.channels.records[number].state = State::Closing;
            self.tasks.channels.closing += 1;
            self.try_to_close(number);
            from = number + 1;
        }
    }

    /// The capability in a slot is gone.
    pub(crate) fn close_channels_of(&mut self, slot: Slot) {
        self.close(|record| record.origin == slot.0);
    }

    /// A context ends, whose channels the device disables. To disarm one afterwards would be an
    /// error that the receiver sees, and the sender's number may soon be another context's.
    pub(crate) fn close_channels_from(&mut self, sender: u8) {
        self.close(|record| record.sender == sender);
        for record in &mut self.tasks.channels.records {
            if record.state == State::Closing && record.sender == sender {
                record.state = State::Disabled;
            }
        }
    }

    pub(crate) fn close_channels_to(&mut self, receiver: u8) {
        self.close(|record| record.receiver == receiver);
    }

    /// The capabilities of two slots changed places.
    pub(crate) fn exchange_channels(&mut self, first: Slot, second: Slot) {
        for record in &mut self.tasks.channels.records {
            if record.origin == first.0 {
                record.origin = second.0;
            } else if record.origin == second.0 {
                record.origin = first.0;
            }
        }
    }

    fn try_to_close(&mut self, number: usize) {
        let record = self.tasks.channels.records[number];
        if self.machine.set_channel(number as u16, None) {
            self.tasks.channels.records[number].state = State::Free;
            self.tasks.channels.closing -= 1;
        } else if record.state == State::Closing
            && let Some(queue) = self.some_queue(record.receiver.into())
        {
            // It wakes no more, unless the receiver arms it again.
            self.machine.arm_channel(queue, number as u16, None);
        }
    }

    /// Closes what could not be closed before.
    #[inline]
    pub(crate) fn retry_closing(&mut self) {
        if self.tasks.channels.closing != 0 {
            for number in 0..self.tasks.channels.count {
                let state = self.tasks.channels.records[number].state;
                if matches!(state, State::Closing | State::Disabled) {
                    self.try_to_close(number);
                }
            }
        }
    }
}
