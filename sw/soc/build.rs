//! Finds the file that `rel4 gen rust` wrote: `$SOC_RS`, or where `make sw` puts it.

use std::{env, path::Path};

fn main() {
    println!("cargo:rerun-if-env-changed=SOC_RS");
    let default = concat!(env!("CARGO_MANIFEST_DIR"), "/../../build/generated/soc.rs");
    let file = env::var("SOC_RS").unwrap_or_else(|_| default.into());
    if !Path::new(&file).is_file() {
        eprintln!("{file}: not there; `make sw` generates it (rel4 gen rust)");
        std::process::exit(1);
    }
    println!("cargo:rerun-if-changed={file}");
    println!("cargo:rustc-env=SOC_RS={file}");
}
