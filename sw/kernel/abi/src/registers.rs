//! The registers of a thread, in the order of TCB ReadRegisters and WriteRegisters.

/// A register of a thread: the number of the hart's register, `PC` for the program counter.
pub const PC: usize = 0;

/// Words of a thread's context: pc, ra, sp, gp, s0 to s11, a0 to a7, t0 to t6, tp. Each is the
/// number of a register x1 to x31, or [`PC`].
pub const ORDER: [usize; 32] = [
    PC, 1, 2, 3, // ra, sp, gp
    8, 9, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, // s0 to s11
    10, 11, 12, 13, 14, 15, 16, 17, // a0 to a7
    5, 6, 7, 28, 29, 30, 31, // t0 to t6
    4,  // tp
];

/// Words at the start of [`ORDER`] that CopyRegisters calls the frame; the others are its integers.
pub const FRAME: usize = 16;

#[cfg(test)]
mod tests {
    #[test]
    fn every_register_stands_once() {
        let mut seen = [false; 32];
        for register in super::ORDER {
            assert!(!seen[register]);
            seen[register] = true;
        }
        assert!(seen.iter().all(|seen| *seen));
    }
}
