//! Messages of faults, and the replies to them.

use crate::{Kernel, Tcb, machine::Machine, object::reg};
use abi::fault::{self, unknown_syscall, user_exception};

/// Registers of the message of an unknown system call, in its order.
const SYSCALL_REGISTERS: [usize; unknown_syscall::REPLY_LENGTH] =
    [reg::FAULT_IP, reg::SP, reg::RA, 10, 11, 12, 13, 14, 15, 16];
const EXCEPTION_REGISTERS: [usize; user_exception::REPLY_LENGTH] = [reg::FAULT_IP, reg::SP];

impl<M: Machine> Kernel<M> {
    /// Writes the message of the sender's fault to the receiver. Returns its length.
    pub(crate) fn write_fault(&mut self, sender: Tcb, receiver: Tcb, to: Option<usize>) -> usize {
        let ip = sender.register(self, reg::FAULT_IP);
        let mut words = [0; unknown_syscall::LENGTH];
        let word = |index| sender.fault_word(self, index);
        let length = match sender.fault_kind(self) {
            fault::CAP => {
                let failure: [usize; 4] = core::array::from_fn(|index| word(2 + index));
                words[..3].copy_from_slice(&[ip, word(0), word(1)]);
                words[3..7].copy_from_slice(&failure);
                // As many words as the kind of failure has.
                3 + abi::LookupFailure::from_words(failure).map_or(0, |failure| failure.words().1)
            }
            fault::UNKNOWN_SYSCALL => {
                for (place, register) in words.iter_mut().zip(SYSCALL_REGISTERS) {
                    *place = sender.register(self, register);
                }
                words[unknown_syscall::SYSCALL] = word(0);
                unknown_syscall::LENGTH
            }
            fault::USER_EXCEPTION => {
                words[..4].copy_from_slice(&[ip, sender.register(self, reg::SP), word(0), word(1)]);
                user_exception::LENGTH
            }
            _ => {
                words[..4].copy_from_slice(&[ip, word(0), word(1), word(2)]);
                fault::vm::LENGTH
            }
        };
        let mut written = 0;
        for (index, word) in words.into_iter().enumerate().take(length) {
            if self.write_word(receiver, to, index, word) {
                written = index + 1;
            }
        }
        written
    }

    /// Does what the handler `sender` replies to the fault of `receiver`. Returns whether that
    /// thread goes on.
    pub(crate) fn reply_to_fault(&mut self, sender: Tcb, receiver: Tcb) -> bool {
        let registers: &[usize] = match receiver.fault_kind(self) {
            fault::UNKNOWN_SYSCALL => &SYSCALL_REGISTERS,
            fault::USER_EXCEPTION => &EXCEPTION_REGISTERS,
            _ => return true,
        };
        let info = self.message_info(sender);
        let buffer = self.ipc_buffer(sender, false);
        let length = if buffer.is_none() { info.length().min(4) } else { info.length() };
        for (index, register) in registers.iter().enumerate().take(length) {
            let word = self.read_word(sender, buffer, index);
            receiver.set_register(self, *register, word);
        }
        info.label() == 0
    }
}
