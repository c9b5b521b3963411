//! ELF files, as far as loading needs them.

use crate::{Error, Result};
use elf::{ElfBytes, abi, endian::LittleEndian};

/// A segment: contents, then zeros up to `bytes`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Part<'a> {
    pub vaddr: usize,
    pub contents: &'a [u8],
    pub bytes: usize,
    pub write: bool,
    pub execute: bool,
}

/// Entry and segments of a program.
pub fn parts(file: &[u8]) -> Result<(usize, impl Iterator<Item = Part<'_>>)> {
    let program = ElfBytes::<LittleEndian>::minimal_parse(file).map_err(|_| Error::BadProgram)?;
    if program.ehdr.e_machine != abi::EM_RISCV {
        return Err(Error::BadProgram);
    }
    let entry = usize::try_from(program.ehdr.e_entry).map_err(|_| Error::BadProgram)?;
    let segments = program.segments().ok_or(Error::BadProgram)?;
    let loaded = segments.into_iter().filter(|segment| segment.p_type == abi::PT_LOAD);
    let parts = loaded.filter_map(move |segment| {
        let start = usize::try_from(segment.p_offset).ok()?;
        let end = start.checked_add(usize::try_from(segment.p_filesz).ok()?)?;
        Some(Part {
            vaddr: usize::try_from(segment.p_vaddr).ok()?,
            contents: file.get(start..end)?,
            bytes: usize::try_from(segment.p_memsz).ok()?,
            write: segment.p_flags & abi::PF_W != 0,
            execute: segment.p_flags & abi::PF_X != 0,
        })
    });
    Ok((entry, parts))
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use std::{vec, vec::Vec};

    /// A program with one segment of three bytes that takes five in memory.
    fn sample(machine: u16) -> Vec<u8> {
        let mut file = vec![0x7f, b'E', b'L', b'F', 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        for half in [2, machine, 1, 0] {
            file.extend(half.to_le_bytes());
        }
        for word in [0x1_0000u64, 64, 0] {
            file.extend(word.to_le_bytes());
        }
        file.extend([0; 4]);
        for half in [64u16, 56, 1, 64, 0, 0] {
            file.extend(half.to_le_bytes());
        }
        file.extend([1, 0, 0, 0, 5, 0, 0, 0]);
        for word in [120u64, 0x1_0000, 0x1_0000, 3, 5, 4096] {
            file.extend(word.to_le_bytes());
        }
        file.extend([1, 2, 3]);
        file
    }

    #[test]
    fn a_segment_has_contents_and_rights() {
        let file = sample(243);
        let (entry, found) = parts(&file).unwrap();
        let part =
            Part { vaddr: 0x1_0000, contents: &[1, 2, 3], bytes: 5, write: false, execute: true };
        assert_eq!((entry, found.collect::<Vec<_>>()), (0x1_0000, vec![part]));
    }

    #[test]
    fn other_files_are_refused() {
        for file in [&b"#!/bin/sh"[..], &[], &sample(62)] {
            assert_eq!(parts(file).err(), Some(Error::BadProgram));
        }
    }
}
