//! Types and sizes of objects.

/// What an untyped object can be made into.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(usize)]
pub enum ObjectType {
    /// Memory; size bits are those of its bytes.
    Untyped = 0,
    Tcb = 1,
    Endpoint = 2,
    Notification = 3,
    /// A table of capabilities; size bits are those of its slots.
    CNode = 4,
    GigaPage = 5,
    Page = 6,
    MegaPage = 7,
    PageTable = 8,
    /// Of ReL4: local queues of TAIC for a process.
    TaskContext = 9,
}

/// All types, in the order of their numbers.
pub const TYPES: [ObjectType; 10] = [
    ObjectType::Untyped,
    ObjectType::Tcb,
    ObjectType::Endpoint,
    ObjectType::Notification,
    ObjectType::CNode,
    ObjectType::GigaPage,
    ObjectType::Page,
    ObjectType::MegaPage,
    ObjectType::PageTable,
    ObjectType::TaskContext,
];

pub const SLOT_BITS: usize = 5;
pub const TCB_BITS: usize = 10;
pub const ENDPOINT_BITS: usize = 4;
pub const NOTIFICATION_BITS: usize = 5;
pub const PAGE_BITS: usize = 12;
pub const MEGA_PAGE_BITS: usize = 21;
pub const GIGA_PAGE_BITS: usize = 30;
pub const PAGE_TABLE_BITS: usize = 12;
pub const PAGE_TABLE_INDEX_BITS: usize = 9;
pub const TASK_CONTEXT_BITS: usize = 8;
pub const ASID_POOL_BITS: usize = 12;
pub const ASID_POOL_INDEX_BITS: usize = 9;
/// Bits of the number of ASID pools.
pub const ASID_POOLS_BITS: usize = 7;
pub const MIN_UNTYPED_BITS: usize = 4;
pub const MAX_UNTYPED_BITS: usize = 38;
pub const IPC_BUFFER_BITS: usize = 10;

impl ObjectType {
    /// The type with a number.
    pub fn from_number(number: usize) -> Option<Self> {
        TYPES.get(number).copied()
    }

    /// Size of an object as a power of two of bytes. `size_bits` counts for untyped memory and
    /// CNodes alone.
    pub const fn bits(self, size_bits: usize) -> usize {
        match self {
            Self::Untyped => size_bits,
            Self::Tcb => TCB_BITS,
            Self::Endpoint => ENDPOINT_BITS,
            Self::Notification => NOTIFICATION_BITS,
            Self::CNode => size_bits + SLOT_BITS,
            Self::GigaPage => GIGA_PAGE_BITS,
            Self::Page => PAGE_BITS,
            Self::MegaPage => MEGA_PAGE_BITS,
            Self::PageTable => PAGE_TABLE_BITS,
            Self::TaskContext => TASK_CONTEXT_BITS,
        }
    }

    /// Whether it is memory that users can map.
    pub const fn is_frame(self) -> bool {
        matches!(self, Self::Page | Self::MegaPage | Self::GigaPage)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_gives_its_type() {
        for (number, kind) in TYPES.iter().enumerate() {
            assert_eq!(*kind as usize, number);
            assert_eq!(ObjectType::from_number(number), Some(*kind));
        }
        assert_eq!(ObjectType::from_number(TYPES.len()), None);
    }

    #[test]
    fn size_bits_count_for_untyped_memory_and_cnodes_alone() {
        assert_eq!(ObjectType::CNode.bits(4), 9);
        assert_eq!(ObjectType::Untyped.bits(4), 4);
        assert_eq!(ObjectType::Tcb.bits(4), 10);
    }
}
