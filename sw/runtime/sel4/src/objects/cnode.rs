//! CNodes, and places in them.

use super::CNode;
use crate::{Label, Result, Rights, invoke};

/// A slot: a CNode, and an address of `depth` bits from there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Place {
    pub root: CNode,
    pub index: usize,
    pub depth: usize,
}

impl CNode {
    /// The slot that an address of the CSpace of this root names.
    pub const fn slot(self, address: usize) -> Place {
        Place { root: self, index: address, depth: usize::BITS as usize }
    }

    /// The slot `index` of this CNode of `bits` bits, without its guard.
    pub const fn own_slot(self, index: usize, bits: usize) -> Place {
        Place { root: self, index, depth: bits }
    }
}

impl Place {
    fn invoke(self, label: Label, caps: &[usize], words: &[usize]) -> Result {
        invoke(self.root.0, label, caps, words).map(drop)
    }

    /// Deletes all capabilities that were derived from the one here.
    pub fn revoke(self) -> Result {
        self.invoke(Label::CNodeRevoke, &[], &[self.index, self.depth])
    }

    /// Empties the slot. The last capability of an object takes the object with it.
    pub fn delete(self) -> Result {
        self.invoke(Label::CNodeDelete, &[], &[self.index, self.depth])
    }

    /// Cancels sending with the badge of the endpoint capability here.
    pub fn cancel_badged_sends(self) -> Result {
        self.invoke(Label::CNodeCancelBadgedSends, &[], &[self.index, self.depth])
    }

    /// Fills this slot with a copy that has at most `rights`.
    pub fn copy_from(self, source: Place, rights: Rights) -> Result {
        let words = [self.index, self.depth, source.index, source.depth, rights.0];
        self.invoke(Label::CNodeCopy, &[source.root.0], &words)
    }

    /// The same with a badge; for a CNode it is the guard ([`crate::CNodeData`]).
    pub fn mint_from(self, source: Place, rights: Rights, badge: usize) -> Result {
        let words = [self.index, self.depth, source.index, source.depth, rights.0, badge];
        self.invoke(Label::CNodeMint, &[source.root.0], &words)
    }

    /// Moves a capability here.
    pub fn move_from(self, source: Place) -> Result {
        let words = [self.index, self.depth, source.index, source.depth];
        self.invoke(Label::CNodeMove, &[source.root.0], &words)
    }

    /// Moves a capability here and gives it a badge.
    pub fn mutate_from(self, source: Place, badge: usize) -> Result {
        let words = [self.index, self.depth, source.index, source.depth, badge];
        self.invoke(Label::CNodeMutate, &[source.root.0], &words)
    }

    /// Moves `pivot` here and `source` to the pivot's slot, each with a badge; 0 keeps the one
    /// that is there.
    pub fn rotate(self, badge: usize, pivot: Place, pivot_badge: usize, source: Place) -> Result {
        let words = [
            self.index,
            self.depth,
            badge,
            pivot.index,
            pivot.depth,
            pivot_badge,
            source.index,
            source.depth,
        ];
        self.invoke(Label::CNodeRotate, &[pivot.root.0, source.root.0], &words)
    }

    /// Moves the right to answer the last caller here.
    pub fn save_caller(self) -> Result {
        self.invoke(Label::CNodeSaveCaller, &[], &[self.index, self.depth])
    }
}
