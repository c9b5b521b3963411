//! `rel4 emu` runs this program. It knows nothing of command lines for people: `sim/emulator.py`
//! checks what the user asked for, and writes the arguments.

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    let options = match cli::options::parse(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(problem) => {
            eprintln!("rel4 emu: {problem}");
            return ExitCode::from(2);
        }
    };
    match cli::session::Session::new(options) {
        Ok(session) => session.run(),
        Err(problem) => {
            eprintln!("rel4 emu: {problem}");
            ExitCode::from(2)
        }
    }
}
