//! Putting kernel, device tree and root task where they belong.

use crate::enter::Handover;
use core::{
    ops::Range,
    ptr::{self, with_exposed_provenance, with_exposed_provenance_mut},
};
use elf::{ElfBytes, ParseError, abi::PT_LOAD, endian::LittleEndian, segment::ProgramHeader};
use fdt::Fdt;
use sv39::{PAGE, ROOT_LEVEL, size};

/// Why a kernel cannot be loaded.
#[derive(Debug)]
#[expect(dead_code, reason = "for the message")]
pub enum Problem {
    Tree,
    NoKernel,
    NoRootTask,
    Program(ParseError),
    /// The kernel's virtual and physical address differ by other than multiples of 1 GiB.
    Place,
    /// What is to be loaded reaches the loader itself, at this address.
    TooLarge(usize),
}

impl From<ParseError> for Problem {
    fn from(error: ParseError) -> Self {
        Self::Program(error)
    }
}

unsafe extern "C" {
    static _start: u8;
}

/// The device tree.
pub fn tree(address: usize) -> Option<Fdt<'static>> {
    // SAFETY: `a1` of the hart that boots; the parser checks what it finds there.
    unsafe { Fdt::from_ptr(with_exposed_provenance(address)) }.ok()
}

/// IDs of the harts, of which there are less than 64.
pub fn harts(device_tree: usize) -> impl Iterator<Item = usize> {
    let ids = tree(device_tree).map_or(0u64, |tree| {
        tree.cpus()
            .map(|cpu| cpu.ids().first())
            .filter(|id| *id < 64)
            .fold(0, |ids, id| ids | 1 << id)
    });
    (0..64).filter(move |id| ids & 1 << id != 0)
}

/// Loads everything. To be called once.
pub fn load(device_tree: usize) -> Result<Handover, Problem> {
    let mut archive = image::archive();
    let whole = image::follower().unwrap_or_default();
    let kernel = archive.next().ok_or(Problem::NoKernel)?.contents;
    let root = archive.next().ok_or(Problem::NoRootTask)?.contents;
    // The further files begin behind the root task's.
    let rest = with_padding(root.as_ptr() as usize + root.len())..whole.end;
    let tree_bytes = tree(device_tree).ok_or(Problem::Tree)?.total_size();

    let kernel = ElfBytes::<LittleEndian>::minimal_parse(kernel)?;
    let (kernel_virtual, kernel_physical) =
        (span(&kernel, virtual_of)?, span(&kernel, physical_of)?);
    if kernel_virtual.start.wrapping_sub(kernel_physical.start) % size(ROOT_LEVEL) != 0 {
        return Err(Problem::Place);
    }
    let tree_at = kernel_physical.end.next_multiple_of(PAGE);
    let root_at = (tree_at + tree_bytes).next_multiple_of(PAGE);
    let root = ElfBytes::<LittleEndian>::minimal_parse(root)?;
    let root_virtual = span(&root, virtual_of)?;
    let root_virtual = root_virtual.start / PAGE * PAGE..root_virtual.end.next_multiple_of(PAGE);
    let files_at = root_at + root_virtual.len();
    let image_end = (files_at + rest.len()).next_multiple_of(PAGE);
    let end = image_end + PAGE;
    if end > &raw const _start as usize {
        return Err(Problem::TooLarge(end));
    }

    place(&kernel, |segment| segment.p_paddr as usize)?;
    copy(device_tree..device_tree + tree_bytes, tree_at, tree_bytes);
    clear(root_at..end);
    place(&root, |segment| segment.p_vaddr as usize - root_virtual.start + root_at)?;
    copy(rest.clone(), files_at, rest.len());
    headers(&root, image_end)?;
    let arguments = [
        root_at,
        image_end,
        root_at.wrapping_sub(root_virtual.start),
        root.ehdr.e_entry as usize,
        tree_at,
        tree_bytes,
    ];
    let entry = kernel.ehdr.e_entry as usize;
    Ok(Handover::new(arguments, entry, kernel_virtual.start, kernel_physical.start))
}

/// Where the next file of an archive begins.
fn with_padding(address: usize) -> usize {
    address.next_multiple_of(4)
}

fn virtual_of(segment: &ProgramHeader) -> usize {
    segment.p_vaddr as usize
}

fn physical_of(segment: &ProgramHeader) -> usize {
    segment.p_paddr as usize
}

type Program<'a> = ElfBytes<'a, LittleEndian>;

fn segments<'a>(program: &Program<'a>) -> impl Iterator<Item = ProgramHeader> + use<'a> {
    program.segments().into_iter().flatten().filter(|segment| segment.p_type == PT_LOAD)
}

/// The addresses from the first segment to the last.
fn span(program: &Program, of: fn(&ProgramHeader) -> usize) -> Result<Range<usize>, Problem> {
    let start = segments(program).map(|segment| of(&segment)).min();
    let end = segments(program).map(|segment| of(&segment) + segment.p_memsz as usize).max();
    Ok(start.unwrap_or(0)..end.unwrap_or(0))
}

/// Copies all segments, and clears the rest of each.
fn place(program: &Program, to: impl Fn(&ProgramHeader) -> usize) -> Result<(), Problem> {
    for segment in segments(program) {
        let contents = program.segment_data(&segment)?;
        let (at, start) = (to(&segment), contents.as_ptr() as usize);
        copy(start..start + contents.len(), at, contents.len());
        clear(at + contents.len()..at + segment.p_memsz as usize);
    }
    Ok(())
}

/// The page behind the root task: number and size of its program headers, and the headers.
fn headers(program: &Program, at: usize) -> Result<(), Problem> {
    let (count, size) = (program.ehdr.e_phnum, program.ehdr.e_phentsize);
    let bytes = usize::from(count) * usize::from(size);
    if bytes > PAGE - 8 {
        return Ok(());
    }
    let word = with_exposed_provenance_mut::<u32>(at);
    // SAFETY: the page is free, below the loader.
    unsafe {
        word.write(u32::from(count));
        word.add(1).write(u32::from(size));
    }
    let image = image::archive().nth(1).map_or(0, |file| file.contents.as_ptr() as usize);
    let start = image + program.ehdr.e_phoff as usize;
    copy(start..start + bytes, at + 8, bytes);
    Ok(())
}

fn copy(from: Range<usize>, to: usize, bytes: usize) {
    let source = with_exposed_provenance::<u8>(from.start);
    // SAFETY: the source is a part of the image or the device tree, the target is free memory below
    // the loader, and both do not overlap.
    unsafe { ptr::copy_nonoverlapping(source, with_exposed_provenance_mut(to), bytes) };
}

fn clear(range: Range<usize>) {
    // SAFETY: free memory below the loader.
    unsafe { ptr::write_bytes(with_exposed_provenance_mut::<u8>(range.start), 0, range.len()) };
}
