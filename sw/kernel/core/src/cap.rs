//! Capabilities: two words.
//!
//! Word 0 has the kind in bits 0 to 4, properties of the kind in bits 5 to 24, and the address of the
//! object in bits 25 to 63; addresses of the window have the same value in bits 38 to 63. Word 1
//! depends on the kind.

use abi::{
    Rights,
    object::{
        ASID_POOL_BITS, ENDPOINT_BITS, GIGA_PAGE_BITS, MEGA_PAGE_BITS, NOTIFICATION_BITS,
        PAGE_BITS, PAGE_TABLE_BITS, SLOT_BITS, TASK_CONTEXT_BITS, TCB_BITS,
    },
};

/// Kinds, with the numbers that DebugCapIdentify gives.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(usize)]
pub enum Kind {
    Null = 0,
    Frame = 1,
    Untyped = 2,
    PageTable = 3,
    Endpoint = 4,
    Notification = 6,
    Reply = 8,
    CNode = 10,
    AsidControl = 11,
    Thread = 12,
    AsidPool = 13,
    IrqControl = 14,
    IrqHandler = 16,
    Zombie = 18,
    Domain = 20,
    TaskContext = 26,
}

const KIND_MASK: usize = 31;
const PROPERTIES: u32 = 5;
const POINTER: u32 = 25;

/// A capability.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Cap {
    pub words: [usize; 2],
}

/// What users may do with a frame.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FrameRights {
    None = 1,
    Read = 2,
    ReadWrite = 3,
}

/// Where a frame or page table is mapped.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Mapping {
    /// 0: nowhere.
    pub asid: usize,
    pub vaddr: usize,
}

impl Mapping {
    pub const NONE: Self = Self { asid: 0, vaddr: 0 };
    const ASID_MASK: usize = 0xffff;

    pub(crate) const fn word(self) -> usize {
        self.vaddr << 4 & !Self::ASID_MASK | self.asid
    }

    pub(crate) const fn of(word: usize) -> Self {
        Self { asid: word & Self::ASID_MASK, vaddr: (word & !Self::ASID_MASK) >> 4 }
    }
}

impl Cap {
    pub const NULL: Self = Self { words: [0, 0] };

    const fn new(kind: Kind, pointer: usize, properties: usize, word: usize) -> Self {
        Self { words: [pointer << POINTER | properties << PROPERTIES | kind as usize, word] }
    }

    /// Untyped memory of `1 << bits` bytes, of which the first `used` hold objects.
    pub const fn untyped(pointer: usize, bits: usize, device: bool, used: usize) -> Self {
        Self::new(Kind::Untyped, pointer, bits | (device as usize) << 6, used)
    }

    pub const fn endpoint(pointer: usize, rights: Rights, badge: usize) -> Self {
        Self::new(Kind::Endpoint, pointer, rights.0 & 15, badge)
    }

    pub const fn notification(pointer: usize, rights: Rights, badge: usize) -> Self {
        Self::new(Kind::Notification, pointer, rights.0 & 3, badge)
    }

    /// The right to reply to a thread. The master is where the others are derived from.
    pub const fn reply(thread: usize, master: bool, grant: bool) -> Self {
        Self::new(Kind::Reply, thread, master as usize | (grant as usize) << 1, 0)
    }

    pub const fn cnode(pointer: usize, radix: usize, guard: usize, guard_bits: usize) -> Self {
        Self::new(Kind::CNode, pointer, radix | guard_bits << 6, guard)
    }

    pub const fn thread(pointer: usize) -> Self {
        Self::new(Kind::Thread, pointer, 0, 0)
    }

    pub const IRQ_CONTROL: Self = Self::new(Kind::IrqControl, 0, 0, 0);
    pub const ASID_CONTROL: Self = Self::new(Kind::AsidControl, 0, 0, 0);
    pub const DOMAIN: Self = Self::new(Kind::Domain, 0, 0, 0);

