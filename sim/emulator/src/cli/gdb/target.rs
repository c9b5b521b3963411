//! A machine as `gdbstub` sees it: threads are harts, numbered from 1 on.

use emulator::debug::{Watch, Watchpoint};
use gdbstub::common::{Signal, Tid};
use gdbstub::target::ext::base::BaseOps;
use gdbstub::target::ext::base::multithread::{
    MultiThreadBase, MultiThreadResume, MultiThreadResumeOps, MultiThreadSchedulerLocking,
    MultiThreadSchedulerLockingOps, MultiThreadSingleStep, MultiThreadSingleStepOps,
};
use gdbstub::target::ext::base::single_register_access::{
    SingleRegisterAccess, SingleRegisterAccessOps,
};
use gdbstub::target::ext::breakpoints::{
    Breakpoints, BreakpointsOps, HwBreakpoint, HwBreakpointOps, HwWatchpoint, HwWatchpointOps,
    SwBreakpoint, SwBreakpointOps, WatchKind,
};
use gdbstub::target::ext::target_description_xml_override::{
    TargetDescriptionXmlOverride, TargetDescriptionXmlOverrideOps,
};
use gdbstub::target::ext::thread_extra_info::{ThreadExtraInfo, ThreadExtraInfoOps};
use gdbstub::target::{Target, TargetError, TargetResult};

use super::debuggee::{Debuggee, Register, Resume};
use super::registers::{Core, Rv64, description};

/// A machine and what its debugger wants.
pub struct Debugged<D> {
    /// The machine.
    pub machine: D,
    description: String,
    resume: Resume,
    /// The only thread that was told to continue or step.
    named: Option<usize>,
}

impl<D: Debuggee> Debugged<D> {
    /// Takes a machine.
    pub fn new(mut machine: D) -> Self {
        let description = description(&machine.csrs());
        Self { machine, description, resume: Resume::default(), named: None }
    }
}

/// The thread of a hart.
pub fn thread(hart: usize) -> Tid {
    Tid::MIN.saturating_add(hart)
}

fn hart(thread: Tid) -> usize {
    thread.get() - 1
}

fn done<D: Debuggee>(done: bool) -> TargetResult<(), Debugged<D>> {
    if done { Ok(()) } else { Err(TargetError::NonFatal) }
}

impl<D: Debuggee> Target for Debugged<D> {
    type Arch = Rv64;
    type Error = std::convert::Infallible;

    fn base_ops(&mut self) -> BaseOps<'_, Rv64, Self::Error> {
        BaseOps::MultiThread(self)
    }

    fn support_breakpoints(&mut self) -> Option<BreakpointsOps<'_, Self>> {
        Some(self)
    }

    fn support_target_description_xml_override(
        &mut self,
    ) -> Option<TargetDescriptionXmlOverrideOps<'_, Self>> {
        Some(self)
    }
}

impl<D: Debuggee> TargetDescriptionXmlOverride for Debugged<D> {
    fn target_description_xml(
        &self,
        annex: &[u8],
        offset: u64,
        length: usize,
        buf: &mut [u8],
    ) -> TargetResult<usize, Self> {
        if annex != b"target.xml" {
            return Err(TargetError::NonFatal);
        }
        let rest = self.description.as_bytes().get(offset as usize..).unwrap_or(&[]);
        let count = length.min(buf.len()).min(rest.len());
        buf[..count].copy_from_slice(&rest[..count]);
        Ok(count)
    }
}

impl<D: Debuggee> MultiThreadBase for Debugged<D> {
    fn read_registers(&mut self, regs: &mut Core, tid: Tid) -> TargetResult<(), Self> {
        let machine = &mut self.machine;
        let mut read =
            |register| machine.register(hart(tid), register).ok_or(TargetError::NonFatal);
        for (number, value) in (0..).zip(&mut regs.x) {
            *value = read(Register::X(number))?;
        }
        regs.pc = read(Register::Pc)?;
        Ok(())
    }

    fn write_registers(&mut self, regs: &Core, tid: Tid) -> TargetResult<(), Self> {
        for (number, &value) in (0..).zip(&regs.x) {
            done::<D>(self.machine.set_register(hart(tid), Register::X(number), value))?;
        }
        done::<D>(self.machine.set_register(hart(tid), Register::Pc, regs.pc))
    }

    fn support_single_register_access(&mut self) -> Option<SingleRegisterAccessOps<'_, Tid, Self>> {
        Some(self)
    }

    fn read_addrs(&mut self, address: u64, data: &mut [u8], tid: Tid) -> TargetResult<usize, Self> {
        match self.machine.read(hart(tid), address, data) {
            0 if !data.is_empty() => Err(TargetError::NonFatal),
            count => Ok(count),
        }
    }

    fn write_addrs(&mut self, address: u64, data: &[u8], tid: Tid) -> TargetResult<(), Self> {
        done::<D>(self.machine.write(hart(tid), address, data))
    }

    fn list_active_threads(&mut self, report: &mut dyn FnMut(Tid)) -> Result<(), Self::Error> {
        (0..self.machine.harts()).for_each(|hart| report(thread(hart)));
        Ok(())
    }

    fn support_resume(&mut self) -> Option<MultiThreadResumeOps<'_, Self>> {
        Some(self)
    }

    fn support_thread_extra_info(&mut self) -> Option<ThreadExtraInfoOps<'_, Self>> {
        Some(self)
    }
}

