//! What only the RTL can know about a step, as its record shows it.

use super::record::{Record, byte_mask};
use crate::bus::BusError;
use crate::decode::{Code, Op};
use crate::hart::Csrs;
use crate::outside::Given;
use crate::soc::{cause, csr, irq};

/// The outside of the step that `seen` tells about, whose instruction is `op`.
pub fn given(csr: &Csrs, op: &Op, seen: &Record) -> Given {
    let lines = lines(csr, op, seen);
    let refused = seen.trap == 1 && seen.cause == cause::LOAD_ACCESS as u64;
    let answer = match seen.mem_rmask {
        0 => seen.rd_data,
        mask => seen.mem_rdata & byte_mask(mask),
    };
    Given {
        lines,
        time: time(lines),
        interrupt: (seen.trap == 1 && seen.interrupt == 1).then_some(seen.cause),
        answers: [if refused { Err(BusError) } else { Ok(answer) }].into(),
        answers_may_stay: true,
        counter: Some(seen.rd_data),
        sc: matches!(op.code, Code::ScW | Code::ScD).then_some(seen.mem_wmask != 0),
    }
}

/// A time that agrees with the lines: with Sstc, that of the timer is a comparison with the time.
pub fn time(lines: u64) -> u64 {
    if lines >> irq::STI & 1 != 0 { u64::MAX } else { 0 }
}

/// The lines for an instruction. They may have changed since the hart looked for interrupts, and one
/// that reads them shows what they are now. Latches are not among them.
fn lines(csr: &Csrs, op: &Op, seen: &Record) -> u64 {
    if op.code != Code::Csr || seen.trap == 1 {
        return seen.lines;
    }
    let visible = match (seen.insn >> 20) as u16 {
        csr::MIP => u64::MAX,
        csr::SIP => csr.mideleg,
        csr::UIP => csr.to_user(),
        _ => 0,
    };
    seen.lines & !visible | seen.rd_data & visible
}
