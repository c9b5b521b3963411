//! The machine that the harness describes.

use std::fs;

use super::checker::Lockstep;
use crate::arguments::{Numbers, Segment, program, segment};
use crate::machine::Machine;

/// Reads arguments, one a line and in pairs, as the emulator's own.
pub fn start(arguments: &str) -> Result<Lockstep, String> {
    let mut numbers = Numbers::default();
    let (mut image, mut rom, mut segments) = (String::new(), String::new(), Vec::<Segment>::new());
    let mut lines = arguments.lines();
    while let Some(name) = lines.next() {
        let value = lines.next().ok_or(format!("{name} has no value"))?;
        match name {
            "--image" => image = value.into(),
            "--rom" => rom = value.into(),
            "--segment" => segments.push(segment(value)?),
            _ => numbers.set(name, value)?,
        }
    }
    let read = |path: &str| fs::read(path).map_err(|error| format!("{path}: {error}"));
    let mut config = numbers.config();
    config.bus.rom = read(&rom)?;
    let program =
        program(&read(&image)?, &segments).ok_or(format!("{image}: changed while it was read"))?;
    Ok(Lockstep::new(Machine::new(config, program)))
}
