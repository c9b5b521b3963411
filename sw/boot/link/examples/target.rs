//! The target as a process. The line is standard input and output.
//!
//! `target FILE BASE BYTES RECORD`: the record is given in hexadecimal digits. When the program is
//! to start, the process writes the memory to `FILE`, then the word `started` and a new line to the
//! line. It ends when the line ends. The memory is full of 0xA5 at first.

use bootlink::{Action, Memory, Target};
use std::{
    env, fs,
    io::{self, Read, Write},
    ops::Range,
    process::ExitCode,
};

/// Clock of the UART, which only the arithmetic of the divisor sees.
const CLOCK_HZ: u32 = 16_000_000;

struct Ram {
    base: u64,
    contents: Vec<u8>,
}

impl Memory for Ram {
    fn range(&self) -> Range<u64> {
        self.base..self.base + self.contents.len() as u64
    }

    fn bytes(&mut self, addresses: Range<u64>) -> &mut [u8] {
        let at = |address: u64| (address - self.base) as usize;
        let (start, end) = (at(addresses.start), at(addresses.end));
        &mut self.contents[start..end]
    }
}

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().collect();
    let [_, file, base, bytes, record] = &arguments[..] else { return ExitCode::from(2) };
    let (Ok(base), Ok(bytes), Some(record)) = (base.parse(), bytes.parse(), unhex(record)) else {
        return ExitCode::from(2);
    };
    match serve(file, Ram { base, contents: vec![0xa5; bytes] }, record.leak()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// The bytes that `digits` gives, two digits each.
fn unhex(digits: &str) -> Option<Vec<u8>> {
    let byte = |start| u8::from_str_radix(digits.get(start..start + 2)?, 16).ok();
    (0..digits.len()).step_by(2).map(byte).collect()
}

fn serve(file: &str, memory: Ram, record: &'static [u8]) -> io::Result<()> {
    let mut target = Target::new(memory, CLOCK_HZ, record);
    let mut reply = Vec::new();
    target.announce(|byte| reply.push(byte));
    let mut output = io::stdout();
    let mut bytes = io::stdin().lock().bytes();
    loop {
        output.write_all(&reply)?;
        output.flush()?;
        reply.clear();
        let Some(byte) = bytes.next() else { return Ok(()) };
        if target.receive(byte?, |byte| reply.push(byte)) == Action::Run {
            break;
        }
    }
    fs::write(file, target.into_memory().contents)?;
    output.write_all(&reply)?;
    output.write_all(b"started\n")?;
    output.flush()?;
    bytes.try_for_each(|byte| byte.map(drop))
}
