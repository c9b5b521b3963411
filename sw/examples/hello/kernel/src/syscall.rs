//! The two system calls: `a7` = 0 writes `a1` bytes at `a0`, `a7` = 1 exits with code `a0`.

use crate::process::{overflow, read_user};
use supervisor::{
    console, exit,
    hal::{
        context::{Context, reg},
        csr,
        soc::{cause, csr as number},
    },
};

const WRITE: usize = 0;
const EXIT: usize = 1;
const ECALL_BYTES: usize = 4;

/// Serves the system call for which the process trapped; any other trap ends it all.
pub fn serve(process: &mut Context) {
    let scause = csr::read::<{ number::SCAUSE }>();
    if scause != cause::ECALL_U {
        let stval = csr::read::<{ number::STVAL }>();
        let (overflow, pc) = (overflow(stval), process.pc);
        panic!("user program at {pc:#x}: {overflow}cause {scause:#x}, value {stval:#x}");
    }
    process.pc += ECALL_BYTES;
    let [a0, a1] = [process.registers[reg::A0], process.registers[reg::A1]];
    process.registers[reg::A0] = match process.registers[reg::A7] {
        WRITE => write(a0, a1),
        EXIT => exit(a0),
        _ => usize::MAX,
    };
}

/// Bytes written, perhaps fewer than asked for; all ones if none can be.
fn write(address: usize, length: usize) -> usize {
    let mut copy = [0; 128];
    let copy = &mut copy[..length.min(128)];
    if read_user(address, copy.len(), |bytes| copy.copy_from_slice(bytes)).is_none() {
        return usize::MAX;
    }
    console::write(copy);
    copy.len()
}
