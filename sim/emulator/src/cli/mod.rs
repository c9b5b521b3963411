//! A run of a program: options, terminal, report.

pub mod checkpoint;
pub mod commit_log;
pub mod disassembler;
pub mod gdb;
pub mod options;
pub mod report;
pub mod session;
pub mod terminal;
