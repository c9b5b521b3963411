//! What the kernel tells the root task.

/// Slots of the root task's CNode, from `start` to before `end`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[repr(C)]
pub struct SlotRegion {
    pub start: usize,
    pub end: usize,
}

/// An untyped object of [`BootInfo::untyped`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[repr(C)]
pub struct UntypedDescription {
    pub physical: usize,
    pub size_bits: u8,
    /// 1: its frames can be mapped, and it holds no kernel objects.
    pub is_device: u8,
    pub padding: [u8; 6],
}

/// Most untyped objects that the boot information describes.
pub const MAX_UNTYPED: usize = 230;

/// The first of the frames of boot information.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct BootInfo {
    /// Bytes of the further information, which begins on the next page.
    pub extra_bytes: usize,
    pub node: usize,
    /// Harts of the kernel.
    pub nodes: usize,
    pub io_page_table_levels: usize,
    /// Address of the root task's IPC buffer.
    pub ipc_buffer: usize,
    pub empty: SlotRegion,
    pub shared_frames: SlotRegion,
    /// Frames of the root task's image, in the order of their addresses.
    pub image_frames: SlotRegion,
    /// Page tables of the root task.
    pub image_paging: SlotRegion,
    pub io_space_caps: SlotRegion,
    /// Frames of the further information.
    pub extra_pages: SlotRegion,
    /// Size of the root task's CNode, as a power of two of slots.
    pub cnode_bits: usize,
    pub domain: usize,
    pub untyped: SlotRegion,
    pub untyped_list: [UntypedDescription; MAX_UNTYPED],
}

/// Head of a piece of further information.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct ExtraHeader {
    pub kind: usize,
    /// Bytes with this head.
    pub bytes: usize,
}

/// Kind of further information: nothing, to fill up.
pub const EXTRA_PADDING: usize = 0;
/// Kind of further information: the device tree.
pub const EXTRA_DEVICE_TREE: usize = 6;

/// Size bits of the root task's CNode.
pub const ROOT_CNODE_BITS: usize = 13;

/// Places in the boot information, in words.
pub mod place {
    pub const EXTRA_BYTES: usize = 0;
    pub const NODE: usize = 1;
    pub const NODES: usize = 2;
    pub const IPC_BUFFER: usize = 4;
    pub const EMPTY: usize = 5;
    pub const SHARED_FRAMES: usize = 7;
    pub const IMAGE_FRAMES: usize = 9;
    pub const IMAGE_PAGING: usize = 11;
    pub const IO_SPACE_CAPS: usize = 13;
    pub const EXTRA_PAGES: usize = 15;
    pub const CNODE_BITS: usize = 17;
    pub const DOMAIN: usize = 18;
    pub const UNTYPED: usize = 19;
    pub const UNTYPED_LIST: usize = 21;
}

const _: () = {
    use core::mem::offset_of;
    assert!(size_of::<BootInfo>() <= 1 << crate::object::PAGE_BITS);
    assert!(offset_of!(BootInfo, ipc_buffer) == 8 * place::IPC_BUFFER);
    assert!(offset_of!(BootInfo, extra_pages) == 8 * place::EXTRA_PAGES);
    assert!(offset_of!(BootInfo, untyped_list) == 8 * place::UNTYPED_LIST);
};
