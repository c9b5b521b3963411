//! Messages: the word that describes one, and the IPC buffer.

/// Words of a message that travel in registers: `a2` to `a5`.
pub const REGISTERS: usize = 4;
/// Most words of a message.
pub const MAX_LENGTH: usize = 120;
/// Most capabilities of a message.
pub const MAX_EXTRA_CAPS: usize = 3;

/// Label, capabilities and length of a message.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct MessageInfo(pub usize);

impl MessageInfo {
    /// A message of `length` words that carries `extra_caps` capabilities.
    pub const fn new(
        label: usize,
        caps_unwrapped: usize,
        extra_caps: usize,
        length: usize,
    ) -> Self {
        Self(label << 12 | (caps_unwrapped & 7) << 9 | (extra_caps & 3) << 7 | length & 0x7f)
    }

    pub const fn label(self) -> usize {
        self.0 >> 12
    }

    /// Bit n: capability n arrived as the badge of the endpoint that the message went through.
    pub const fn caps_unwrapped(self) -> usize {
        self.0 >> 9 & 7
    }

    pub const fn extra_caps(self) -> usize {
        self.0 >> 7 & 3
    }

    pub const fn length(self) -> usize {
        self.0 & 0x7f
    }
}

/// The IPC buffer of a thread, which lies at an address that is a multiple of its size.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(1024))]
pub struct IpcBuffer {
    pub tag: usize,
    pub words: [usize; MAX_LENGTH],
    /// Not read by the kernel.
    pub user_data: usize,
    /// Sent: capability pointers. Received: badges of those that were unwrapped.
    pub caps_or_badges: [usize; MAX_EXTRA_CAPS],
    /// Where a received capability goes: a CNode, and a slot in it.
    pub receive_cnode: usize,
    pub receive_index: usize,
    pub receive_depth: usize,
}

/// Places in an IPC buffer, in words.
pub mod place {
    use super::{MAX_EXTRA_CAPS, MAX_LENGTH};

    /// The first word of the message.
    pub const WORDS: usize = 1;
    pub const USER_DATA: usize = WORDS + MAX_LENGTH;
    pub const CAPS_OR_BADGES: usize = USER_DATA + 1;
    pub const RECEIVE_CNODE: usize = CAPS_OR_BADGES + MAX_EXTRA_CAPS;
    pub const RECEIVE_INDEX: usize = RECEIVE_CNODE + 1;
    pub const RECEIVE_DEPTH: usize = RECEIVE_INDEX + 1;
}

const _: () = {
    assert!(size_of::<IpcBuffer>() == 1 << crate::object::IPC_BUFFER_BITS);
    assert!(core::mem::offset_of!(IpcBuffer, words) == 8 * place::WORDS);
    assert!(core::mem::offset_of!(IpcBuffer, caps_or_badges) == 8 * place::CAPS_OR_BADGES);
    assert!(core::mem::offset_of!(IpcBuffer, receive_depth) == 8 * place::RECEIVE_DEPTH);
};

#[cfg(test)]
mod tests {
    use super::MessageInfo;

    #[test]
    fn fields_do_not_overlap() {
        let info = MessageInfo::new(5, 7, 3, 120);
        let fields = (info.label(), info.caps_unwrapped(), info.extra_caps(), info.length());
        assert_eq!(fields, (5, 7, 3, 120));
        assert_eq!(info.0, 5 << 12 | 7 << 9 | 3 << 7 | 120);
    }
}
