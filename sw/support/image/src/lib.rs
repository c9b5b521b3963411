//! For build scripts: how a program is linked, and how one program is embedded in another.

use elf::{ElfBytes, abi::PT_LOAD, endian::LittleEndian};
use std::{env, fs, path::PathBuf};

/// Where programs that start in M-mode lie.
pub const MACHINE_BASE: u64 = soc::DRAM_BASE as u64;
/// Where the firmware's payload lies: the next 2 MiB, which leaves the firmware one PMP entry.
pub const PAYLOAD_BASE: u64 = MACHINE_BASE + 0x20_0000;
/// Where user programs lie in their address space.
pub const USER_BASE: u64 = 0x1_0000;

/// Links the program of this build script at `base`.
pub fn link_at(base: u64) {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/image.ld");
    println!("cargo:rerun-if-changed={script}");
    println!("cargo:rustc-link-arg-bins=-T{script}");
    println!("cargo:rustc-link-arg-bins=--defsym=IMAGE_BASE={base:#x}");
    println!("cargo:rustc-link-arg-bins=--defsym=PAYLOAD_BASE={PAYLOAD_BASE:#x}");
}

/// Makes the file named by environment variable `variable` available as `include_bytes!` of
/// `env!("EMBEDDED")`, after `convert`. Without the variable the embedded file is empty, so that
/// the workspace also checks without one.
pub fn embed(variable: &str, convert: fn(&[u8]) -> Result<Vec<u8>, String>) {
    println!("cargo:rerun-if-env-changed={variable}");
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR")).join("embedded");
    let contents = match env::var(variable) {
        Err(_) => Vec::new(),
        Ok(file) => {
            println!("cargo:rerun-if-changed={file}");
            let result = fs::read(&file).map_err(|error| error.to_string());
            result.and_then(|bytes| convert(&bytes)).unwrap_or_else(|error| {
                eprintln!("{variable}={file}: {error}");
                std::process::exit(1)
            })
        }
    };
    fs::write(&out, contents).expect("OUT_DIR is writable");
    println!("cargo:rustc-env=EMBEDDED={}", out.display());
}

/// The memory image of an ELF file that starts at `base`, without trailing zeros (`.bss`).
pub fn flatten(file: &[u8], base: u64) -> Result<Vec<u8>, String> {
    let elf = ElfBytes::<LittleEndian>::minimal_parse(file).map_err(|error| error.to_string())?;
    if elf.ehdr.e_entry != base {
        return Err(format!("starts at {:#x}, not at {base:#x}", elf.ehdr.e_entry));
    }
    let mut image = Vec::new();
    for segment in elf.segments().ok_or("no program headers")?.iter() {
        if segment.p_type != PT_LOAD || segment.p_filesz == 0 {
            continue;
        }
        let bytes = elf.segment_data(&segment).map_err(|error| error.to_string())?;
        let start = segment
            .p_paddr
            .checked_sub(base)
            .ok_or_else(|| format!("a segment at {:#x} below {base:#x}", segment.p_paddr))?
            as usize;
        if image.len() < start + bytes.len() {
            image.resize(start + bytes.len(), 0);
        }
        image[start..start + bytes.len()].copy_from_slice(bytes);
    }
    Ok(image)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A 64-bit little-endian RISC-V ELF with one segment of `contents` at `address`.
    fn program(entry: u64, address: u64, contents: &[u8]) -> Vec<u8> {
        let mut file = vec![0x7f, b'E', b'L', b'F', 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        file.extend([2, 0, 243, 0, 1, 0, 0, 0]);
        for word in [entry, 64, 0] {
            file.extend(word.to_le_bytes());
        }
        for half in [0u16, 0, 64, 56, 1, 64, 0, 0] {
            file.extend(half.to_le_bytes());
        }
        file.extend([1, 0, 0, 0, 5, 0, 0, 0]);
        let length = contents.len() as u64;
        for word in [120, address, address, length, length + 100, 1] {
            file.extend(word.to_le_bytes());
        }
        file.extend(contents);
        file
    }

    #[test]
    fn gaps_are_zero_and_bss_is_left_out() {
        let file = program(0x1000, 0x1002, b"abc");
        assert_eq!(flatten(&file, 0x1000).unwrap(), b"\0\0abc");
    }

    #[test]
    fn refuses_what_does_not_start_at_the_base() {
        let error = flatten(&program(0x1004, 0x1000, b"abc"), 0x1000).unwrap_err();
        assert_eq!(error, "starts at 0x1004, not at 0x1000");
        let error = flatten(&program(0x1000, 0xff0, b"abc"), 0x1000).unwrap_err();
        assert_eq!(error, "a segment at 0xff0 below 0x1000");
        assert!(flatten(b"text", 0x1000).is_err());
    }
}
