//! Writes a checkpoint, in the first cycle in which the state can be restored.

use std::fs;
use std::path::Path;

use emulator::checkpoint::checkpoint;
use emulator::machine::{Machine, Stop};

/// Cycles that are tried.
const PATIENCE: u64 = 20_000;

/// Writes the file. Returns what is to be said, or why there is none.
pub fn write(machine: &mut Machine, path: &Path) -> Result<String, String> {
    let wanted = machine.cycle();
    let mut reason = None;
    let image = loop {
        let problem = match checkpoint(machine) {
            Ok(image) => break image,
            Err(problem) => problem,
        };
        let cycle = machine.cycle();
        let first = reason.get_or_insert(problem);
        if cycle >= wanted + PATIENCE {
            return Err(format!("no checkpoint in cycle {wanted} or {PATIENCE} later: {first}"));
        }
        if !matches!(machine.run(cycle + 1), Stop::Cycle) {
            let cycle = machine.cycle();
            return Err(format!("no checkpoint in cycle {wanted} or until {cycle}: {first}"));
        }
    };
    let mut partial = path.as_os_str().to_owned();
    partial.push(".partial");
    fs::write(&partial, image)
        .and_then(|()| fs::rename(&partial, path))
        .inspect_err(|_| drop(fs::remove_file(&partial)))
        .map_err(|error| format!("{}: {error}", path.display()))?;
    let text = format!("checkpoint in cycle {}", machine.cycle());
    Ok(match reason {
        None => text,
        Some(reason) => format!("{text}, since in cycle {wanted} {reason}"),
    })
}
