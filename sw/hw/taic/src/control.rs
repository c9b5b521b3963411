//! The kernel's side: the control page, channels, and its own page of each queue.

use crate::{
    Capabilities, Channel, ChannelState, Context, LocalQueue, Occupancy, Places, Refused, TaskId,
    window::{Window, field},
};
use core::fmt;
use soc::{taic, taic_channel, taic_control as register};

/// A local queue of a context.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueIndex {
    pub context: u8,
    pub queue: u8,
}

impl QueueIndex {
    /// As allocation gives it.
    const fn decode(word: u64) -> Option<Self> {
        if word == u64::MAX {
            return None;
        }
        Some(Self { context: (word >> 32) as u8, queue: word as u8 })
    }

    const fn encode(self) -> u64 {
        (self.context as u64) << 32 | self.queue as u64
    }
}

/// Why the device did not do what it was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// No context or no queue is free.
    NoneFree,
    /// The limit is beyond what is unassigned.
    Limit { unassigned: u16 },
    /// The task of the channel is in a queue.
    Queued,
    /// There is no such context, queue, channel, line or hart.
    NoSuch(&'static str),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::NoneFree => write!(f, "no context or no queue is free"),
            Self::Limit { unassigned } => write!(f, "more tasks than the {unassigned} unassigned"),
            Self::Queued => write!(f, "the channel's task is in a queue"),
            Self::NoSuch(what) => write!(f, "no such {what}"),
        }
    }
}

impl core::error::Error for Error {}

/// The device.
#[derive(Clone, Copy, Debug)]
pub struct Taic {
    window: Window,
    capabilities: Capabilities,
}

impl Taic {
    /// The device with its registers from `base` on; `None` if there is no TAIC.
    ///
    /// # Safety
    /// They must be mapped there, for as long as this or a copy of it is used.
    pub unsafe fn at(base: usize) -> Option<Self> {
        // SAFETY: by the caller.
        let window = unsafe { Window::new(base) };
        let [id, word] = [register::ID, register::CAPABILITIES].map(|offset| window.read(offset));
        Some(Self { window, capabilities: Capabilities::decode(id, word)? })
    }

    /// How much of everything there is.
    pub fn capabilities(self) -> Capabilities {
        self.capabilities
    }

    /// A further local queue for a context, which is made if its owner has none. A process 0 is a
    /// kernel, interrupted in S-mode. Not to be interleaved with another allocation by this hart.
    pub fn allocate(self, os: u64, process: u64) -> Result<QueueIndex, Error> {
        self.window.write(register::ALLOCATE, os);
        self.window.write(register::ALLOCATE, process);
        QueueIndex::decode(self.window.read(register::ALLOCATE)).ok_or(Error::NoneFree)
    }

    /// Frees a queue. Its tasks move to another of the context, which ends with the last one.
    pub fn free(self, queue: QueueIndex) {
        self.window.write(register::FREE, queue.encode());
    }

    /// Offset of the page of a queue, which its process may be given.
    pub fn page(self, queue: QueueIndex) -> Result<usize, Error> {
        Ok(taic::QUEUE + taic::QUEUE_STRIDE * self.number(queue)?)
    }

    /// The queue through the kernel's own page, which permits everything.
    pub fn own_page(self, queue: QueueIndex) -> Result<LocalQueue, Error> {
        let offset = taic::ALIAS + taic::ALIAS_STRIDE * self.number(queue)?;
        Ok(LocalQueue { page: self.window.at(offset) })
    }

    /// Number of a queue among those of all contexts.
    fn number(self, queue: QueueIndex) -> Result<usize, Error> {
        check("context", queue.context.into(), self.capabilities.contexts.into())?;
        check("queue", queue.queue.into(), self.capabilities.queues.into())?;
        let queues = usize::from(self.capabilities.queues);
        Ok(usize::from(queue.context) * queues + usize::from(queue.queue))
    }

    pub fn context(self, context: u8) -> Result<Context, Error> {
        Ok(Context::decode(self.window.read(self.of_context(register::CONTEXT, context)?)))
    }

    /// Says what a context may.
    pub fn set_context(self, context: u8, may: Context) -> Result<(), Error> {
        let offset = self.of_context(register::CONTEXT, context)?;
        self.window.write(offset, may.encode());
        if Context::decode(self.window.read(offset)).limit == may.limit {
            return Ok(());
        }
        Err(Error::Limit { unassigned: self.places().unassigned })
    }

