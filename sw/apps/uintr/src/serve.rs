//! The system calls of the receiver threads.

use crate::hart::Hart;
use calls::{Call, REFUSED};
use process::write;
use supervisor::{
    exit,
    hal::{
        context::reg,
        csr,
        soc::{HARTS, cause, csr as number},
    },
    sbi_rt::{self, HartMask},
};
use uintc::SenderEntry;
use uintr::Vector;

const ECALL_BYTES: usize = 4;

impl Hart {
    /// Serves the exception for which the receiver trapped; only a system call is one.
    pub fn serve(&mut self, scause: usize) {
        let context = &mut self.receiver.context;
        if scause != cause::ECALL_U {
            let stval = csr::read::<{ number::STVAL }>();
            panic!("hart {} at {:#x}: cause {scause:#x}, value {stval:#x}", self.id, context.pc);
        }
        context.pc += ECALL_BYTES;
        let registers = &context.registers;
        let [a0, a1] = [registers[reg::A0], registers[reg::A1]];
        let call = Call::from_number(registers[reg::A7]);
        self.receiver.context.registers[reg::A0] = match call {
            Some(Call::Write) => write(a0, a1).unwrap_or(REFUSED),
            Some(Call::Exit) => exit(a0),
            Some(Call::RegisterReceiver) => {
                // A process has one receiver, whose entry is its number.
                self.receiver.become_receiver(self.id, self.id);
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
            Some(Call::Signal) => sbi_rt::send_ipi(HartMask::from_mask_base(1, a0)).error,
            Some(Call::SignalReturn) => {
                if let Some(interrupted) = self.signals.interrupted.take() {
                    self.receiver.context = interrupted;
                    self.deliver_signal();
                }
                return;
            }
            Some(Call::Reach) | None => REFUSED,
        };
    }

    fn register_sender(&self, peer: usize, vector: usize) -> Option<usize> {
        let vector = Vector::try_from(vector).ok()?;
        let receiver = (peer < HARTS).then_some(peer as u16)?;
        Some(self.senders.insert(SenderEntry { vector, receiver })?.0)
    }
}
