//! Signals: interrupts between harts that call a function of the receiver.

use crate::{hart::Hart, serve};
use calls::{Call, REFUSED};
use supervisor::{
    hal::{
        context::{Context, reg},
        csr,
        soc::{cause, csr as number, irq},
    },
    sbi_rt::{self, HartMask},
};

/// Registers that the handler finds as they were: stack, global and thread pointer.
const KEPT: [usize; 3] = [reg::SP, reg::GP, reg::TP];

/// How the receiver takes signals. Its handler has a context of its own, so that nothing is copied to
/// save what it interrupts.
#[derive(Debug)]
pub struct Signals {
    pub handler: usize,
    context: Context,
}

impl Signals {
    pub const fn new() -> Self {
        Self { handler: 0, context: Context::new(0) }
    }
}

impl Hart {
    /// The interrupt between harts: runs the handler until it returns, and once more if there was
    /// another meanwhile.
    #[cold]
    #[inline(never)]
    pub fn take_signal(&mut self) {
        let mut pending = true;
        while pending {
            withdraw();
            pending = false;
            let (handler, interrupted) = (&mut self.signals.context, &self.receiver.context);
            handler.pc = self.signals.handler;
            for register in KEPT {
                handler.registers[register] = interrupted.registers[register];
            }
            loop {
                process::run(&mut self.signals.context);
                let scause = csr::read::<{ number::SCAUSE }>();
                if scause == serve::SUPERVISOR_SOFTWARE {
                    withdraw();
                    pending = true;
                } else if !self.serve_handler(scause) {
                    break;
                }
            }
        }
    }

    /// Serves the exception of the handler: it may signal and return. Returns `false` when it has
    /// returned.
    fn serve_handler(&mut self, scause: usize) -> bool {
        let context = &mut self.signals.context;
        if scause != cause::ECALL_U {
            serve::refuse(self.id, context.pc, scause);
        }
        context.pc += serve::ECALL_BYTES;
        let peer = context.registers[reg::A0];
        let result = match Call::from_number(context.registers[reg::A7]) {
            Some(Call::Signal) => signal(peer),
            Some(Call::SignalReturn) => return false,
            _ => REFUSED,
        };
        context.registers[reg::A0] = result;
        true
    }
}

/// Interrupts the hart of a peer; an error of the SBI, or 0.
pub fn signal(peer: usize) -> usize {
    sbi_rt::send_ipi(HartMask::from_mask_base(1, peer)).error
}

fn withdraw() {
    // SAFETY: the interrupt of S-mode that is being served.
    unsafe { csr::clear::<{ number::SIP }>(1 << irq::SSI) };
}
