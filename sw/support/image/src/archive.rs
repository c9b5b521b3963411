//! Archives of files, in the "newc" format of `cpio`.
//!
//! A header is text: a magic number of six characters, then thirteen numbers of eight hexadecimal
//! digits. It is followed by the name, which ends with a zero, and by the contents. Each of them is
//! padded to a multiple of four bytes. The last entry is called `TRAILER!!!`.

const MAGIC: &[u8] = b"070701";
const TRAILER: &str = "TRAILER!!!";
const HEADER_BYTES: usize = 110;
const SIZE_FIELD: usize = 6;
const NAME_SIZE_FIELD: usize = 11;

/// A file of an archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct File<'a> {
    pub name: &'a str,
    pub contents: &'a [u8],
}

/// An archive; also the iterator over its files. It ends at the trailer, or where it is damaged.
#[derive(Clone, Copy, Debug)]
pub struct Archive<'a> {
    rest: &'a [u8],
}

impl<'a> Archive<'a> {
    /// The archive that `bytes` begin with.
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// The program that is started first.
    pub fn root(self) -> Option<&'a [u8]> {
        self.map(|file| file.contents).next()
    }

    /// The contents of the file called `name`.
    pub fn find(mut self, name: &str) -> Option<&'a [u8]> {
        Iterator::find(&mut self, |file| file.name == name).map(|file| file.contents)
    }
}

impl<'a> Iterator for Archive<'a> {
    type Item = File<'a>;

    fn next(&mut self) -> Option<File<'a>> {
        let header = self.rest.get(..HEADER_BYTES)?;
        if !header.starts_with(MAGIC) {
            return None;
        }
        let name_end = HEADER_BYTES.checked_add(number(header, NAME_SIZE_FIELD)?)?;
        let name = self.rest.get(HEADER_BYTES..name_end)?.strip_suffix(b"\0")?;
        let name = core::str::from_utf8(name).ok()?;
        if name == TRAILER {
            return None;
        }
        let start = name_end.checked_next_multiple_of(4)?;
        let end = start.checked_add(number(header, SIZE_FIELD)?)?;
        let contents = self.rest.get(start..end)?;
        self.rest = self.rest.get(end.checked_next_multiple_of(4)?..).unwrap_or_default();
        Some(File { name, contents })
    }
}

/// The number in field `index` of a header.
fn number(header: &[u8], index: usize) -> Option<usize> {
    let digits = header.get(MAGIC.len() + 8 * index..)?.get(..8)?;
    usize::from_str_radix(core::str::from_utf8(digits).ok()?, 16).ok()
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use std::{format, string::String, vec::Vec};

    fn pad(archive: &mut Vec<u8>) {
        archive.resize(archive.len().next_multiple_of(4), 0);
    }

    fn entry(archive: &mut Vec<u8>, name: &str, contents: &[u8]) {
        let mut fields = [0; 13];
        fields[SIZE_FIELD] = contents.len();
        fields[NAME_SIZE_FIELD] = name.len() + 1;
        let numbers: String = fields.iter().map(|field| format!("{field:08x}")).collect();
        archive.extend(MAGIC.iter().chain(numbers.as_bytes()).chain(name.as_bytes()).chain(b"\0"));
        pad(archive);
        archive.extend(contents);
        pad(archive);
    }

    fn sample() -> Vec<u8> {
        let mut bytes = Vec::new();
        entry(&mut bytes, "root", b"first");
        entry(&mut bytes, "server/echo", b"");
        entry(&mut bytes, "data", &[7; 33]);
        entry(&mut bytes, TRAILER, b"");
        entry(&mut bytes, "behind the end", b"");
        bytes
    }

    #[test]
    fn files_come_in_order_up_to_the_trailer() {
        let bytes = sample();
        let files: Vec<_> = Archive::new(&bytes).collect();
        assert_eq!(
            files,
            [
                File { name: "root", contents: b"first" },
                File { name: "server/echo", contents: b"" },
                File { name: "data", contents: &[7; 33] },
            ]
        );
    }

    #[test]
    fn the_first_is_the_root_and_others_are_found_by_name() {
        let bytes = sample();
        let archive = Archive::new(&bytes);
        assert_eq!(archive.root(), Some(&b"first"[..]));
        assert_eq!(archive.find("data"), Some(&[7; 33][..]));
        assert_eq!(archive.find("none"), None);
    }

    #[test]
    fn an_empty_archive_has_no_file() {
        assert_eq!(Archive::new(&[]).root(), None);
    }

    #[test]
    fn a_damaged_archive_ends_where_it_is_damaged() {
        let bytes = sample();
        let whole = Archive::new(&bytes).count();
        for length in 0..bytes.len() {
            assert!(Archive::new(&bytes[..length]).count() <= whole);
        }
        let mut bytes = sample();
        bytes[MAGIC.len() + 8 * SIZE_FIELD] = b'f';
        assert_eq!(Archive::new(&bytes).count(), 0);
        bytes[MAGIC.len() + 8 * NAME_SIZE_FIELD] = b'x';
        assert_eq!(Archive::new(&bytes).count(), 0);
    }
}
