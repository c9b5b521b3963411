//! What to do, as a line on the UART.

use bare::hal::{console::Console, soc::HARTS};

/// Turns of the loop in which a line must begin, for who starts the program without any input.
const PATIENCE: usize = 20_000;

/// A request: `HARTS ITERATIONS SEED NAME`, or `list`.
pub struct Request {
    line: [u8; 80],
    length: usize,
}

impl Request {
    /// Waits for a line; without one, every test is run with a few iterations on the harts of the
    /// SoC that this program was built for.
    pub fn read() -> Self {
        let mut request = Self { line: [0; 80], length: 0 };
        let mut console = Console::new();
        let mut waited = 0;
        while request.length < request.line.len() && (request.length > 0 || waited < PATIENCE) {
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

    fn word(&self, index: usize) -> Option<&str> {
        let line = str::from_utf8(&self.line[..self.length]).ok()?;
        line.split_ascii_whitespace().nth(index)
    }

    fn number(&self, index: usize) -> Option<usize> {
        self.word(index)?.parse().ok()
    }

    /// Whether only the tests are asked for.
    pub fn list(&self) -> bool {
        self.word(0) == Some("list")
    }

    /// Harts that shall take part.
    pub fn harts(&self) -> usize {
        self.number(0).unwrap_or(HARTS)
    }

    /// How often to run each test.
    pub fn iterations(&self) -> usize {
        self.number(1).unwrap_or(2000)
    }

    /// Seed of everything that is random.
    pub fn seed(&self) -> usize {
        self.number(2).unwrap_or(1)
    }

    /// The test, unless all are asked for.
    pub fn name(&self) -> Option<&str> {
        self.word(3)
    }
}
