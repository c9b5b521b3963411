//! How a run ended: as JSON, and as text if the program did not pass.

use std::fs;
use std::io;
use std::path::Path;
use std::time::Duration;

use emulator::bus::Bus;
use emulator::hart::{EVENT_COUNT, Hart, Taken};
use emulator::machine::Machine;
use serde_json::{Map, Value, json};

use super::commit_log::{cause_text, letter};
use super::disassembler::Disassembler;

/// Names of the selectors of `mhpmevent`, in the JSON.
const EVENTS: [&str; EVENT_COUNT] = [
    "none",
    "instruction",
    "trap_m",
    "trap_s",
    "user_interrupt",
    "uipi",
    "icache_miss",
    "dcache_miss",
    "itlb_miss",
    "dtlb_miss",
    "branch_mispredict",
    "stall",
    "uipi_refused",
];

/// The end of a run. The words and numbers are those of `rel4 sim`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The program passed.
    Passed,
    /// It failed with this code.
    Failed(u64),
    /// It was still running.
    CycleLimit,
    /// A signal came.
    Interrupted(i32),
}

impl Outcome {
    fn word(self) -> &'static str {
        match self {
            Outcome::Passed => "passed",
            Outcome::Failed(_) => "failed",
            Outcome::CycleLimit => "cycle_limit",
            Outcome::Interrupted(_) => "interrupted",
        }
    }

    /// Exit status of the process.
    pub fn exit_status(self) -> u8 {
        match self {
            Outcome::Passed => 0,
            Outcome::Failed(_) => 1,
            Outcome::CycleLimit => 124,
            Outcome::Interrupted(signal) => 128 + signal as u8,
        }
    }

    fn code(self) -> Value {
        match self {
            Outcome::Passed => json!(0),
            Outcome::Failed(code) => json!(code),
            _ => Value::Null,
        }
    }
}

/// The result as JSON.
pub fn json(machine: &Machine, outcome: Outcome, cycles: u64, time: Duration) -> Value {
    let instructions: u64 = machine.harts.iter().map(|hart| hart.counters.retired).sum();
    let seconds = time.as_secs_f64();
    let rate =
        |count: u64, unit: f64| if seconds > 0.0 { count as f64 / seconds / unit } else { 0.0 };
    let harts: Vec<Value> = machine.harts.iter().map(|hart| of_hart(hart, cycles)).collect();
    json!({
        "status": outcome.word(),
        "exit_code": outcome.code(),
        "cycles": cycles,
        "instructions": instructions,
        "seconds": (seconds * 1e3).round() / 1e3,
        "sim_khz": (rate(cycles, 1e3) * 10.0).round() / 10.0,
        "mips": (rate(instructions, 1e6) * 10.0).round() / 10.0,
        "harts": harts,
    })
}

fn of_hart(hart: &Hart, cycles: u64) -> Value {
    let counters: Map<String, Value> = (1..EVENT_COUNT)
        .map(|selector| (EVENTS[selector].into(), json!(hart.counters.event(selector))))
        .collect();
    json!({ "cycles": cycles, "instructions": hart.counters.retired, "counters": counters })
}

/// Writes a file whole or not at all; to a device directly.
pub fn write(path: &Path, value: &Value) -> io::Result<()> {
    let text = format!("{value}\n");
    if fs::metadata(path).is_ok_and(|data| !data.is_file()) {
        return fs::write(path, text);
    }
    let mut partial = path.as_os_str().to_owned();
    partial.push(".partial");
    fs::write(&partial, text)
        .and_then(|()| fs::rename(&partial, path))
        .inspect_err(|_| drop(fs::remove_file(&partial)))
}

/// What the harts were doing, on standard error.
pub fn explain(machine: &Machine, outcome: Outcome, cycles: u64, disassembler: &mut Disassembler) {
    match outcome {
        Outcome::Passed => return,
        Outcome::Failed(code) => {
            eprintln!("rel4 emu: failed with code {code} in cycle {cycles}");
        }
        Outcome::CycleLimit => eprintln!("rel4 emu: no end after {cycles} cycles"),
        Outcome::Interrupted(_) => eprintln!("rel4 emu: interrupted in cycle {cycles}"),
    }
    for hart in &machine.harts {
        explain_hart(hart, &machine.bus, disassembler);
    }
}

/// One to three lines: where the hart is, and the traps that it took last.
fn explain_hart(hart: &Hart, bus: &Bus, disassembler: &mut Disassembler) {
    let next = match hart.fetch(bus, hart.pc) {
        Ok(insn) => format!("next {} ({insn:08x})", disassembler.text(insn)),
        Err(trap) => format!("next cannot be fetched (cause {})", trap.cause),
    };
    let waits = if hart.waiting { "waits, " } else { "" };
    eprintln!(
        "hart {}: {}-mode, pc {:016x}, {waits}{next}, {} instructions retired",
        hart.id,
        letter(hart.privilege),
        hart.pc,
        hart.counters.retired
    );
    if let (Some(first), Some(last)) = (&hart.first_trap, &hart.last_trap) {
        if first.cycle != last.cycle {
            explain_trap("first", first);
        }
        explain_trap("last", last);
    }
}

fn explain_trap(which: &str, trap: &Taken) {
    let text = cause_text(trap);
    eprintln!("        {which} trap at {:016x}: {text} in cycle {}", trap.pc, trap.cycle);
}
