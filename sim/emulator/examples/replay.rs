//! Replays operations that were recorded at a device and compares what it answered.
//!
//! `replay FILE...`. Each file is a trace of one device, from reset on. Its first line names the
//! device and its sizes; numbers are hexadecimal in all others:
//!
//! ```text
//! uintc receivers=5 harts=2            taic contexts=2 queues=2 ... (all sizes of `TaicConfig`)
//! write PORT OFFSET BYTES VALUE
//! read PORT OFFSET BYTES VALUE         VALUE is `fault` for an access fault
//! device LINES                         levels of the device lines, only for TAIC
//! lines USER SUPERVISOR                the lines to the harts, a bit each
//! ```
//!
//! Status 0: all answers agree. 1: the first one that does not is printed, after the operations
//! before it. 2: a file cannot be read.

use std::fs;
use std::process::ExitCode;

use emulator::bus::BusError;
use emulator::taic::{Taic, TaicConfig};
use emulator::uintc::Uintc;

/// Operations that are shown before the one that disagrees.
const SHOWN: usize = 24;

enum Device {
    Uintc(Uintc),
    Taic(Box<Taic>),
}

/// Why a replay ended early.
enum Stop {
    /// The line, counted from 0, and what the model gives there.
    Disagreement(usize, String),
    Bad(String),
}

fn main() -> ExitCode {
    let files: Vec<String> = std::env::args().skip(1).collect();
    if files.is_empty() {
        eprintln!("replay: no trace is given: replay FILE...");
        return ExitCode::from(2);
    }
    let mut agree = true;
    for file in &files {
        let text = match fs::read_to_string(file) {
            Ok(text) => text,
            Err(error) => return bad(file, &error.to_string()),
        };
        match replay(&text) {
            Ok(compared) => println!("{file}: {compared} answers agree"),
            Err(Stop::Bad(problem)) => return bad(file, &problem),
            Err(Stop::Disagreement(line, model)) => {
                agree = false;
                for (number, shown) in text.lines().enumerate().take(line + 1) {
                    if number + SHOWN > line {
                        println!("{file}:{}: {shown}", number + 1);
                    }
                }
                println!("{file}:{}: the model gives {model}", line + 1);
            }
        }
    }
    ExitCode::from(u8::from(!agree))
}

fn bad(file: &str, problem: &str) -> ExitCode {
    eprintln!("replay: {file}: {problem}");
    ExitCode::from(2)
}

/// Returns the number of answers compared.
fn replay(text: &str) -> Result<usize, Stop> {
    let mut lines = text.lines();
    let mut device =
        lines.next().and_then(create).ok_or_else(|| Stop::Bad("names no device".to_string()))?;
    let mut compared = 0;
    for (number, line) in lines.enumerate().map(|(number, line)| (number + 1, line)) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let disagreement = perform(&mut device, &words)
            .ok_or_else(|| Stop::Bad(format!("line {}: no operation: {line}", number + 1)))?;
        match disagreement {
            Some(model) => return Err(Stop::Disagreement(number, model)),
            None => compared += usize::from(matches!(words[0], "read" | "lines")),
        }
    }
    Ok(compared)
}

/// Makes the device that the first line of a trace names.
fn create(line: &str) -> Option<Device> {
    let mut words = line.split_whitespace();
    let name = words.next()?;
    let sizes: Vec<(&str, usize)> = words
        .map(|word| word.split_once('=').and_then(|(name, size)| Some((name, size.parse().ok()?))))
        .collect::<Option<_>>()?;
    let size = |wanted| sizes.iter().find(|&&(name, _)| name == wanted).map(|&(_, size)| size);
    match name {
        "uintc" => Some(Device::Uintc(Uintc::new(size("receivers")?, size("harts")?))),
        "taic" => Some(Device::Taic(Box::new(Taic::new(&TaicConfig {
            contexts: size("contexts")?,
            queues: size("queues")?,
            priorities: size("priorities")?,
            tasks: size("tasks")?,
            channels: size("channels")?,
            slots: size("slots")?,
            lines: size("lines")?,
            harts: size("harts")?,
        })))),
        _ => None,
    }
}

/// Performs the operation of one line. Gives what the model answers if that disagrees, and nothing
/// at all if the line is no operation.
fn perform(device: &mut Device, words: &[&str]) -> Option<Option<String>> {
    let number = |at: usize| u64::from_str_radix(words.get(at)?, 16).ok();
    let access = || Some((number(1)? as usize, number(2)?, number(3)? as u32));
    match (*words.first()?, device) {
        ("write", device) => {
            let ((port, offset, size), value) = (access()?, number(4)?);
            let done = match device {
                Device::Uintc(uintc) => uintc.write(offset, size, value),
                Device::Taic(taic) => taic.write(port, offset, size, value),
            };
            Some(done.is_err().then(|| "fault".to_string()))
        }
        ("read", device) => {
            let (port, offset, size) = access()?;
            let got = match device {
                Device::Uintc(uintc) => uintc.read(offset, size),
                Device::Taic(taic) => taic.read(port, offset, size),
            };
            let wanted = if *words.get(4)? == "fault" { Err(BusError) } else { Ok(number(4)?) };
            Some((got != wanted).then(|| got.map_or("fault".to_string(), |got| format!("{got:x}"))))
        }
        ("device", Device::Taic(taic)) => {
            taic.device_lines(number(1)?);
            Some(None)
        }
        ("lines", device) => {
            let got = match device {
                Device::Uintc(uintc) => (uintc.lines(), 0),
                Device::Taic(taic) => (taic.user_lines(), taic.supervisor_lines()),
            };
            let wanted = (number(1)?, number(2)?);
            Some((got != wanted).then(|| format!("{:x} {:x}", got.0, got.1)))
        }
        _ => None,
    }
}
