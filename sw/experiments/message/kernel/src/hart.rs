//! A hart with its one thread, and its system calls.

use calls::{Call, REFUSED};
use process::{Thread, uintc, write};
use supervisor::{
    exit,
    hal::{
        context::reg,
        csr::{self, INTERRUPT},
        soc::{cause, csr as number, irq},
    },
};
use uintc::{Location, SenderEntry};
use uintr::Vector;

const ECALL_BYTES: usize = 4;
const USER_SOFTWARE: usize = INTERRUPT | irq::USI;

/// Entry of UINTC, of hart 0, by which the kernels of both harts interrupt each other. While no
/// process is a receiver the harts' lines are the kernel's: they interrupt it, and no firmware.
const ENTRY: u16 = 2;
const VECTOR: Vector = Vector::new(0);
const HARTS: usize = 2;

/// A hart and its thread.
#[derive(Debug)]
pub struct Hart {
    id: u16,
    thread: Thread,
    /// Whether the thread was signalled while it ran.
    signalled: bool,
}

impl Hart {
    pub fn new(id: u16, thread: Thread) -> Self {
        Self { id, thread, signalled: false }
    }

    /// Runs the thread for ever.
    pub fn run(&mut self) -> ! {
        uintc().clear(self.entry());
        uintc().set_location(self.entry(), Location::on(self.id));
        self.thread.switch_to(self.id);
        // SAFETY: interrupts are off in S-mode: this one ends what runs in U-mode.
        unsafe { csr::write::<{ number::SIE }>(1 << irq::USI) };
        loop {
            self.thread.run();
            match csr::read::<{ number::SCAUSE }>() {
                USER_SOFTWARE => self.signalled |= self.take_signal(),
                cause => self.serve(cause),
            }
        }
    }

    fn serve(&mut self, scause: usize) {
        let context = &mut self.thread.context;
        if scause != cause::ECALL_U {
            let stval = csr::read::<{ number::STVAL }>();
            let overflow = process::overflow(scause, stval);
            let (hart, pc) = (self.id, context.pc);
            panic!("hart {hart} at {pc:#x}: {overflow}cause {scause:#x}, value {stval:#x}");
        }
        context.pc += ECALL_BYTES;
        let [a0, a1] = [context.registers[reg::A0], context.registers[reg::A1]];
        let call = Call::from_number(context.registers[reg::A7]);
        self.thread.context.registers[reg::A0] = match call {
            Some(Call::Signal) => self.signal(a0),
            Some(Call::Sleep) => self.sleep(),
            Some(Call::Write) => write(a0, a1).unwrap_or(REFUSED),
            Some(Call::Exit) => exit(a0),
            Some(Call::RegisterReceiver) => {
                // From now on the line is the process's, whose entry is its number.
                uintc().set_active(self.entry(), false);
                self.thread.become_receiver(self.id, self.thread.process);
                0
            }
            Some(Call::RegisterSender) => self.register_sender(a0, a1).unwrap_or(REFUSED),
            _ => REFUSED,
        };
    }

    fn entry(&self) -> u16 {
        ENTRY + self.id
    }

    fn take_signal(&self) -> bool {
        uintc().take_pending(self.entry()).0 != 0
    }

    fn signal(&self, peer: usize) -> usize {
        if peer >= HARTS {
            return REFUSED;
        }
        // What the thread has written is seen by the other.
        riscv::asm::fence();
        uintc().send(ENTRY + peer as u16, VECTOR);
        0
    }

    /// Stops the hart until its thread has been signalled.
    fn sleep(&mut self) -> usize {
        while !core::mem::take(&mut self.signalled) {
            riscv::asm::wfi();
            self.signalled = self.take_signal();
        }
        0
    }

    fn register_sender(&self, peer: usize, vector: usize) -> Option<usize> {
        let vector = Vector::try_from(vector).ok()?;
        let receiver = (peer < HARTS).then_some(peer as u16)?;
        Some(self.thread.senders.insert(SenderEntry { vector, receiver })?.0)
    }
}
