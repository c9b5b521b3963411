//! Invocations of the domain control.

use crate::{
    Failure, Kernel, Kind, Tcb,
    invocation::Invocation,
    kernel::{DOMAINS, DomainTime},
    machine::Machine,
    schedule::is_runnable,
};
use abi::{DOMAIN_SCHEDULE_ENTRIES, Label};

/// Most ticks of an entry of the schedule.
const MAX_TICKS: usize = (1 << 56) - 1;
const LAST: usize = DOMAIN_SCHEDULE_ENTRIES - 1;

impl<M: Machine> Kernel<M> {
    pub(crate) fn invoke_domain(&mut self, call: &Invocation) -> Result<(), Failure> {
        match Label::from_number(call.info.label()) {
            Some(Label::DomainSet) => self.set_domain(call),
            Some(Label::DomainScheduleConfigure) => self.configure_schedule(call),
            Some(Label::DomainScheduleSetStart) => self.start_schedule(call),
            _ => Err(Failure::IllegalOperation),
        }
    }

    fn set_domain(&mut self, call: &Invocation) -> Result<(), Failure> {
        let [domain] = self.arguments(call)?;
        if domain >= DOMAINS {
            return Err(Failure::InvalidArgument(0));
        }
        let cap = call.extra(0)?.cap(self);
        if !cap.is(Kind::Thread) {
            return Err(Failure::InvalidArgument(1));
        }
        self.begin(call);
        let thread = Tcb(cap.pointer());
        let elsewhere = self.runs_elsewhere(thread);
        self.leave_hart(thread);
        self.dequeue(thread);
        thread.set_domain(self, domain);
        if self.is_current(thread) {
            self.reschedule();
        } else if elsewhere || is_runnable(thread.state(self)) {
            self.append(thread);
        }
        Ok(())
    }

    fn configure_schedule(&mut self, call: &Invocation) -> Result<(), Failure> {
        let [index, domain, ticks] = self.arguments(call)?;
        if index >= LAST {
            return Err(Failure::RangeError(0, LAST - 1));
        }
        if domain >= DOMAINS {
            return Err(Failure::RangeError(0, DOMAINS - 1));
        }
        if ticks > MAX_TICKS {
            return Err(Failure::InvalidArgument(2));
        }
        if ticks == 0 && domain != 0 {
            return Err(Failure::InvalidArgument(1));
        }
        if ticks == 0 && index == self.domain_start {
            return Err(Failure::InvalidArgument(2));
        }
        self.begin(call);
        self.domain_schedule[index] = DomainTime { domain, ticks };
        Ok(())
    }

    fn start_schedule(&mut self, call: &Invocation) -> Result<(), Failure> {
        let [index] = self.arguments(call)?;
        if index > LAST {
            return Err(Failure::RangeError(0, LAST));
        }
        if self.domain_schedule[index].ticks == 0 {
            return Err(Failure::InvalidArgument(0));
        }
        self.begin(call);
        self.domain_start = index;
        self.domain_ticks = 0;
        self.domain_index = LAST - 1;
        self.domain_changes();
        Ok(())
    }
}