    pub fn occupancy(self, context: u8) -> Result<Occupancy, Error> {
        let offset = self.of_context(register::OCCUPANCY, context)?;
        Ok(Occupancy::decode(self.window.read(offset)))
    }

    /// Lets the high water mark begin with what is there now.
    pub fn reset_high_water(self, context: u8) -> Result<(), Error> {
        self.window.write(self.of_context(register::OCCUPANCY, context)?, 0);
        Ok(())
    }

    pub fn places(self) -> Places {
        Places::decode(self.window.read(register::PLACES))
    }

    /// Says who may notify whom through a channel, which is disarmed by it. Refused while its task
    /// is in a queue.
    pub fn set_channel(self, number: u16, channel: Option<Channel>) -> Result<(), Error> {
        let record = self.record(number)?;
        if ChannelState::decode(record.read(taic_channel::CONFIG)).queued {
            return Err(Error::Queued);
        }
        record.write(taic_channel::CONFIG, channel.map_or(0, Channel::encode));
        match ChannelState::decode(record.read(taic_channel::CONFIG)).channel == channel {
            true => Ok(()),
            false => Err(Error::Queued),
        }
    }

    pub fn channel(self, number: u16) -> Result<ChannelState, Error> {
        Ok(ChannelState::decode(self.record(number)?.read(taic_channel::CONFIG)))
    }

    /// The task that was armed last.
    pub fn channel_task(self, number: u16) -> Result<Option<TaskId>, Error> {
        Ok(TaskId::from_bits(self.record(number)?.read(taic_channel::TASK)))
    }

    fn record(self, number: u16) -> Result<Window, Error> {
        check("channel", number.into(), self.capabilities.channels.into())?;
        Ok(self.window.at(taic::CHANNEL + taic::CHANNEL_STRIDE * usize::from(number)))
    }

    /// Says which queue's worker runs on a hart.
    pub fn install(self, hart: u16, queue: Option<QueueIndex>) -> Result<(), Error> {
        let word = match queue {
            Some(queue) => register::INSTALLED_VALID as u64 | self.number(queue)? as u64,
            None => 0,
        };
        check("hart", hart.into(), register::INSTALLED_COUNT)?;
        let offset = register::INSTALLED + usize::from(hart) * register::INSTALLED_STRIDE;
        self.window.write(offset, word);
        Ok(())
    }

    pub fn installed(self, hart: u16) -> Result<Option<QueueIndex>, Error> {
        check("hart", hart.into(), register::INSTALLED_COUNT)?;
        let offset = register::INSTALLED + usize::from(hart) * register::INSTALLED_STRIDE;
        let word = self.window.read(offset);
        let number = field(word, register::INSTALLED_INDEX);
        let queues = u64::from(self.capabilities.queues);
        let queue = QueueIndex { context: (number / queues) as u8, queue: (number % queues) as u8 };
        Ok((field(word, register::INSTALLED_VALID) != 0).then_some(queue))
    }

    /// The contexts that may register for a line, a bit for each.
    pub fn grants(self, line: usize) -> Result<u64, Error> {
        Ok(self.window.read(self.of_line(register::GRANT, register::GRANT_STRIDE, line)?))
    }

    pub fn set_grants(self, line: usize, contexts: u64) -> Result<(), Error> {
        let offset = self.of_line(register::GRANT, register::GRANT_STRIDE, line)?;
        self.window.write(offset, contexts);
        Ok(())
    }

    /// As if the line had risen.
    pub fn simulate_interrupt(self, line: usize) -> Result<(), Error> {
        let offset = self.of_line(register::SIMULATE, register::SIMULATE_STRIDE, line)?;
        self.window.write(offset, 0);
        Ok(())
    }

    /// Contexts, a bit for each, with a preempting task that no hart could be interrupted for.
    pub fn undelivered(self) -> u64 {
        self.window.read(register::UNDELIVERED)
    }

    /// Takes those of `contexts` for dealt with.
    pub fn clear_undelivered(self, contexts: u64) {
        self.window.write(register::UNDELIVERED, contexts);
    }

    /// Whether contexts made from now on are not permitted the compatible registrations.
    pub fn set_strict(self, strict: bool) {
        self.window.write(register::MODE, strict.into());
    }

    /// What of the kernel's accesses was refused last.
    pub fn refused(self) -> Option<Refused> {
        Refused::decode(self.window.read(register::REFUSED))
    }

    pub fn forget_refused(self) {
        self.window.write(register::REFUSED, 0);
    }

