//! Published notifications: who may notify whom, by names of owners.

use super::Taic;
use super::context::Owner;
use super::preemption::QueueId;
use super::record::{Record, RecordId};
use super::refusals::Error;
use super::task::Task;

/// The other side of a registration: its os id and word P (TAIC-8.1).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Key {
    pub os: u64,
    pub word: u64,
}

const CHANNEL_BITS: u32 = 32;

impl Key {
    fn process(self) -> u64 {
        self.word >> CHANNEL_BITS
    }

    fn channel(self) -> u64 {
        self.word & ((1 << CHANNEL_BITS) - 1)
    }

    fn of(owner: Owner, channel: u64) -> Self {
        Self { os: owner.os, word: owner.process << CHANNEL_BITS | channel }
    }
}

/// A slot of a receiver: the sender that it waits for.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Receiver {
    key: Option<Key>,
    pub record: Record,
}

/// The slots of one context (TAIC-8.7).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Published {
    senders: Vec<Option<Key>>,
    pub receivers: Vec<Receiver>,
}

impl Published {
    pub fn new(slots: usize) -> Self {
        Self { senders: vec![None; slots], receivers: vec![Receiver::default(); slots] }
    }

    /// The slots of senders: os id and word P of those that may be notified.
    pub fn permitted(&self) -> Vec<Option<(u64, u64)>> {
        self.senders.iter().map(|slot| slot.map(|key| (key.os, key.word))).collect()
    }

    /// The sender that a slot waits for.
    pub fn expected(&self, slot: usize) -> Option<(u64, u64)> {
        self.receivers[slot].key.map(|key| (key.os, key.word))
    }

    fn permits(&self, key: Key) -> bool {
        self.senders.contains(&Some(key))
    }

    /// Gives the permission to notify; false without a free slot.
    fn permit(&mut self, key: Key) -> bool {
        if self.permits(key) {
            return true;
        }
        let free = self.senders.iter_mut().find(|slot| slot.is_none());
        free.map(|slot| *slot = Some(key)).is_some()
    }

    fn forbid(&mut self, key: Key) {
        self.senders.iter_mut().filter(|slot| **slot == Some(key)).for_each(|slot| *slot = None);
    }

    /// The slot of a sender; else a free one, or the lowest idle one, which becomes its slot.
    fn slot(&mut self, key: Key) -> Option<usize> {
        let slots = &mut self.receivers;
        if let Some(slot) = slots.iter().position(|slot| slot.key == Some(key)) {
            return Some(slot);
        }
        let slot = slots
            .iter()
            .position(|slot| slot.key.is_none())
            .or_else(|| slots.iter().position(|slot| slot.record.is_idle()))?;
        slots[slot] = Receiver { key: Some(key), record: Record::default() };
        Some(slot)
    }
}

/// The registers that take several words (TAIC-8.2).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Operation {
    RegisterSender,
    CancelSender,
    RegisterReceiver,
    Send,
}

impl Operation {
    fn words(self) -> usize {
        if self == Self::RegisterReceiver { 3 } else { 2 }
    }
}

/// What a port has written of a sequence, and where.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sequence {
    pub operation: Operation,
    /// The page of this queue, or its alias (TAIC-8.2).
    pub page: QueueId,
    pub words: Vec<u64>,
}

impl Taic {
    /// Takes one word of a sequence. The last one performs the operation.
    pub(super) fn word(&mut self, port: usize, operation: Operation, page: QueueId, word: u64) {
        let sequence = &mut self.ports[port].published;
        let same =
            sequence.as_ref().is_some_and(|now| (now.operation, now.page) == (operation, page));
        if !same {
            *sequence = Some(Sequence { operation, page, words: Vec::new() });
        }
        let Some(now) = sequence else { return };
        now.words.push(word);
        if now.words.len() < operation.words() {
            return;
        }
        let words = std::mem::take(&mut now.words);
        *sequence = None;
        let QueueId { context, queue } = page;
        if let Err(error) = self.perform(context, operation, &words) {
            self.error(context, queue, error);
        }
    }

    fn perform(
        &mut self,
        context: usize,
        operation: Operation,
        words: &[u64],
    ) -> Result<(), Error> {
        let owner = self.contexts[context].owner.ok_or(Error::NoOwner)?;
        let key = Key { os: words[0], word: words[1] };
        let published = &mut self.contexts[context].published;
        match operation {
            Operation::RegisterSender => {
                if published.permit(key) {
                    Ok(())
                } else {
                    Err(Error::Full)
                }
            }
            Operation::CancelSender => {
                published.forbid(key);
                Ok(())
            }
            Operation::RegisterReceiver => {
                let slot = published.slot(key).ok_or(Error::Full)?;
                let id = RecordId::Receiver { context, slot };
                self.arm(id, 0, Task(words[2]), false);
                Ok(())
            }
            Operation::Send => self.notify_owner(context, owner, key),
        }
    }

    /// The context that may notify a slot, with os id and word P that it names.
    pub(super) fn notifier(&self, context: usize, slot: usize) -> Option<(usize, u64, u64)> {
        let receiver = self.contexts[context].owner?;
        let key = self.contexts[context].published.receivers[slot].key?;
        let sender = self.context_of(Owner { os: key.os, process: key.process() })?;
        let name = Key::of(receiver, key.channel());
        self.contexts[sender].published.permits(name).then_some((sender, name.os, name.word))
    }

    /// SEND_INTR (TAIC-8.5).
    fn notify_owner(&mut self, context: usize, own: Owner, key: Key) -> Result<(), Error> {
        if !self.contexts[context].published.permits(key) {
            return Err(Error::NoSend);
        }
        let receiver = Owner { os: key.os, process: key.process() };
        let there = self.context_of(receiver).ok_or(Error::NoReceive)?;
        if own.process >> CHANNEL_BITS != 0 {
            return Err(Error::NoSend);
        }
        let published = &mut self.contexts[there].published;
        let slot = published.slot(Key::of(own, key.channel())).ok_or(Error::NoReceive)?;
        self.notify(RecordId::Receiver { context: there, slot });
        Ok(())
    }
}
