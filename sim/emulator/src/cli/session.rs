//! A run of a program, from its file to its exit status.

use std::fs;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use emulator::arguments::program;
use emulator::machine::{Machine, Stop};
use signal_hook::consts::{SIGHUP, SIGINT, SIGKILL, SIGPIPE, SIGTERM};

use super::checkpoint;
use super::commit_log::CommitLog;
use super::disassembler::Disassembler;
use super::gdb::server::{Server, Wish};
use super::gdb::target::Debugged;
use super::options::Options;
use super::report::{self, Outcome};
use super::terminal::Terminal;

/// Cycles between looks at keyboard and signals.
const LOOK: u64 = 100_000;
/// How long to wait for the keyboard when nothing else can happen.
const WAIT_MS: i64 = 50;

/// A program, ready to run.
pub struct Session {
    options: Options,
    debugged: Debugged<Machine>,
    server: Option<Server<Machine>>,
    terminal: Terminal,
    signal: Arc<AtomicUsize>,
}

impl Session {
    /// Reads the program.
    pub fn new(mut options: Options) -> Result<Self, String> {
        let read = |path: &std::path::Path| {
            fs::read(path).map_err(|error| format!("{}: {error}", path.display()))
        };
        let image = read(&options.image)?;
        options.config.bus.rom = read(&options.rom)?;
        let program = program(&image, &options.segments)
            .ok_or(format!("{}: changed while it was read", options.image.display()))?;
        let signal = Arc::new(AtomicUsize::new(0));
        for number in [SIGINT, SIGTERM, SIGHUP] {
            signal_hook::flag::register_usize(number, signal.clone(), number as usize)
                .map_err(|error| format!("signal {number}: {error}"))?;
        }
        let mut machine = Machine::new(options.config.clone(), program);
        if let Some(path) = &options.commit_log {
            let log = CommitLog::create(path, options.capstone.as_deref());
            observe(&mut machine, log.map_err(|error| format!("{}: {error}", path.display()))?);
        }
        let debugged = Debugged::new(machine);
        let server = options.gdb.map(serve).transpose()?;
        Ok(Self { options, debugged, server, terminal: Terminal::new(), signal })
    }

    /// Runs the program to its end, and reports.
    pub fn run(mut self) -> ExitCode {
        let start = Instant::now();
        let outcome = self.emulate();
        if self.options.checkpoint.is_some() {
            return self.checkpoint(outcome);
        }
        if let Some(server) = &mut self.server {
            server.ended(&mut self.debugged, outcome.exit_status());
        }
        let time = start.elapsed();
        self.flush();
        let machine = &self.debugged.machine;
        let cycles = machine.cycle();
        drop(self.terminal);
        let mut disassembler = Disassembler::new(self.options.capstone.as_deref());
        report::explain(machine, outcome, cycles, &mut disassembler);
        if let Some(path) = &self.options.json {
            let value = report::json(machine, outcome, cycles, time);
            if let Err(error) = report::write(path, &value) {
                eprintln!("rel4 emu: {}: {error}", path.display());
            }
        }
        ExitCode::from(outcome.exit_status())
    }

    /// Writes the checkpoint, if the program has not ended.
    fn checkpoint(mut self, outcome: Outcome) -> ExitCode {
        let written = match outcome {
            Outcome::CycleLimit => {
                checkpoint::write(&mut self.debugged.machine, &self.options.output)
            }
            _ => Err(format!(
                "no checkpoint: the program ended in cycle {}",
                self.debugged.machine.cycle()
            )),
        };
        self.flush();
        drop(self.terminal);
        match written {
            Ok(text) => eprintln!("rel4 emu: {text}"),
            Err(problem) => {
                eprintln!("rel4 emu: {problem}");
                return ExitCode::from(2);
            }
        }
        ExitCode::SUCCESS
    }

    fn emulate(&mut self) -> Outcome {
        loop {
            if let Some(outcome) = self.attend() {
                return outcome;
            }
            let limit = self.options.checkpoint.unwrap_or(self.options.max_cycles);
            let machine = &mut self.debugged.machine;
            let stop = machine.run(limit.min(machine.cycle().saturating_add(LOOK)));
            let cycle = machine.cycle();
            self.flush();
            match stop {
                Stop::Ended(0) => return Outcome::Passed,
                Stop::Ended(code) => return Outcome::Failed(code),
                Stop::Cycle if cycle >= limit => return Outcome::CycleLimit,
                Stop::Cycle => self.terminal.look(0),
                Stop::Debugged(hit) => {
                    if let Some(server) = &mut self.server {
                        server.stopped(&mut self.debugged, hit);
                    }
                }
                Stop::Asleep if self.terminal.ended() && !self.has_client() => {
                    self.debugged.machine.skip_to(limit);
                    return Outcome::CycleLimit;
                }
                Stop::Asleep => self.terminal.look(WAIT_MS),
            }
            self.type_in();
            if let Some(signal) = self.interruption() {
                return Outcome::Interrupted(signal);
            }
        }
    }

    /// Serves GDB until it wants the program to go on. The end of the run, if it comes meanwhile.
    fn attend(&mut self) -> Option<Outcome> {
        while let Some(server) = &mut self.server {
            match server.attend(&mut self.debugged, WAIT_MS) {
                Wish::Run => return None,
                Wish::Kill => return Some(Outcome::Interrupted(SIGKILL)),
                Wish::Stay => {}
            }
            if let Some(signal) = self.interruption() {
                return Some(Outcome::Interrupted(signal));
            }
        }
        None
    }

    fn has_client(&self) -> bool {
        self.server.as_ref().is_some_and(Server::has_client)
    }

    /// Passes on what the program wrote to its UART.
    fn flush(&mut self) {
        let uart = &mut self.debugged.machine.bus.uart;
        if uart.has_sent() {
            let bytes = uart.take_sent();
            self.terminal.write(&bytes);
        }
    }

    /// Passes on what was typed, as far as the UART has space.
    fn type_in(&mut self) {
        let bus = &mut self.debugged.machine.bus;
        while bus.uart.has_space()
            && let Some(byte) = self.terminal.next()
        {
            bus.uart.receive(byte);
            bus.settle();
        }
    }

    fn interruption(&self) -> Option<i32> {
        match self.signal.load(Ordering::Relaxed) {
            0 if self.terminal.leave() => Some(SIGINT),
            0 if self.terminal.broken() => Some(SIGPIPE),
            0 => None,
            signal => Some(signal as i32),
        }
    }
}

/// Listens for GDB, and says where.
fn serve(port: u16) -> Result<Server<Machine>, String> {
    let failed = |error| format!("port {port}: {error}");
    let server = Server::listen(port).map_err(failed)?;
    eprintln!("rel4 emu: waiting for GDB on {}", server.address().map_err(failed)?);
    Ok(server)
}

/// Has the log written while the machine runs. It is complete when the machine is gone.
fn observe(machine: &mut Machine, mut log: CommitLog) {
    let mut failed = false;
    machine.observe(Box::new(move |cycle, hart, commit| {
        if !failed && let Err(error) = log.write(cycle, hart, commit) {
            eprintln!("rel4 emu: commit log: {error}");
            failed = true;
        }
    }));
}