    fn of_context(self, register: usize, context: u8) -> Result<usize, Error> {
        check("context", context.into(), self.capabilities.contexts.into())?;
        Ok(register + usize::from(context) * register::CONTEXT_STRIDE)
    }

    fn of_line(self, register: usize, stride: usize, line: usize) -> Result<usize, Error> {
        check("line", line, self.capabilities.lines.into())?;
        Ok(register + line * stride)
    }
}

fn check(what: &'static str, number: usize, count: usize) -> Result<(), Error> {
    if number < count { Ok(()) } else { Err(Error::NoSuch(what)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Policy, Reason, window::tests::Memory};

    const QUEUE: QueueIndex = QueueIndex { context: 15, queue: 7 };

    fn device(memory: &Memory) -> Taic {
        memory.set(0x900, 0x5441_0000_0000_0001);
        memory.set(0x908, 0x0820_0100_0400_0810);
        // SAFETY: as long as the memory.
        unsafe { Taic::at(memory.address()) }.expect("the ID is there")
    }

    #[test]
    fn the_control_page_is_where_the_map_says() {
        let memory = Memory::new(0x1_0000);
        // SAFETY: as long as the memory.
        assert!(unsafe { Taic::at(memory.address()) }.is_none());
        let taic = device(&memory);
        // What was written last is read.
        assert_eq!(taic.allocate(1, 0x3_0000_0002), Ok(QueueIndex { context: 3, queue: 2 }));
        assert_eq!(taic.allocate(1, u64::MAX), Err(Error::NoneFree));
        taic.free(QUEUE);
        assert_eq!(memory.word(0x08), 0xf_0000_0007);
        assert_eq!(taic.simulate_interrupt(31), Ok(()));
        assert_eq!(taic.simulate_interrupt(32), Err(Error::NoSuch("line")));
        taic.set_strict(true);
        assert_eq!(memory.word(0x918), 1);
        memory.set(0x920, 0x0100_0090_00a0);
        let places = Places { free: 0xa0, lowest: 0x90, unassigned: 0x100 };
        assert_eq!(taic.places(), places);
        taic.clear_undelivered(0x8000);
        assert_eq!(taic.undelivered(), 0x8000);
        let context = Context { priorities: true, compatible: true, fallback: 1, limit: 16 };
        assert_eq!(taic.set_context(15, context), Ok(()));
        assert_eq!((memory.word(0x9f8), taic.context(15)), (0x10_0103, Ok(context)));
        assert_eq!(taic.context(16), Err(Error::NoSuch("context")));
        assert_eq!(taic.install(1, Some(QUEUE)), Ok(()));
        assert_eq!((memory.word(0xa08), taic.installed(1)), (1 << 63 | 127, Ok(Some(QUEUE))));
        assert_eq!(taic.install(1, None), Ok(()));
        assert_eq!(taic.installed(1), Ok(None));
        assert_eq!(taic.set_grants(31, 5), Ok(()));
        assert_eq!((memory.word(0xcf8), taic.grants(31)), (5, Ok(5)));
        memory.set(0xe08, 0x4_0002);
        assert_eq!(taic.occupancy(1), Ok(Occupancy { tasks: 2, high_water: 4 }));
        memory.set(0x910, 0x0000_0988_0002_0013);
        assert_eq!(taic.refused().map(|refused| refused.reason), Some(Reason::Limit));
        taic.forget_refused();
        assert_eq!(taic.refused(), None);
    }

    #[test]
    fn pages_and_records_are_where_the_map_says() {
        let memory = Memory::new(0x88_1000);
        let taic = device(&memory);
        assert_eq!(taic.page(QUEUE), Ok(0x8_0000));
        assert_eq!(taic.page(QueueIndex { queue: 8, ..QUEUE }), Err(Error::NoSuch("queue")));
        taic.own_page(QUEUE).expect("a queue").enqueue(TaskId::from_bits(4).expect("not 0"));
        assert_eq!(memory.word(0x88_0000), 4);
        let channel = Channel { sender: 1, receiver: 2, policy: Policy::LeastLoaded };
        assert_eq!(taic.set_channel(255, Some(channel)), Ok(()));
        assert_eq!(memory.word(0x40_3fc0), channel.encode());
        memory.set(0x40_3fc0, channel.encode() | 1 << 34);
        assert!(taic.channel(255).is_ok_and(|state| state.queued));
        assert_eq!(taic.set_channel(255, None), Err(Error::Queued));
        assert_eq!(taic.channel_task(255), Ok(None));
        assert_eq!(taic.channel(256), Err(Error::NoSuch("channel")));
    }
}
