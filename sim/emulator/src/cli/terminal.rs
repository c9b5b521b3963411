//! The other end of the UART: standard output, and standard input without echo or line editing.
//!
//! On a terminal, Ctrl-A is the escape: Ctrl-A x leaves, Ctrl-A c sends Ctrl-C, Ctrl-A Ctrl-A sends
//! itself. Ctrl-C interrupts the emulation.

use std::collections::VecDeque;
use std::io::{self, Write};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::read;
use rustix::process::getpgrp;
use rustix::stdio::stdin;
use rustix::termios::{
    InputModes, LocalModes, OptionalActions, Termios, isatty, tcgetattr, tcgetpgrp, tcsetattr,
};

const ESCAPE: u8 = 1; // Ctrl-A
const CTRL_C: u8 = 3;

/// Both directions.
pub struct Terminal {
    saved: Option<Termios>,
    typed: VecDeque<u8>,
    ended: bool,
    escaped: bool,
    leave: bool,
    broken: bool,
}

impl Terminal {
    /// Takes the terminal over, if there is one.
    pub fn new() -> Self {
        Self {
            saved: take_over(),
            typed: VecDeque::new(),
            ended: false,
            escaped: false,
            leave: false,
            broken: false,
        }
    }

    /// Whether Ctrl-A x was typed.
    pub fn leave(&self) -> bool {
        self.leave
    }

    /// Whether standard output has no reader any more.
    pub fn broken(&self) -> bool {
        self.broken
    }

    /// Whether nothing more will be typed.
    pub fn ended(&self) -> bool {
        self.ended && self.typed.is_empty()
    }

    /// Writes output of the program.
    pub fn write(&mut self, bytes: &[u8]) {
        let mut output = io::stdout().lock();
        if output.write_all(bytes).and_then(|()| output.flush()).is_err() {
            self.broken = true;
        }
    }

    /// The next typed byte.
    pub fn next(&mut self) -> Option<u8> {
        self.typed.pop_front()
    }

    /// Fetches what was typed, after waiting for it at most as long as `milliseconds`. Fetches
    /// nothing more while fetched bytes remain.
    pub fn look(&mut self, milliseconds: i64) {
        if self.ended || !self.typed.is_empty() {
            return;
        }
        let wait = Timespec { tv_sec: 0, tv_nsec: milliseconds * 1_000_000 };
        let input = stdin();
        let mut request = [PollFd::new(&input, PollFlags::IN)];
        match poll(&mut request, Some(&wait)) {
            Ok(1..) => {}
            _ => return,
        }
        let mut buffer = [0; 4096];
        match read(stdin(), &mut buffer) {
            Ok(count @ 1..) => buffer[..count].iter().for_each(|&byte| self.accept(byte)),
            Err(rustix::io::Errno::INTR) => {}
            _ => self.ended = true,
        }
    }

    fn accept(&mut self, byte: u8) {
        let escaped = std::mem::take(&mut self.escaped);
        match byte {
            _ if self.saved.is_none() => self.typed.push_back(byte),
            ESCAPE if !escaped => self.escaped = true,
            b'x' if escaped => self.leave = true,
            b'c' if escaped => self.typed.push_back(CTRL_C),
            byte if !escaped || byte == ESCAPE => self.typed.push_back(byte),
            _ => {}
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        if let Some(saved) = &self.saved {
            // If it fails, the terminal has gone.
            let _ = tcsetattr(stdin(), OptionalActions::Now, saved);
        }
    }
}

/// Turns echo and line editing off, if standard input is the terminal of this process.
fn take_over() -> Option<Termios> {
    let input = stdin();
    if !isatty(input) || tcgetpgrp(input).ok()? != getpgrp() {
        return None;
    }
    let saved = tcgetattr(input).ok()?;
    let mut raw = saved.clone();
    raw.local_modes &= !(LocalModes::ICANON | LocalModes::ECHO);
    raw.input_modes &= !(InputModes::ICRNL | InputModes::IXON);
    tcsetattr(input, OptionalActions::Now, &raw).ok()?;
    Some(saved)
}
