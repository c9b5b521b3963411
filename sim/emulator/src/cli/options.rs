//! Arguments of the program.

use std::path::PathBuf;

use emulator::arguments::{Numbers, Segment, number, segment};
use emulator::machine::Config;

/// What to run, and how.
pub struct Options {
    pub image: PathBuf,
    pub rom: PathBuf,
    pub segments: Vec<Segment>,
    pub max_cycles: u64,
    pub commit_log: Option<PathBuf>,
    pub json: Option<PathBuf>,
    pub capstone: Option<PathBuf>,
    /// Cycle in which the state is written to a file instead of going on.
    pub checkpoint: Option<u64>,
    /// That file.
    pub output: PathBuf,
    /// Port for GDB, if it is to be served.
    pub gdb: Option<u16>,
    pub config: Config,
}

/// Reads arguments in pairs.
pub fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Options, String> {
    let mut machine = Numbers::default();
    let mut options = Options {
        image: PathBuf::new(),
        rom: PathBuf::new(),
        segments: Vec::new(),
        max_cycles: u64::MAX,
        commit_log: None,
        json: None,
        capstone: None,
        checkpoint: None,
        output: PathBuf::new(),
        gdb: None,
        config: machine.config(),
    };
    while let Some(name) = arguments.next() {
        let value = arguments.next().ok_or(format!("{name} has no value"))?;
        match name.as_str() {
            "--image" => options.image = value.into(),
            "--rom" => options.rom = value.into(),
            "--segment" => options.segments.push(segment(&value)?),
            "--max-cycles" => options.max_cycles = number(&value)?,
            "--commit-log" => options.commit_log = Some(value.into()),
            "--json" => options.json = Some(value.into()),
            "--capstone" => options.capstone = Some(value.into()),
            "--checkpoint" => options.checkpoint = Some(number(&value)?),
            "--output" => options.output = value.into(),
            "--gdb" => options.gdb = Some(port(&value)?),
            _ => machine.set(&name, &value)?,
        }
    }
    options.config = machine.config();
    Ok(options)
}

fn port(text: &str) -> Result<u16, String> {
    text.parse().map_err(|_| format!("not a port: {text:?}"))
}
