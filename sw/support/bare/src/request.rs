//! A request to the program, as a line on the UART.

use hal::console::Console;

/// Turns of the loop within which a line must begin. A program without input then goes on.
const PATIENCE: usize = 20_000;
const LENGTH: usize = 80;

/// Words of a line; none if there is no input.
pub struct Request {
    line: [u8; LENGTH],
    length: usize,
}

impl Request {
    /// Waits for a line. Once a line has begun, waits for its end without a limit.
    pub fn read() -> Self {
        let mut request = Self { line: [0; LENGTH], length: 0 };
        let mut console = Console::new();
        let mut waited = 0;
        while request.length < LENGTH && (request.length > 0 || waited < PATIENCE) {
            waited += 1;
            match console.read() {
                Some(b'\n') => break,
                Some(byte) => {
                    request.line[request.length] = byte;
                    request.length += 1;
                }
                None => (),
            }
        }
        request
    }

    /// The word at `index`, if there are that many.
    pub fn word(&self, index: usize) -> Option<&str> {
        let line = str::from_utf8(&self.line[..self.length]).ok()?;
        line.split_ascii_whitespace().nth(index)
    }

    /// The word at `index` as a number, else `default`.
    pub fn number(&self, index: usize, default: usize) -> usize {
        self.word(index).and_then(|word| word.parse().ok()).unwrap_or(default)
    }
}
