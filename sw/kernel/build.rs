use abi::boot::{KERNEL_PHYSICAL, KERNEL_VIRTUAL};
use std::{env, path::PathBuf};

/// Also the build script of `checked`, in a folder of this one.
fn main() {
    let own = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let found = own.ancestors().map(|folder| folder.join("kernel.ld")).find(|file| file.exists());
    let script = found.expect("the linker script").display().to_string();
    println!("cargo:rerun-if-changed={script}");
    println!("cargo:rustc-link-arg-bins=-T{script}");
    println!("cargo:rustc-link-arg-bins=--defsym=KERNEL_VIRTUAL={KERNEL_VIRTUAL:#x}");
    println!("cargo:rustc-link-arg-bins=--defsym=KERNEL_PHYSICAL={KERNEL_PHYSICAL:#x}");
}
