//! Finds the constants that `rel4 gen rust` wrote: `$SOC_RS`, or where `make` puts them.

use std::path::Path;
use std::{env, process};

fn main() {
    println!("cargo:rerun-if-env-changed=SOC_RS");
    let usual = concat!(env!("CARGO_MANIFEST_DIR"), "/../../build/generated/soc.rs");
    let file = env::var("SOC_RS").unwrap_or_else(|_| usual.into());
    if !Path::new(&file).is_file() {
        eprintln!("{file}: not there; rel4 gen rust -o build/generated/soc.rs makes it");
        process::exit(1);
    }
    println!("cargo:rerun-if-changed={file}");
    println!("cargo:rustc-env=SOC_RS={file}");
}
