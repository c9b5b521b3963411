//! Copies of capabilities: with fewer rights, with a badge or guard, and what cannot be copied.

use crate::{
    Cap, Failure, Kernel, Kind, Slot,
    cap::{FrameRights, Mapping},
    lookup::WORD_BITS,
    machine::Machine,
};
use abi::{CNodeData, Rights};

/// The capability with no more than `rights`.
pub(crate) fn mask(cap: Cap, rights: Rights) -> Cap {
    match cap.kind() {
        Kind::Endpoint => {
            Cap::endpoint(cap.pointer(), cap.rights().intersection(rights), cap.badge())
        }
        Kind::Notification => {
            Cap::notification(cap.pointer(), cap.rights().intersection(rights), cap.badge())
        }
        Kind::Reply => {
            let grant = cap.reply_grants() && rights.contains(Rights::GRANT);
            Cap::reply(cap.pointer(), cap.is_master(), grant)
        }
        Kind::Frame => Cap::frame(
            cap.pointer(),
            cap.frame_size(),
            mask_frame(cap.frame_rights(), rights),
            cap.is_device(),
            cap.mapping(),
        ),
        _ => cap,
    }
}

/// Rights of a frame or mapping with no more than `rights`.
pub(crate) fn mask_frame(frame: FrameRights, rights: Rights) -> FrameRights {
    match frame {
        FrameRights::Read if rights.contains(Rights::READ) => FrameRights::Read,
        FrameRights::ReadWrite if rights.contains(Rights::READ_WRITE) => FrameRights::ReadWrite,
        FrameRights::ReadWrite if rights.contains(Rights::READ) => FrameRights::Read,
        _ => FrameRights::None,
    }
}

/// The capability with a badge or a guard; null if it cannot have that. A capability that is moved
/// keeps its badge.
pub(crate) fn with_data(moved: bool, data: usize, cap: Cap) -> Cap {
    match cap.kind() {
        Kind::Endpoint if !moved && cap.badge() == 0 => {
            Cap::endpoint(cap.pointer(), cap.rights(), data)
        }
        Kind::Notification if !moved && cap.badge() == 0 => {
            Cap::notification(cap.pointer(), cap.rights(), data)
        }
        Kind::Endpoint | Kind::Notification => Cap::NULL,
        Kind::CNode => {
            let data = CNodeData(data);
            let (bits, radix) = (data.guard_bits(), cap.radix());
            if bits + radix > WORD_BITS {
                return Cap::NULL;
            }
            Cap::cnode(cap.pointer(), radix, data.guard() & ((1 << bits) - 1), bits)
        }
        _ => cap,
    }
}

impl<M: Machine> Kernel<M> {
    /// What a copy of `cap`, which stands in `slot`, is; null if nothing can be copied.
    pub(crate) fn derive(&self, slot: Slot, cap: Cap) -> Result<Cap, Failure> {
        match cap.kind() {
            Kind::Zombie | Kind::IrqControl | Kind::Reply => Ok(Cap::NULL),
            Kind::Untyped => self.ensure_no_children(slot).map(|()| cap),
            Kind::PageTable if !cap.is_mapped() => Err(Failure::IllegalOperation),
            Kind::Frame => Ok(cap.with_mapping(Mapping::NONE)),
            _ => Ok(cap),
        }
    }
}
