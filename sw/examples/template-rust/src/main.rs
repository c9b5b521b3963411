//! A program to start from: runs in M-mode on hart 0, prints a line and ends.
//!
//! Expected output:
//!
//! ```text
//! Hello from Rust.
//! ```

#![no_std]
#![no_main]

use bare::hal::println;

bare::program!(main);

/// What it returns is the end of the run: 0 passed, else it failed with this code.
fn main() -> u16 {
    println!("Hello from Rust.");
    0
}
