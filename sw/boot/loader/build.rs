fn main() {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/boot.ld");
    println!("cargo:rerun-if-changed={script}");
    println!("cargo:rustc-link-arg-bins=-T{script}");
    println!("cargo:rustc-link-arg-bins=--defsym=LOADER_BASE={:#x}", soc::BOOT_LOADER_BASE);
    println!("cargo:rustc-link-arg-bins=--defsym=LOADER_SIZE={:#x}", soc::BOOT_LOADER_SIZE);
}
