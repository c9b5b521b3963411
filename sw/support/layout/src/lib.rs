//! For build scripts: where a program is linked.

/// Where programs that start in M-mode lie.
pub const MACHINE_BASE: usize = soc::DRAM_BASE;
/// Where the firmware starts a kernel.
pub const PAYLOAD_BASE: usize = soc::PAYLOAD_BASE;
/// Where the firmware starts a loader that puts a kernel to `PAYLOAD_BASE`.
pub const LOADER_BASE: usize = PAYLOAD_BASE + 0xe0_0000;
/// Where user programs lie in their address space.
pub const USER_BASE: usize = 0x1_0000;

/// Links the program of this build script at `base`.
pub fn link_at(base: usize) {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/program.ld");
    println!("cargo:rerun-if-changed={script}");
    println!("cargo:rustc-link-arg-bins=-T{script}");
    println!("cargo:rustc-link-arg-bins=--defsym=PROGRAM_BASE={base:#x}");
}
