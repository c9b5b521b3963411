use abi::boot::{KERNEL_PHYSICAL, KERNEL_VIRTUAL};

fn main() {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/kernel.ld");
    println!("cargo:rerun-if-changed={script}");
    println!("cargo:rustc-link-arg-bins=-T{script}");
    println!("cargo:rustc-link-arg-bins=--defsym=KERNEL_VIRTUAL={KERNEL_VIRTUAL:#x}");
    println!("cargo:rustc-link-arg-bins=--defsym=KERNEL_PHYSICAL={KERNEL_PHYSICAL:#x}");
}
