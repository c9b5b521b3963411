//! The system calls of the receiver threads.

use crate::{hart::Hart, signals::signal};
use calls::{Call, REFUSED};
use process::{PROCESSES, write};
use supervisor::{
    exit,
    hal::{
        context::reg,
        csr::{self, INTERRUPT},
        soc::{cause, csr as number, irq},
    },
};
use uintc::SenderEntry;
use uintr::Vector;

pub const ECALL_BYTES: usize = 4;
pub const SUPERVISOR_SOFTWARE: usize = INTERRUPT | irq::SSI;

impl Hart {
    /// Serves the exception of the receiver. Only a system call is allowed.
    pub fn serve(&mut self, scause: usize) {
        let context = &mut self.receiver.context;
        if scause != cause::ECALL_U {
            refuse(self.id, context.pc, scause);
        }
        context.pc += ECALL_BYTES;
        let registers = &context.registers;
        let [a0, a1] = [registers[reg::A0], registers[reg::A1]];
        let call = Call::from_number(registers[reg::A7]);
        self.receiver.context.registers[reg::A0] = match call {
            Some(Call::Write) => write(a0, a1).unwrap_or(REFUSED),
            Some(Call::Exit) => exit(a0),
            Some(Call::RegisterReceiver) => {
                // A process has one receiver. Its entry is the number of the process.
                self.receiver.become_receiver(self.id, self.receiver.process);
                0
            }
            Some(Call::RegisterSender) => self.register_sender(a0, a1).unwrap_or(REFUSED),
            Some(Call::Wait) => {
                self.wait();
                0
            }
            Some(Call::Compete) => {
                self.competing = a0;
                0
            }
            Some(Call::HandleSignals) => {
                self.signals.handler = a0;
                0
            }
            Some(Call::Signal) => signal(a0),
            Some(Call::Exchange) => {
                self.receiver.context.registers[reg::A0] = 0;
                if self.exchange() {
                    return;
                }
                REFUSED
            }
            Some(Call::ExchangeCycle) => self.exchanged.get(a0).copied().unwrap_or(REFUSED),
            Some(Call::SignalReturn | Call::Reach | Call::Sleep) | None => REFUSED,
        };
    }

    fn register_sender(&self, peer: usize, vector: usize) -> Option<usize> {
        let vector = Vector::try_from(vector).ok()?;
        let receiver = (peer < PROCESSES).then_some(peer as u16)?;
        Some(self.receiver.senders.insert(SenderEntry { vector, receiver })?.0)
    }
}

/// Ends the run: a thread did what it may not.
#[cold]
pub fn refuse(hart: u16, pc: usize, scause: usize) -> ! {
    let stval = csr::read::<{ number::STVAL }>();
    let overflow = process::overflow(scause, stval);
    panic!("hart {hart} at {pc:#x}: {overflow}cause {scause:#x}, value {stval:#x}");
}
