//! Address-space identifiers: pools of 512, and which root table each one names.

use crate::{
    Cap, Failure, Kernel, Kind,
    cap::Mapping,
    invocation::Invocation,
    machine::{Machine, Memory},
};
use abi::{
    Label, LookupFailure,
    object::{ASID_POOL_BITS, ASID_POOL_INDEX_BITS},
};

const IN_POOL: usize = 1 << ASID_POOL_INDEX_BITS;

impl<M: Machine> Kernel<M> {
    #[inline(always)]
    pub(crate) fn pool_of(&self, asid: usize) -> Option<usize> {
        let pools = &self.asid_pools;
        let pool = pools[asid >> ASID_POOL_INDEX_BITS & (pools.len() - 1)];
        (pool != 0).then_some(pool)
    }

    /// Whether an ASID names this root table.
    #[inline(always)]
    pub(crate) fn is_root(&self, root: usize, asid: usize) -> bool {
        self.pool_of(asid).is_some_and(|pool| self.load(pool + 8 * (asid % IN_POOL)) == root)
    }

    /// The root table that an ASID names.
    #[inline]
    pub(crate) fn root_of(&self, asid: usize) -> Result<usize, LookupFailure> {
        let pool = self.pool_of(asid).ok_or(LookupFailure::InvalidRoot)?;
        match self.load(pool + 8 * (asid % IN_POOL)) {
            0 => Err(LookupFailure::InvalidRoot),
            root => Ok(root),
        }
    }

    pub(crate) fn invoke_asid_control(&mut self, call: &Invocation) -> Result<(), Failure> {
        if call.info.label() != Label::AsidControlMakePool as usize {
            return Err(Failure::IllegalOperation);
        }
        let [index, depth] = self.arguments(call)?;
        let (untyped, root) = (call.extra(0)?, call.extra(1)?.cap(self));
        let Some(number) = self.asid_pools.iter().position(|pool| *pool == 0) else {
            return Err(Failure::DeleteFirst);
        };
        let cap = untyped.cap(self);
        if !cap.is(Kind::Untyped) || cap.radix() != ASID_POOL_BITS || cap.is_device() {
            return Err(Failure::InvalidCapability(1));
        }
        self.ensure_no_children(untyped)?;
        let slot = self.lookup_target(false, root, index, depth)?;
        self.ensure_empty(slot)?;
        self.begin(call);
        let pool = cap.pointer();
        untyped.set_cap(self, cap.with_used(1 << ASID_POOL_BITS));
        self.machine.clear(pool, 1 << ASID_POOL_BITS);
        self.insert(Cap::asid_pool(pool, number << ASID_POOL_INDEX_BITS), untyped, slot);
        self.asid_pools[number] = pool;
        Ok(())
    }

    pub(crate) fn invoke_asid_pool(&mut self, call: &Invocation) -> Result<(), Failure> {
        if call.info.label() != Label::AsidPoolAssign as usize {
            return Err(Failure::IllegalOperation);
        }
        let slot = call.extra(0)?;
        let table = slot.cap(self);
        if !table.is(Kind::PageTable) || table.is_mapped() {
            return Err(Failure::InvalidCapability(1));
        }
        let base = call.cap.asid_base();
        let Some(pool) = self.pool_of(base) else {
            return Err(Failure::lookup(LookupFailure::InvalidRoot));
        };
        if pool != call.cap.pointer() {
            return Err(Failure::InvalidCapability(0));
        }
        // ASID 0 stands for none.
        let free = (0..IN_POOL)
            .find(|index| base + index != 0 && self.load(pool + 8 * index) == 0)
            .ok_or(Failure::DeleteFirst)?;
        self.begin(call);
        self.machine.link_kernel(table.pointer());
        let mapping = Mapping { asid: base + free, vaddr: 0 };
        slot.set_cap(self, table.with_mapping(mapping));
        self.store(pool + 8 * free, table.pointer());
        Ok(())
    }

    /// An address space ends.
    pub(crate) fn delete_asid(&mut self, asid: usize, root: usize) {
        if !self.is_root(root, asid) {
            return;
        }
        if let Some(pool) = self.pool_of(asid) {
            self.store(pool + 8 * (asid % IN_POOL), 0);
        }
        self.leave_vspace(root);
        self.machine.forget_space(asid);
    }

    /// All address spaces of a pool end.
    pub(crate) fn delete_pool(&mut self, cap: Cap) {
        let base = cap.asid_base();
        if self.pool_of(base) != Some(cap.pointer()) {
            return;
        }
        for asid in base..base + IN_POOL {
            let root = self.load(cap.pointer() + 8 * (asid % IN_POOL));
            if root != 0 {
                self.leave_vspace(root);
                self.machine.forget_space(asid);
            }
        }
        let len = self.asid_pools.len();
        self.asid_pools[base >> ASID_POOL_INDEX_BITS & (len - 1)] = 0;
    }
}
