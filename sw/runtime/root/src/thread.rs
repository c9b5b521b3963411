//! Threads in the root task's own address space.

use crate::{PAGE, Result, Root};
use sel4::{CNodeData, ObjectType, Page, Registers, Tcb};

const STACK_PAGES: usize = 4;

/// A thread with stack and IPC buffer. It shares CSpace and address space with the root task.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Thread {
    pub tcb: Tcb,
    pub ipc_buffer: usize,
    pub ipc_page: Page,
    stack_top: usize,
}

impl Root {
    /// The guard of a CNode of the root task's size, so that addresses are slot numbers.
    pub fn guard(&self) -> CNodeData {
        CNodeData::new(0, usize::BITS as usize - self.info.cnode_bits)
    }

    /// A thread that does not run yet. Its faults go to the endpoint at `fault_endpoint` of the root
    /// task's CSpace; 0 is none.
    pub fn new_thread(&mut self, priority: usize, fault_endpoint: usize) -> Result<Thread> {
        let tcb: Tcb = self.object(ObjectType::Tcb, 0)?;
        let (ipc_page, ipc_buffer) = self.new_page()?;
        let mut stack_top = 0;
        for _ in 0..STACK_PAGES {
            stack_top = self.new_page()?.1 + PAGE;
        }
        let cspace = (Self::CNODE, self.guard());
        tcb.configure(fault_endpoint, cspace, self.space.table, (ipc_buffer, ipc_page))?;
        tcb.set_sched_params(Self::TCB, priority, priority)?;
        Ok(Thread { tcb, ipc_buffer, ipc_page, stack_top })
    }
}

impl Thread {
    /// Lets the thread call a function, which may not return.
    pub fn start(
        &self,
        entry: extern "C" fn(usize, usize, usize) -> !,
        arguments: [usize; 3],
    ) -> Result {
        let registers =
            Registers::start(entry as usize, self.stack_top, self.ipc_buffer, arguments);
        Ok(self.tcb.write_registers(true, &registers)?)
    }
}
