//! What a program shall do, as a line on the UART.

use hal::console::Console;

/// Turns of the loop in which a line must begin, for who starts the program without any input.
const PATIENCE: usize = 20_000;
const LENGTH: usize = 80;

/// Words of a line; none if there is no input.
pub struct Request {
    line: [u8; LENGTH],
    length: usize,
}

impl Request {
    /// Waits for a line, for ever once it has begun.
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

    /// A word, if there are so many.
    pub fn word(&self, index: usize) -> Option<&str> {
        let line = str::from_utf8(&self.line[..self.length]).ok()?;
        line.split_ascii_whitespace().nth(index)
    }

    /// A word that is a number; else `default`.
    pub fn number(&self, index: usize, default: usize) -> usize {
        self.word(index).and_then(|word| word.parse().ok()).unwrap_or(default)
    }
}
