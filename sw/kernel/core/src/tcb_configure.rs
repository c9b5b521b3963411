//! The spaces of a thread: fault handler, capabilities, addresses, IPC buffer.

use crate::{
    Cap, Failure, Kernel, Kind, Slot, Tcb, derive::with_data, invocation::Invocation,
    machine::Machine, tree::same_object,
};
use abi::object::IPC_BUFFER_BITS;

/// A capability that is to be put into a thread's slot, and where it came from.
type Given = (Cap, Slot);

impl<M: Machine> Kernel<M> {
    pub(crate) fn configure(&mut self, call: &Invocation, thread: Tcb) -> Result<(), Failure> {
        let [handler, cspace_data, vspace_data, buffer] = self.arguments(call)?;
        let (cspace, vspace, frame) = (call.extra(0)?, call.extra(1)?, call.extra(2)?);
        self.ensure_spaces_are_short(thread)?;
        let frame = self.check_buffer(frame, buffer)?;
        let cspace = self.check_cspace(cspace, cspace_data)?;
        let vspace = self.check_vspace(vspace, vspace_data)?;
        self.begin(call);
        self.put_spaces(call, thread, handler, cspace, vspace)?;
        self.put_buffer(call, thread, buffer, frame)
    }

    pub(crate) fn set_space(&mut self, call: &Invocation, thread: Tcb) -> Result<(), Failure> {
        let [handler, cspace_data, vspace_data] = self.arguments(call)?;
        let (cspace, vspace) = (call.extra(0)?, call.extra(1)?);
        self.ensure_spaces_are_short(thread)?;
        let cspace = self.check_cspace(cspace, cspace_data)?;
        let vspace = self.check_vspace(vspace, vspace_data)?;
        self.begin(call);
        self.put_spaces(call, thread, handler, cspace, vspace)
    }

    pub(crate) fn set_ipc_buffer(&mut self, call: &Invocation, thread: Tcb) -> Result<(), Failure> {
        let [buffer] = self.arguments(call)?;
        let frame = call.extra(0)?;
        let frame = self.check_buffer(frame, buffer)?;
        self.begin(call);
        self.put_buffer(call, thread, buffer, frame)
    }

    /// Fails while the deletion of an old space goes on.
    fn ensure_spaces_are_short(&self, thread: Tcb) -> Result<(), Failure> {
        for slot in [thread.cspace(), thread.vspace()] {
            let long = match slot.cap(self).kind() {
                Kind::Thread | Kind::Zombie | Kind::CNode => self.is_final(slot),
                _ => false,
            };
            if long {
                return Err(Failure::IllegalOperation);
            }
        }
        Ok(())
    }

    fn check_buffer(&self, slot: Slot, address: usize) -> Result<Option<Given>, Failure> {
        if address == 0 {
            return Ok(None);
        }
        let cap = self.derive(slot, slot.cap(self))?;
        if !cap.is(Kind::Frame) || cap.is_device() {
            return Err(Failure::IllegalOperation);
        }
        if !address.is_multiple_of(1 << IPC_BUFFER_BITS) {
            return Err(Failure::AlignmentError);
        }
        Ok(Some((cap, slot)))
    }

    fn check_cspace(&self, slot: Slot, data: usize) -> Result<Given, Failure> {
        let mut cap = slot.cap(self);
        if data != 0 {
            cap = with_data(false, data, cap);
        }
        let cap = self.derive(slot, cap)?;
        if !cap.is(Kind::CNode) {
            return Err(Failure::IllegalOperation);
        }
        Ok((cap, slot))
    }

    fn check_vspace(&self, slot: Slot, data: usize) -> Result<Given, Failure> {
        let mut cap = slot.cap(self);
        if data != 0 {
            cap = with_data(false, data, cap);
        }
        let cap = self.derive(slot, cap)?;
        if !cap.is(Kind::PageTable) || !cap.is_mapped() {
            return Err(Failure::IllegalOperation);
        }
        Ok((cap, slot))
    }

    fn put_spaces(
        &mut self,
        call: &Invocation,
        thread: Tcb,
        handler: usize,
        cspace: Given,
        vspace: Given,
    ) -> Result<(), Failure> {
        thread.set_fault_handler(self, handler);
        self.delete(thread.cspace(), true)?;
        self.put(call, cspace, thread.cspace());
        self.delete(thread.vspace(), true)?;
        self.put(call, vspace, thread.vspace());
        if self.is_current(thread) {
            self.reschedule();
        } else if self.runs_elsewhere(thread) {
            self.kicks |= 1 << thread.affinity(self);
        }
        Ok(())
    }

    fn put_buffer(
        &mut self,
        call: &Invocation,
        thread: Tcb,
        address: usize,
        frame: Option<Given>,
    ) -> Result<(), Failure> {
        self.delete(thread.buffer(), true)?;
        thread.set_ipc_buffer(self, address);
        if let Some(frame) = frame {
            self.put(call, frame, thread.buffer());
        }
        if self.is_current(thread) {
            self.reschedule();
        }
        Ok(())
    }

    /// Puts a capability into a thread's slot, unless source or thread went away when what was in
    /// the slot was deleted.
    fn put(&mut self, call: &Invocation, (cap, source): Given, slot: Slot) {
        if same_object(cap, source.cap(self)) && same_object(call.cap, call.slot.cap(self)) {
            self.insert(cap, source, slot);
        }
    }
}
