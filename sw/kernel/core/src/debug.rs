//! System calls for debugging, and printing.

use crate::{Kernel, Kind, Tcb, machine::Machine, object::reg};
use abi::{Syscall, message::place};

impl<M: Machine> Kernel<M> {
    /// Does a call for debugging. Returns false if it is none.
    pub(crate) fn debug_call(&mut self, call: Syscall) -> bool {
        let current = self.current();
        match call {
            Syscall::DebugPutChar => {
                let character = current.register(self, reg::A0) as u8;
                self.machine.put_char(character);
            }
            Syscall::DebugHalt => self.machine.halt(),
            Syscall::DebugCapIdentify => {
                let address = current.register(self, reg::CAP);
                let kind = self
                    .lookup_slot(current, address)
                    .map_or(Kind::Null, |slot| slot.cap(self).kind());
                current.set_register(self, reg::A0, kind as usize);
            }
            Syscall::DebugNameThread => self.name_thread(),
            Syscall::DebugDumpScheduler
            | Syscall::DebugSnapshot
            | Syscall::DebugSendIpi
            | Syscall::BenchmarkNullSyscall => {}
            _ => return false,
        }
        true
    }

    fn name_thread(&mut self) {
        let current = self.current();
        let address = current.register(self, reg::CAP);
        let (Ok(slot), Some(buffer)) =
            (self.lookup_slot(current, address), self.ipc_buffer(current, false))
        else {
            return;
        };
        let cap = slot.cap(self);
        if !cap.is(Kind::Thread) {
            return;
        }
        for index in 0..Tcb::NAME_WORDS {
            let word = self.machine.load_shared(buffer + 8 * (place::WORDS + index));
            Tcb(cap.pointer()).set_name_word(self, index, word);
        }
    }

    pub(crate) fn print(&mut self, text: &str) {
        for character in text.bytes() {
            self.machine.put_char(character);
        }
    }

    /// Prints a number in hexadecimal.
    pub(crate) fn print_number(&mut self, number: usize) {
        self.print("0x");
        let digits = (usize::BITS - number.leading_zeros()).div_ceil(4).max(1);
        for digit in (0..digits).rev() {
            let digit = number >> (4 * digit) & 15;
            self.machine.put_char(b"0123456789abcdef"[digit]);
        }
    }

    /// Prints a thread's name, or its address.
    pub(crate) fn print_name(&mut self, thread: Tcb) {
        if thread.name_word(self, 0) & 0xff == 0 {
            self.print_number(thread.0);
            return;
        }
        for index in 0..Tcb::NAME_WORDS {
            for byte in thread.name_word(self, index).to_le_bytes() {
                if byte == 0 {
                    return;
                }
                self.machine.put_char(if byte.is_ascii_graphic() { byte } else { b'?' });
            }
        }
    }
}
