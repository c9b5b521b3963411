//! A small machine, and the few instructions that the tests are written with.

#![allow(dead_code)]

use emulator::bus::BusConfig;
use emulator::clock::Clock;
use emulator::hart::HartConfig;
use emulator::machine::{Config, Machine, Segments};
use emulator::soc;
use emulator::taic::TaicConfig;

pub const DRAM: u64 = soc::DRAM_BASE as u64;
pub const A0: u32 = 10;
pub const A1: u32 = 11;
pub const A2: u32 = 12;
pub const T0: u32 = 5;
pub const ZERO: u32 = 0;
pub const WFI: u32 = 0x1050_0073;
pub const MRET: u32 = 0x3020_0073;
pub const FENCE_I: u32 = 0x0000_100F;

/// A machine with 64 KiB and no TAIC, whose harts begin at the first word of `code`.
pub fn machine(harts: usize, code: &[u32]) -> Machine {
    let bytes: Vec<u8> = code.iter().flat_map(|word| word.to_le_bytes()).collect();
    loaded(harts, vec![(DRAM, bytes)], None)
}

/// The same with this program and TAIC.
pub fn loaded(harts: usize, program: Segments, taic: Option<TaicConfig>) -> Machine {
    let config = Config {
        hart: HartConfig { pmp_entries: 8, hpm_counters: 4, receivers: 8 },
        bus: BusConfig {
            harts,
            dram_bytes: 1 << 16,
            rom: vec![0; 4096],
            plic_sources: 32,
            receivers: 8,
            taic,
            uart_divisor: 54,
            clock: Clock::new(harts, 100_000_000, 10_000_000, 100_000_000),
        },
        quantum: 50,
        tohost: None,
    };
    let mut machine = Machine::new(config, program);
    for hart in &mut machine.harts {
        hart.pc = DRAM;
    }
    machine
}

pub fn addi(rd: u32, rs1: u32, imm: i32) -> u32 {
    (imm as u32) << 20 | rs1 << 15 | rd << 7 | 0x13
}

pub fn add(rd: u32, rs1: u32, rs2: u32) -> u32 {
    rs2 << 20 | rs1 << 15 | rd << 7 | 0x33
}

/// `upper` are bits 31:12.
pub fn lui(rd: u32, upper: u32) -> u32 {
    upper << 12 | rd << 7 | 0x37
}

pub fn bne(rs1: u32, rs2: u32, offset: i32) -> u32 {
    let o = offset as u32;
    let high = (o >> 12 & 1) << 31 | (o >> 5 & 0x3F) << 25;
    high | rs2 << 20 | rs1 << 15 | 1 << 12 | (o >> 1 & 0xF) << 8 | (o >> 11 & 1) << 7 | 0x63
}

pub fn jump_to_self() -> u32 {
    0x6F
}

/// `size`: binary logarithm of the bytes.
pub fn load(size: u32, rd: u32, rs1: u32, imm: i32) -> u32 {
    (imm as u32) << 20 | rs1 << 15 | size << 12 | rd << 7 | 0x03
}

pub fn store(size: u32, rs2: u32, rs1: u32, imm: i32) -> u32 {
    let i = imm as u32;
    (i >> 5) << 25 | rs2 << 20 | rs1 << 15 | size << 12 | (i & 0x1F) << 7 | 0x23
}

pub fn csrrw(rd: u32, csr: u16, rs1: u32) -> u32 {
    u32::from(csr) << 20 | rs1 << 15 | 1 << 12 | rd << 7 | 0x73
}

pub fn csrrs(rd: u32, csr: u16, rs1: u32) -> u32 {
    u32::from(csr) << 20 | rs1 << 15 | 2 << 12 | rd << 7 | 0x73
}

pub fn lr_d(rd: u32, rs1: u32) -> u32 {
    2 << 27 | rs1 << 15 | 3 << 12 | rd << 7 | 0x2F
}

pub fn sc_d(rd: u32, rs2: u32, rs1: u32) -> u32 {
    3 << 27 | rs2 << 20 | rs1 << 15 | 3 << 12 | rd << 7 | 0x2F
}

/// Ends the program: it passes if `rs2` is 0x5555.
pub fn finish(base: u32, rs2: u32) -> [u32; 2] {
    [lui(base, soc::FINISHER_BASE as u32 >> 12), store(2, rs2, base, 0)]
}

/// Loads 0x5555.
pub fn pass(rd: u32) -> [u32; 2] {
    [lui(rd, 5), addi(rd, rd, 0x555)]
}
