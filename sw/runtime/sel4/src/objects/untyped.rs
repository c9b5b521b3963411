//! Making objects.

use super::{Place, Untyped};
use crate::{Label, ObjectType, Result, invoke};

impl Untyped {
    /// Makes `count` objects and puts their capabilities into slots from `first` on.
    ///
    /// `size_bits` counts for untyped memory and CNodes. `first` is a slot of the CNode that its
    /// root and depth name: of the root itself if it stands there with its own slots.
    pub fn retype(
        self,
        kind: ObjectType,
        size_bits: usize,
        node: Place,
        offset: usize,
        count: usize,
    ) -> Result {
        let words = [kind as usize, size_bits, node.index, node.depth, offset, count];
        invoke(self.0, Label::UntypedRetype, &[node.root.0], &words).map(drop)
    }
}
