//! Reading, writing and copying the registers of a thread.

use crate::{
    Failure, Kernel, Kind, Tcb, invocation::Invocation, machine::Machine, object::reg,
    registers::PLACES,
};
use abi::registers::FRAME;

/// Bits of the first word of these messages.
const SUSPEND_SOURCE: usize = 1;
const RESUME_TARGET: usize = 1;
const COPY_RESUME_TARGET: usize = 2;
const COPY_FRAME: usize = 4;
const COPY_INTEGERS: usize = 8;

impl<M: Machine> Kernel<M> {
    pub(crate) fn read_registers(&mut self, call: &Invocation, thread: Tcb) -> Result<(), Failure> {
        let [flags, count] = self.arguments(call)?;
        if !(1..=PLACES.len()).contains(&count) {
            return Err(Failure::RangeError(1, PLACES.len()));
        }
        if thread == call.thread {
            return Err(Failure::IllegalOperation);
        }
        self.begin(call);
        self.leave_hart_and_stay(thread);
        if flags & SUSPEND_SOURCE != 0 {
            self.suspend(thread);
        }
        let words = PLACES.map(|place| thread.register(self, place));
        self.finish_with(call, &words[..count]);
        Ok(())
    }

    pub(crate) fn write_registers(
        &mut self,
        call: &Invocation,
        thread: Tcb,
    ) -> Result<(), Failure> {
        let [flags, count] = self.arguments(call)?;
        if call.length - 2 < count {
            return Err(Failure::TruncatedMessage);
        }
        if thread == call.thread {
            return Err(Failure::IllegalOperation);
        }
        self.begin(call);
        self.leave_hart_and_stay(thread);
        for (index, place) in PLACES.into_iter().enumerate().take(count) {
            let word = self.argument(call, 2 + index);
            thread.set_register(self, place, word);
        }
        self.begin_at_fault_ip(thread);
        if flags & RESUME_TARGET != 0 {
            self.restart(thread);
        }
        Ok(())
    }

    pub(crate) fn copy_registers(&mut self, call: &Invocation, target: Tcb) -> Result<(), Failure> {
        let [flags] = self.arguments(call)?;
        let source = call.extra(0)?.cap(self);
        if !source.is(Kind::Thread) {
            return Err(Failure::InvalidCapability(1));
        }
        let source = Tcb(source.pointer());
        self.begin(call);
        self.leave_hart_and_stay(source);
        self.leave_hart_and_stay(target);
        if flags & SUSPEND_SOURCE != 0 {
            self.suspend(source);
        }
        if flags & COPY_RESUME_TARGET != 0 {
            self.restart(target);
        }
        if flags & COPY_FRAME != 0 {
            self.copy_places(source, target, &PLACES[..FRAME]);
            self.begin_at_fault_ip(target);
        }
        if flags & COPY_INTEGERS != 0 {
            self.copy_places(source, target, &PLACES[FRAME..]);
        }
        if self.is_current(target) {
            self.reschedule();
        }
        Ok(())
    }

    fn copy_places(&mut self, source: Tcb, target: Tcb, places: &[usize]) {
        for place in places {
            let word = source.register(self, *place);
            target.set_register(self, *place, word);
        }
    }

    fn begin_at_fault_ip(&mut self, thread: Tcb) {
        let ip = thread.register(self, reg::FAULT_IP);
        thread.set_register(self, reg::NEXT_IP, ip);
    }

    /// Gets the registers of a thread that another hart runs into its TCB. The thread is queued to
    /// go on.
    fn leave_hart_and_stay(&mut self, thread: Tcb) {
        if self.runs_elsewhere(thread) {
            self.leave_hart(thread);
            self.append(thread);
        }
    }
}
