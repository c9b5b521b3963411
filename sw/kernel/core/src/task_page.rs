//! The page of a queue of TAIC in an address space: one at a time, and no longer than the queue.

use crate::{
    Failure, Kernel,
    cap::{FrameRights, Mapping},
    invocation::Invocation,
    machine::{Machine, Memory},
    object::TaskContext,
    paging::{self, Target},
};
use abi::object::PAGE_BITS;

impl<M: Machine> Kernel<M> {
    /// Words: queue, virtual address. Capability 0: the address space.
    pub(crate) fn map_queue(
        &mut self,
        call: &Invocation,
        context: TaskContext,
    ) -> Result<(), Failure> {
        let [queue, vaddr] = self.arguments(call)?;
        self.ensure_queue(context, queue)?;
        if context.mapping(self, queue) != Mapping::NONE {
            return Err(Failure::DeleteFirst);
        }
        let (entry, asid) = self.map_place(call, vaddr, PAGE_BITS)?;
        if paging::target(&self.machine, entry) != Target::Nothing {
            return Err(Failure::DeleteFirst);
        }
        let page = self.machine.queue_page(self.queue_index(context, queue));
        let physical = page.ok_or(Failure::IllegalOperation)?;
        self.begin(call);
        context.set_mapping(self, queue, Mapping { asid, vaddr });
        self.store(entry.address, paging::frame_entry(physical, FrameRights::ReadWrite, false));
        self.machine.forget_page(asid, vaddr);
        Ok(())
    }

    /// No hart reaches the page of a queue any more.
    pub(crate) fn unmap_queue(&mut self, context: TaskContext, queue: usize) {
        if let Some(physical) = self.machine.queue_page(self.queue_index(context, queue)) {
            self.unmap_memory(context.mapping(self, queue), PAGE_BITS, physical);
        }
        context.set_mapping(self, queue, Mapping::NONE);
    }
}
