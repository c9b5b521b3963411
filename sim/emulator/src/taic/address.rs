//! The address map of the window.

use super::config::TaicConfig;

pub const WINDOW_BYTES: u64 = 0x100_0000;

const PAGE_BYTES: u64 = 0x1000;
const CHANNELS: u64 = 0x40_0000;
const CHANNEL_BYTES: u64 = 64;
const ALIASES: u64 = 0x80_0000;

/// What an offset names (TAIC-2.1). `register` is the offset within, rounded down to 8 bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Place {
    Control { register: u64 },
    Page(Page, u64),
    Channel { channel: usize, register: u64 },
    Nothing,
}

/// The page of a queue, or the kernel's alias of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Page {
    pub context: usize,
    pub queue: usize,
    pub alias: bool,
}

/// Finds what the offset of an access names.
pub fn place(offset: u64, config: &TaicConfig) -> Place {
    let register = offset & (PAGE_BYTES - 1) & !7;
    let (alias, within) = (offset >= ALIASES, offset % ALIASES);
    if within < CHANNELS {
        return match (within / PAGE_BYTES).checked_sub(1) {
            Some(index) if index < config.pages() as u64 => {
                let (context, queue) =
                    (index as usize / config.queues, index as usize % config.queues);
                Place::Page(Page { context, queue, alias }, register)
            }
            None if !alias => Place::Control { register },
            _ => Place::Nothing,
        };
    }
    let channel = ((within - CHANNELS) / CHANNEL_BYTES) as usize;
    if !alias && channel < config.channels {
        Place::Channel { channel, register: (within % CHANNEL_BYTES) & !7 }
    } else {
        Place::Nothing
    }
}

/// The element of an array of registers of 8 bytes that begins at `first`.
pub fn element(register: u64, first: u64, count: usize) -> Option<usize> {
    let element = (register.checked_sub(first)? / 8) as usize;
    (element < count).then_some(element)
}
