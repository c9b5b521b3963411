//! Threads and their state beyond the registers.

use crate::{Process, memory::uintc};
use supervisor::hal::{
    context::{Context, Supervisor},
    csr::{self, status},
    soc::{csr as number, irq},
};
use uintc::{Location, SenderTable, suirs, suist};

/// The user-level trap CSRs. U-mode can read all of them, so all of them change with the thread.
#[derive(Clone, Copy, Debug, Default)]
pub struct UserCsrs {
    pub status: usize,
    enabled: usize,
    vector: usize,
    scratch: usize,
    pc: usize,
    cause: usize,
    value: usize,
}

impl UserCsrs {
    fn save() -> Self {
        Self {
            status: csr::read::<{ number::USTATUS }>(),
            enabled: csr::read::<{ number::UIE }>(),
            vector: csr::read::<{ number::UTVEC }>(),
            scratch: csr::read::<{ number::USCRATCH }>(),
            pc: csr::read::<{ number::UEPC }>(),
            cause: csr::read::<{ number::UCAUSE }>(),
            value: csr::read::<{ number::UTVAL }>(),
        }
    }

    fn restore(self) {
        // All are loaded before the first is written: a write waits for its load otherwise.
        let Self { status, enabled, vector, scratch, pc, cause, value } = self;
        // SAFETY: these concern U-mode alone.
        unsafe {
            csr::write::<{ number::USTATUS }>(status);
            csr::write::<{ number::UIE }>(enabled);
            csr::write::<{ number::UTVEC }>(vector);
            csr::write::<{ number::USCRATCH }>(scratch);
            csr::write::<{ number::UEPC }>(pc);
            csr::write::<{ number::UCAUSE }>(cause);
            csr::write::<{ number::UTVAL }>(value);
        }
    }
}

/// A thread. It has cache lines of its own, because different harts run different threads.
#[derive(Debug)]
#[repr(align(64))]
pub struct Thread {
    /// Number of its process.
    pub process: u16,
    pub senders: &'static SenderTable,
    pub context: Context,
    pub csrs: UserCsrs,
    /// Entry of UINTC, of a receiver.
    pub receiver: Option<u16>,
    satp: usize,
    suist: usize,
}

impl Thread {
    /// A thread of `process`.
    pub fn new(process: &Process, context: Context) -> Self {
        let suist = suist(process.senders as *const _ as usize, 1);
        Self {
            process: process.id,
            senders: process.senders,
            context,
            csrs: UserCsrs::default(),
            receiver: None,
            satp: process.satp,
            suist,
        }
    }

    /// Gives the hart to the thread: its address space, its CSRs, its user interrupts. From now on
    /// a receiver is interrupted on this hart. If the thread is no receiver, the interrupt goes to
    /// the kernel.
    pub fn switch_to(&self, hart: u16) {
        self.load();
        self.activate(hart);
    }

    /// All of [`Thread::switch_to`] except [`Thread::activate`], which must follow.
    pub fn load(&self) {
        // SAFETY: the kernel is mapped in every address space. What is delegated to U-mode, and the
        // tables that UIPI uses, are the thread's own.
        unsafe {
            csr::write::<{ number::SATP }>(self.satp);
            csr::write::<{ number::SUIST }>(self.suist);
            csr::write::<{ number::SUIRS }>(self.receiver.map_or(0, suirs));
            csr::write::<{ number::SIDELEG }>(1 << irq::USI);
            self.csrs.restore();
            if self.receiver.is_none() {
                csr::write::<{ number::SIDELEG }>(0);
            }
        }
    }

    /// From now on a receiver is interrupted on `hart`, also for vectors that are already pending.
    pub fn activate(&self, hart: u16) {
        if let Some(entry) = self.receiver {
            uintc().set_location(entry, Location::on(hart));
        }
    }

    /// Takes the hart away: keeps the CSRs.
    pub fn switch_from(&mut self) {
        self.csrs = UserCsrs::save();
    }

    /// Takes the hart away. What is sent to a receiver then waits for the next switch to it.
    pub fn switch_out(&mut self) {
        if let Some(entry) = self.receiver {
            uintc().set_active(entry, false);
        }
        self.switch_from();
    }

    /// Makes the running thread a receiver, with this entry of UINTC.
    pub fn become_receiver(&mut self, hart: u16, entry: u16) {
        self.receiver = Some(entry);
        // SAFETY: concerns U-mode alone.
        unsafe {
            csr::write::<{ number::SUIRS }>(suirs(entry));
            csr::write::<{ number::SIDELEG }>(1 << irq::USI);
        }
        uintc().clear(entry);
        uintc().set_location(entry, Location::on(hart));
    }

    /// Runs the thread until its next trap into the kernel. The kernel must have switched to it.
    pub fn run(&mut self) {
        run(&mut self.context);
    }
}

/// Runs a context of the thread to which the kernel has switched, until its next trap into the
/// kernel.
#[inline(always)]
pub fn run(context: &mut Context) {
    // SAFETY: the thread has memory of its own only; `SPP` is U.
    unsafe {
        csr::clear::<{ number::SSTATUS }>(status::SPP);
        context.run::<Supervisor>()
    };
}