    pub const fn irq_handler(irq: usize) -> Self {
        Self::new(Kind::IrqHandler, 0, 0, irq)
    }

    /// What remains of a CNode or thread while its slots are emptied: `count` of them are left.
    pub const fn zombie(slots: usize, radix: usize, of_thread: bool, count: usize) -> Self {
        Self::new(Kind::Zombie, slots, radix | (of_thread as usize) << 6, count)
    }

    /// A frame. `size` is 0 for 4 KiB, 1 for 2 MiB, 2 for 1 GiB.
    pub const fn frame(
        pointer: usize,
        size: usize,
        rights: FrameRights,
        device: bool,
        mapping: Mapping,
    ) -> Self {
        let properties = size | (rights as usize) << 2 | (device as usize) << 4;
        Self::new(Kind::Frame, pointer, properties, mapping.word())
    }

    pub const fn page_table(pointer: usize, mapped: bool, mapping: Mapping) -> Self {
        Self::new(Kind::PageTable, pointer, mapped as usize, mapping.word())
    }

    pub const fn task_context(pointer: usize) -> Self {
        Self::new(Kind::TaskContext, pointer, 0, 0)
    }

    pub const fn asid_pool(pointer: usize, base: usize) -> Self {
        Self::new(Kind::AsidPool, pointer, 0, base)
    }

    #[inline]
    pub const fn is(self, kind: Kind) -> bool {
        self.words[0] & KIND_MASK == kind as usize
    }

    #[inline]
    pub const fn kind(self) -> Kind {
        match self.words[0] & KIND_MASK {
            1 => Kind::Frame,
            2 => Kind::Untyped,
            3 => Kind::PageTable,
            4 => Kind::Endpoint,
            6 => Kind::Notification,
            8 => Kind::Reply,
            10 => Kind::CNode,
            11 => Kind::AsidControl,
            12 => Kind::Thread,
            13 => Kind::AsidPool,
            14 => Kind::IrqControl,
            16 => Kind::IrqHandler,
            18 => Kind::Zombie,
            20 => Kind::Domain,
            26 => Kind::TaskContext,
            _ => Kind::Null,
        }
    }

    #[inline]
    pub const fn is_null(self) -> bool {
        self.is(Kind::Null)
    }

    /// The address of the object.
    #[inline]
    pub const fn pointer(self) -> usize {
        (self.words[0] as isize >> POINTER) as usize
    }

    const fn properties(self, from: u32, bits: u32) -> usize {
        self.words[0] >> (PROPERTIES + from) & ((1 << bits) - 1)
    }

    /// Rights of an endpoint or a notification.
    #[inline]
    pub const fn rights(self) -> Rights {
        Rights(self.properties(0, 4))
    }

    /// The badge of an endpoint or a notification.
    #[inline]
    pub const fn badge(self) -> usize {
        self.words[1]
    }

    /// Size of untyped memory; radix of a CNode or zombie.
    #[inline]
    pub const fn radix(self) -> usize {
        self.properties(0, 6)
    }

    /// Bytes of untyped memory that are used.
    pub const fn used(self) -> usize {
        self.words[1]
    }

    pub const fn with_used(self, used: usize) -> Self {
        Self { words: [self.words[0], used] }
    }

    /// Whether untyped memory or a frame is a device.
    pub const fn is_device(self) -> bool {
        match self.kind() {
            Kind::Untyped => self.properties(6, 1) != 0,
            Kind::Frame => self.properties(4, 1) != 0,
            _ => false,
        }
    }

    #[inline]
    pub const fn guard_bits(self) -> usize {
        self.properties(6, 6)
    }

    #[inline]
    pub const fn guard(self) -> usize {
        self.words[1]
    }

    pub const fn is_master(self) -> bool {
        self.properties(0, 1) != 0
    }

    /// Whether a reply may carry capabilities.
    pub const fn reply_grants(self) -> bool {
        self.properties(1, 1) != 0
    }

    pub const fn irq(self) -> usize {
        self.words[1]
    }

