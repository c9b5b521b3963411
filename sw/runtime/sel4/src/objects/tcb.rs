//! Threads.

use super::{CNode, Domain, Endpoint, Notification, Page, PageTable, Tcb};
use crate::{CNodeData, Label, Result, invoke, syscall::IpcBuffer};
use abi::{message::REGISTERS, registers};

const RESUME: usize = 1;
const SUSPEND: usize = 1;

/// The registers of a thread by their numbers; number 0 is the program counter.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Registers(pub [usize; 32]);

impl Registers {
    const SP: usize = 2;
    const TP: usize = 4;
    const A0: usize = 10;

    /// A thread that calls `entry` with a stack and arguments in `a0` to `a2`. Its `tp` is the
    /// address of its IPC buffer.
    pub fn start(entry: usize, stack_top: usize, ipc_buffer: usize, arguments: [usize; 3]) -> Self {
        let mut registers = [0; 32];
        registers[registers::PC] = entry;
        registers[Self::SP] = stack_top;
        registers[Self::TP] = ipc_buffer;
        registers[Self::A0..Self::A0 + arguments.len()].copy_from_slice(&arguments);
        Self(registers)
    }

    pub fn pc(&self) -> usize {
        self.0[registers::PC]
    }
}

impl Tcb {
    /// The registers, of which the kernel was asked `count`. Others are 0.
    pub fn read_registers(self, suspend: bool, count: usize) -> Result<Registers> {
        let flags = if suspend { SUSPEND } else { 0 };
        let first = invoke(self.0, Label::TcbReadRegisters, &[], &[flags, count])?;
        let mut all = Registers::default();
        for (index, register) in registers::ORDER.into_iter().enumerate().take(count) {
            all.0[register] = match first.get(index) {
                Some(word) => *word,
                None => IpcBuffer::own().word(index),
            };
        }
        Ok(all)
    }

    /// Sets the registers, and lets the thread run if `resume`.
    pub fn write_registers(self, resume: bool, values: &Registers) -> Result {
        let mut words = [0; 2 + registers::ORDER.len()];
        words[0] = if resume { RESUME } else { 0 };
        words[1] = registers::ORDER.len();
        for (word, register) in words[2..].iter_mut().zip(registers::ORDER) {
            *word = values.0[register];
        }
        invoke(self.0, Label::TcbWriteRegisters, &[], &words).map(drop)
    }

    /// Copies registers of another thread: those of `frame`, and the others (`integers`).
    pub fn copy_registers(
        self,
        source: Tcb,
        [suspend, resume, frame, integers]: [bool; 4],
    ) -> Result {
        let flags = [suspend, resume, frame, integers].into_iter().rev();
        let word = flags.fold(0, |word, flag| word << 1 | usize::from(flag));
        invoke(self.0, Label::TcbCopyRegisters, &[source.0], &[word]).map(drop)
    }

    /// Gives the thread its CSpace, address space, IPC buffer, and the address in its CSpace of the
    /// endpoint for its faults.
    pub fn configure(
        self,
        fault_endpoint: usize,
        (cspace, guard): (CNode, CNodeData),
        vspace: PageTable,
        (buffer, frame): (usize, Page),
    ) -> Result {
        let caps = [cspace.0, vspace.0, frame.0];
        invoke(self.0, Label::TcbConfigure, &caps, &[fault_endpoint, guard.0, 0, buffer]).map(drop)
    }

    /// As [`Tcb::configure`], without an IPC buffer.
    pub fn set_space(
        self,
        fault_endpoint: usize,
        (cspace, guard): (CNode, CNodeData),
        vspace: PageTable,
    ) -> Result {
        let caps = [cspace.0, vspace.0];
        invoke(self.0, Label::TcbSetSpace, &caps, &[fault_endpoint, guard.0, 0]).map(drop)
    }

    pub fn set_ipc_buffer(self, address: usize, frame: Page) -> Result {
        invoke(self.0, Label::TcbSetIpcBuffer, &[frame.0], &[address]).map(drop)
    }

    /// At most the most important priority that `authority` may give.
    pub fn set_priority(self, authority: Tcb, priority: usize) -> Result {
        invoke(self.0, Label::TcbSetPriority, &[authority.0], &[priority]).map(drop)
    }

    /// The most important priority that this thread may give.
    pub fn set_mc_priority(self, authority: Tcb, priority: usize) -> Result {
        invoke(self.0, Label::TcbSetMcPriority, &[authority.0], &[priority]).map(drop)
    }

    pub fn set_sched_params(self, authority: Tcb, mcp: usize, priority: usize) -> Result {
        invoke(self.0, Label::TcbSetSchedParams, &[authority.0], &[mcp, priority]).map(drop)
    }

    /// Moves the thread to a hart.
    pub fn set_affinity(self, hart: usize) -> Result {
        invoke(self.0, Label::TcbSetAffinity, &[], &[hart]).map(drop)
    }

    /// Sets `tp`, which here is the address of the thread's IPC buffer.
    pub fn set_tls_base(self, address: usize) -> Result {
        invoke(self.0, Label::TcbSetTlsBase, &[], &[address]).map(drop)
    }

    /// Clears flags, then sets others. Returns the flags after that.
    pub fn set_flags(self, clear: usize, set: usize) -> Result<usize> {
        invoke(self.0, Label::TcbSetFlags, &[], &[clear, set]).map(|words: [_; REGISTERS]| words[0])
    }

    pub fn suspend(self) -> Result {
        invoke(self.0, Label::TcbSuspend, &[], &[]).map(drop)
    }

    pub fn resume(self) -> Result {
        invoke(self.0, Label::TcbResume, &[], &[]).map(drop)
    }

    /// The thread's waiting for messages sees signals of this notification, too.
    pub fn bind(self, notification: Notification) -> Result {
        invoke(self.0, Label::TcbBindNotification, &[notification.0], &[]).map(drop)
    }

    pub fn unbind(self) -> Result {
        invoke(self.0, Label::TcbUnbindNotification, &[], &[]).map(drop)
    }
}

impl Domain {
    pub fn set(self, thread: Tcb, domain: usize) -> Result {
        invoke(self.0, Label::DomainSet, &[thread.0], &[domain]).map(drop)
    }
}

impl Endpoint {
    /// No endpoint: faults of a thread then end it.
    pub const NONE: usize = abi::slot::NULL;
}
