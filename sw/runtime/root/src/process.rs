//! Processes from ELF files.

use crate::{Error, FLAT, PAGE, Result, Root, Space, parts};
use sel4::{CNode, CNodeData, Cap, ObjectType, Page, Registers, Rights, Tcb};

/// Slots of a process's CNode, as a power of two.
const CNODE_BITS: usize = 6;
const STACK_PAGES: usize = 8;
/// Where a process has its IPC buffer; the stack ends a page below.
const IPC_BUFFER: usize = 0x20_0000_0000;

/// A process with one thread. Slot n of its CNode has the address n.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Process {
    pub tcb: Tcb,
    pub space: Space,
    pub cnode: CNode,
    pub ipc_page: Page,
    entry: usize,
}

impl Root {
    /// Loads a program into an address space of its own. Its faults go to the endpoint at
    /// `fault_endpoint` of its own CSpace.
    pub fn new_process(
        &mut self,
        file: &[u8],
        priority: usize,
        fault_endpoint: usize,
    ) -> Result<Process> {
        let space = self.new_space()?;
        let (entry, found) = parts(file)?;
        for part in found {
            self.load(space, &part)?;
        }
        let writable = Rights::READ_WRITE;
        for page in 1..=STACK_PAGES {
            let vaddr = IPC_BUFFER - PAGE - page * PAGE;
            self.filled_page(space, vaddr, (0, &[]), writable, FLAT)?;
        }
        let ipc_page = self.filled_page(space, IPC_BUFFER, (0, &[]), writable, FLAT)?;
        let cnode: CNode = self.object(ObjectType::CNode, CNODE_BITS)?;
        let tcb: Tcb = self.object(ObjectType::Tcb, 0)?;
        let guard = CNodeData::new(0, usize::BITS as usize - CNODE_BITS);
        let buffer = (IPC_BUFFER, ipc_page);
        tcb.configure(fault_endpoint, (cnode, guard), space.table, buffer)?;
        tcb.set_sched_params(Self::TCB, priority, priority)?;
        Ok(Process { tcb, space, cnode, ipc_page, entry })
    }

    /// Loads a segment, which begins on a page of its own.
    fn load(&mut self, space: Space, part: &crate::Part) -> Result {
        let rights = if part.write { Rights::READ_WRITE } else { Rights::READ };
        let attributes = if part.execute { 0 } else { FLAT };
        let end = part.vaddr.checked_add(part.bytes).ok_or(Error::BadProgram)?;
        let mut vaddr = part.vaddr / PAGE * PAGE;
        let mut rest = part.contents;
        while vaddr < end {
            let offset = part.vaddr.saturating_sub(vaddr);
            let (now, later) = rest.split_at(rest.len().min(PAGE - offset));
            self.filled_page(space, vaddr, (offset, now), rights, attributes)?;
            (vaddr, rest) = (vaddr + PAGE, later);
        }
        Ok(())
    }

    /// Gives a process a copy of a capability, in a slot of its CNode.
    pub fn give(
        &mut self,
        process: &Process,
        slot: usize,
        cap: impl Cap,
        rights: Rights,
        badge: usize,
    ) -> Result {
        let place = process.cnode.own_slot(slot, CNODE_BITS);
        Ok(place.mint_from(Self::CNODE.slot(cap.address()), rights, badge)?)
    }
}

impl Process {
    /// Lets the process begin, with an argument.
    pub fn start(&self, argument: usize) -> Result {
        Ok(self.tcb.write_registers(true, &self.registers(argument))?)
    }

    /// The registers with which it begins.
    pub fn registers(&self, argument: usize) -> Registers {
        Registers::start(self.entry, IPC_BUFFER - PAGE, IPC_BUFFER, [argument, 0, 0])
    }
}