    /// Whether a zombie was a thread.
    pub const fn was_thread(self) -> bool {
        self.properties(6, 1) != 0
    }

    /// Slots that a zombie still has.
    pub const fn zombie_count(self) -> usize {
        self.words[1]
    }

    pub const fn with_zombie_count(self, count: usize) -> Self {
        Self { words: [self.words[0], count] }
    }

    pub const fn frame_size(self) -> usize {
        self.properties(0, 2)
    }

    pub const fn frame_rights(self) -> FrameRights {
        match self.properties(2, 2) {
            2 => FrameRights::Read,
            3 => FrameRights::ReadWrite,
            _ => FrameRights::None,
        }
    }

    pub const fn mapping(self) -> Mapping {
        Mapping::of(self.words[1])
    }

    /// Whether a page table has an address space.
    #[inline]
    pub const fn is_mapped(self) -> bool {
        self.properties(0, 1) != 0
    }

    /// A frame or page table with another mapping.
    pub const fn with_mapping(self, mapping: Mapping) -> Self {
        match self.kind() {
            Kind::PageTable => Self::page_table(self.pointer(), mapping.asid != 0, mapping),
            _ => Self { words: [self.words[0], mapping.word()] },
        }
    }

    /// The ASID at which a pool begins.
    pub const fn asid_base(self) -> usize {
        self.words[1]
    }

    /// Size of the memory that the object lies in, as a power of two; `None` if it lies in none that
    /// a user provided.
    pub const fn memory_bits(self) -> Option<usize> {
        match self.kind() {
            Kind::Untyped => Some(self.radix()),
            Kind::Endpoint => Some(ENDPOINT_BITS),
            Kind::Notification => Some(NOTIFICATION_BITS),
            Kind::CNode => Some(self.radix() + SLOT_BITS),
            Kind::Thread => Some(TCB_BITS),
            Kind::Zombie if self.was_thread() => Some(TCB_BITS),
            Kind::Zombie => Some(self.radix() + SLOT_BITS),
            Kind::Frame => Some(frame_bits(self.frame_size())),
            Kind::PageTable => Some(PAGE_TABLE_BITS),
            Kind::AsidPool => Some(ASID_POOL_BITS),
            Kind::TaskContext => Some(TASK_CONTEXT_BITS),
            _ => None,
        }
    }

    /// The begin of that memory.
    pub const fn memory_start(self) -> usize {
        if self.is(Kind::Zombie) && self.was_thread() {
            self.pointer() & !((1 << TCB_BITS) - 1)
        } else {
            self.pointer()
        }
    }
}

/// Size of a frame as a power of two of bytes.
pub const fn frame_bits(size: usize) -> usize {
    match size {
        0 => PAGE_BITS,
        1 => MEGA_PAGE_BITS,
        _ => GIGA_PAGE_BITS,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: usize = 0xffff_ffc0_8123_4000;

    #[test]
    fn properties_do_not_overlap() {
        let cap = Cap::cnode(AT, 63, 0x1234, 58);
        assert_eq!((cap.pointer(), cap.radix(), cap.guard_bits()), (AT, 63, 58));
        assert_eq!((cap.kind(), cap.guard()), (Kind::CNode, 0x1234));
        let mapping = Mapping { asid: 0xffff, vaddr: 0x3f_ffff_e000 };
        let cap = Cap::frame(AT, 2, FrameRights::ReadWrite, true, mapping);
        assert_eq!((cap.frame_size(), cap.frame_rights()), (2, FrameRights::ReadWrite));
        assert_eq!((cap.is_device(), cap.mapping(), cap.pointer()), (true, mapping, AT));
        let cap = Cap::untyped(AT, 38, true, 77);
        assert_eq!((cap.radix(), cap.is_device(), cap.used()), (38, true, 77));
        let cap = Cap::zombie(AT + 512, 5, true, 3);
        assert_eq!((cap.memory_start(), cap.zombie_count()), (AT, 3));
    }
}
