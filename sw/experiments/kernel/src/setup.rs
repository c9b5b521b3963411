//! The objects: a server in an address space of its own, notifications.

use crate::server;
use root::{FLAT, PAGE, Result, Root, Space};
use sel4::{
    CNodeData, Cap, Endpoint, Notification, ObjectType, Page, Registers, Rights, Tcb,
    abi::boot_info::BootInfo,
};

/// Where the program begins; all of it is in the first page table.
const IMAGE: usize = 0x1_0000;
const PRIORITY: usize = 255;
/// The server's IPC buffer.
const BUFFER: usize = 0x1e_0000;

/// Capabilities of what was made.
pub struct Objects {
    /// The server's endpoint, with a badge, and the right to grant.
    pub badged: Endpoint,
    /// A notification that nobody waits for.
    pub notification: Notification,
    /// A frame that can be mapped at `SPARE`.
    pub frame: Page,
}

/// An address where nothing is mapped, in a page table that is there.
pub const SPARE: usize = 0x1f_0000;

/// Makes everything, and lets the server wait for messages.
pub fn server(info: &'static BootInfo) -> Result<Objects> {
    let mut root = Root::new(info);
    let endpoint: Endpoint = root.object(ObjectType::Endpoint, 0)?;
    let badged = root.mint(endpoint, Rights::ALL, 1)?;
    let space = space(&mut root)?;
    let thread: Tcb = root.object(ObjectType::Tcb, 0)?;
    let cspace = (Root::CNODE, CNodeData::new(0, 0));
    // Without a buffer it would get no more words than registers hold.
    let buffer: Page = root.object(ObjectType::Page, 0)?;
    root.map(space, buffer, BUFFER, Rights::READ_WRITE, FLAT)?;
    thread.configure(Endpoint::NONE, cspace, space.table, (BUFFER, buffer))?;
    thread.set_priority(Root::TCB, PRIORITY)?;
    let registers = Registers::start(server::entry(), 0, BUFFER, [endpoint.0, 0, 0]);
    thread.write_registers(true, &registers)?;
    let notification = root.object(ObjectType::Notification, 0)?;
    let frame = root.object(ObjectType::Page, 0)?;
    Ok(Objects { badged, notification, frame })
}

/// An address space with the frames of the program.
fn space(root: &mut Root) -> Result<Space> {
    let space = root.new_space()?;
    let frames = root.info.image_frames.start..root.info.image_frames.end;
    for (page, frame) in frames.enumerate() {
        let copy = root.mint(Page::at(frame), Rights::ALL, 0)?;
        root.map(space, copy, IMAGE + page * PAGE, Rights::READ_WRITE, 0)?;
    }
    Ok(space)
}
