//! The victim: a receiver that nobody sends to. It makes one system call.

use calls::Call;
use process::{Thread, hostile::VICTIM_HART};
use supervisor::hal::{
    context::reg,
    csr,
    soc::{cause, csr as number},
};

/// Entry of UINTC.
pub const ENTRY: u16 = 100;

const INSN_BYTES: usize = 4;

/// Runs it for ever.
pub fn run(thread: &mut Thread) -> ! {
    loop {
        thread.run();
        let context = &mut thread.context;
        let scause = csr::read::<{ number::SCAUSE }>();
        let call = Call::from_number(context.registers[reg::A7]);
        if (scause, call) != (cause::ECALL_U, Some(Call::RegisterReceiver)) {
            panic!("victim at {:#x}: cause {scause:#x}", context.pc);
        }
        context.pc += INSN_BYTES;
        context.registers[reg::A0] = 0;
        thread.become_receiver(VICTIM_HART, ENTRY);
    }
}