impl<D: Debuggee> SingleRegisterAccess<Tid> for Debugged<D> {
    fn read_register(
        &mut self,
        tid: Tid,
        id: Register,
        buf: &mut [u8],
    ) -> TargetResult<usize, Self> {
        let value = self.machine.register(hart(tid), id).ok_or(TargetError::NonFatal)?;
        let bytes = value.to_le_bytes();
        let count = buf.len().min(bytes.len());
        buf[..count].copy_from_slice(&bytes[..count]);
        Ok(count)
    }

    fn write_register(&mut self, tid: Tid, id: Register, value: &[u8]) -> TargetResult<(), Self> {
        let bytes = value.try_into().map_err(|_| TargetError::NonFatal)?;
        done::<D>(self.machine.set_register(hart(tid), id, u64::from_le_bytes(bytes)))
    }
}

impl<D: Debuggee> ThreadExtraInfo for Debugged<D> {
    fn thread_extra_info(&self, tid: Tid, buf: &mut [u8]) -> Result<usize, Self::Error> {
        let text = format!("hart {}, {}", hart(tid), self.machine.state(hart(tid)));
        let count = text.len().min(buf.len());
        buf[..count].copy_from_slice(&text.as_bytes()[..count]);
        Ok(count)
    }
}

impl<D: Debuggee> MultiThreadResume for Debugged<D> {
    fn resume(&mut self) -> Result<(), Self::Error> {
        self.machine.resume(self.resume);
        Ok(())
    }

    fn clear_resume_actions(&mut self) -> Result<(), Self::Error> {
        (self.resume, self.named) = (Resume::default(), None);
        Ok(())
    }

    fn set_resume_action_continue(
        &mut self,
        tid: Tid,
        _: Option<Signal>,
    ) -> Result<(), Self::Error> {
        self.named = Some(hart(tid));
        Ok(())
    }

    fn support_single_step(&mut self) -> Option<MultiThreadSingleStepOps<'_, Self>> {
        Some(self)
    }

    fn support_scheduler_locking(&mut self) -> Option<MultiThreadSchedulerLockingOps<'_, Self>> {
        Some(self)
    }
}

impl<D: Debuggee> MultiThreadSingleStep for Debugged<D> {
    fn set_resume_action_step(&mut self, tid: Tid, _: Option<Signal>) -> Result<(), Self::Error> {
        (self.resume.step, self.named) = (Some(hart(tid)), Some(hart(tid)));
        Ok(())
    }
}

impl<D: Debuggee> MultiThreadSchedulerLocking for Debugged<D> {
    fn set_resume_action_scheduler_lock(&mut self) -> Result<(), Self::Error> {
        self.resume.only = self.named.filter(|&hart| hart < self.machine.harts());
        Ok(())
    }
}

impl<D: Debuggee> Breakpoints for Debugged<D> {
    fn support_sw_breakpoint(&mut self) -> Option<SwBreakpointOps<'_, Self>> {
        Some(self)
    }

    fn support_hw_breakpoint(&mut self) -> Option<HwBreakpointOps<'_, Self>> {
        Some(self)
    }

    fn support_hw_watchpoint(&mut self) -> Option<HwWatchpointOps<'_, Self>> {
        Some(self)
    }
}

// Both kinds of breakpoint are the same: nothing is written to the program.
impl<D: Debuggee> SwBreakpoint for Debugged<D> {
    fn add_sw_breakpoint(&mut self, address: u64, _: usize) -> TargetResult<bool, Self> {
        Ok(self.machine.breakpoint(address, true))
    }

    fn remove_sw_breakpoint(&mut self, address: u64, _: usize) -> TargetResult<bool, Self> {
        Ok(self.machine.breakpoint(address, false))
    }
}

impl<D: Debuggee> HwBreakpoint for Debugged<D> {
    fn add_hw_breakpoint(&mut self, address: u64, _: usize) -> TargetResult<bool, Self> {
        Ok(self.machine.breakpoint(address, true))
    }

    fn remove_hw_breakpoint(&mut self, address: u64, _: usize) -> TargetResult<bool, Self> {
        Ok(self.machine.breakpoint(address, false))
    }
}

impl<D: Debuggee> HwWatchpoint for Debugged<D> {
    fn add_hw_watchpoint(
        &mut self,
        address: u64,
        bytes: u64,
        kind: WatchKind,
    ) -> TargetResult<bool, Self> {
        Ok(self.machine.watchpoint(Watchpoint { address, bytes, watch: watch(kind) }, true))
    }

    fn remove_hw_watchpoint(
        &mut self,
        address: u64,
        bytes: u64,
        kind: WatchKind,
    ) -> TargetResult<bool, Self> {
        Ok(self.machine.watchpoint(Watchpoint { address, bytes, watch: watch(kind) }, false))
    }
}

fn watch(kind: WatchKind) -> Watch {
    match kind {
        WatchKind::Read => Watch::Read,
        WatchKind::Write => Watch::Write,
        WatchKind::ReadWrite => Watch::Access,
    }
}
