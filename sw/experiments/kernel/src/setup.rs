//! The objects: a server in an address space of its own, notifications.

use crate::{
    calls::{done, set_buffer},
    server,
};
use abi::{Label, ObjectType, Rights, boot_info::BootInfo, registers::ORDER, slot};

/// Size of the memory for all objects.
const ENOUGH_BITS: u8 = 17;
const DEPTH: usize = 64;
const PAGE: usize = 4096;
/// Where the program begins; all of it is in the first page table.
const IMAGE: usize = 0x1_0000;

/// Slots of what was made.
pub struct Objects {
    /// The server's endpoint, with a badge, and the right to grant.
    pub badged: usize,
    /// A notification that nobody waits for.
    pub notification: usize,
    /// A frame that can be mapped at `SPARE`.
    pub frame: usize,
}

/// An address where nothing is mapped, in a page table that is there.
pub const SPARE: usize = 0x1f_0000;

/// Hands out slots, and objects of an untyped object.
struct Maker {
    next: usize,
    untyped: usize,
}

impl Maker {
    fn make(&mut self, kind: ObjectType) -> usize {
        let slot = self.slot();
        let words = [kind as usize, 0, 0, 0, slot, 1];
        done(self.untyped, Label::UntypedRetype, &words, &[slot::CNODE]);
        slot
    }

    fn slot(&mut self) -> usize {
        self.next += 1;
        self.next - 1
    }

    fn copy(&mut self, from: usize) -> usize {
        let slot = self.slot();
        let words = [slot, DEPTH, from, DEPTH, Rights::ALL.0];
        done(slot::CNODE, Label::CNodeCopy, &words, &[slot::CNODE]);
        slot
    }
}

/// Makes everything, and lets the server wait for messages.
pub fn server(info: &BootInfo) -> Objects {
    set_buffer(info.ipc_buffer);
    let list = &info.untyped_list[..info.untyped.end - info.untyped.start];
    // The kernel clears an untyped object before the first use: the smallest that will do.
    let memory = list.iter().enumerate();
    let memory = memory.filter(|(_, one)| one.is_device == 0 && one.size_bits >= ENOUGH_BITS);
    let smallest =
        memory.min_by_key(|(_, untyped)| untyped.size_bits).map_or(0, |(index, _)| index);
    let mut maker = Maker { next: info.empty.start, untyped: info.untyped.start + smallest };
    let endpoint = maker.make(ObjectType::Endpoint);
    let badged = maker.slot();
    let words = [badged, DEPTH, endpoint, DEPTH, Rights::ALL.0, 1];
    done(slot::CNODE, Label::CNodeMint, &words, &[slot::CNODE]);
    let space = space(&mut maker, info);
    let thread = maker.make(ObjectType::Tcb);
    done(thread, Label::TcbConfigure, &[0, 0, 0, 0], &[slot::CNODE, space, 0]);
    done(thread, Label::TcbSetPriority, &[255], &[slot::TCB]);
    let mut words = [0; 2 + ORDER.len()];
    words[..2].copy_from_slice(&[1, ORDER.len()]);
    for (word, register) in words[2..].iter_mut().zip(ORDER) {
        *word = match register {
            0 => server::entry(),
            10 => endpoint,
            _ => 0,
        };
    }
    done(thread, Label::TcbWriteRegisters, &words, &[]);
    let notification = maker.make(ObjectType::Notification);
    let frame = maker.make(ObjectType::Page);
    Objects { badged, notification, frame }
}

/// An address space with the frames of the program.
fn space(maker: &mut Maker, info: &BootInfo) -> usize {
    let root = maker.make(ObjectType::PageTable);
    done(slot::ASID_POOL, Label::AsidPoolAssign, &[], &[root]);
    for _ in 0..2 {
        let table = maker.make(ObjectType::PageTable);
        done(table, Label::PageTableMap, &[IMAGE, 0], &[root]);
    }
    for (page, frame) in (info.image_frames.start..info.image_frames.end).enumerate() {
        let copy = maker.copy(frame);
        let words = [IMAGE + page * PAGE, Rights::READ_WRITE.0, 0];
        done(copy, Label::PageMap, &words, &[root]);
    }
    root
}
