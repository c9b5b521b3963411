//! Images in a flash: a good one is loaded, and each kind of damage is reported.

mod ram;

use bootlink::{Fault, load_image};
use crc::{CRC_32_ISO_HDLC, Crc};
use ram::{BASE, BYTES, Ram};
use soc::boot_image::{MAGIC, VERSION};

/// An image with these fields and the right checksum.
struct Image {
    magic: u64,
    version: u32,
    extra_length: u32,
    entry: u64,
    segments: Vec<(u64, Vec<u8>, u32)>,
}

impl Image {
    fn good() -> Self {
        let data = |length: usize| (0..length).map(|n| (n * 7 + 1) as u8).collect();
        Self {
            magic: MAGIC as u64,
            version: VERSION as u32,
            extra_length: 0,
            entry: BASE,
            segments: vec![(BASE, data(104), 104), (BASE + 1024, data(16), 100)],
        }
    }

    fn bytes(&self) -> Vec<u8> {
        let mut body = Vec::new();
        for (address, data, size) in &self.segments {
            body.extend(address.to_le_bytes());
            body.extend((data.len() as u32).to_le_bytes());
            body.extend(size.to_le_bytes());
            body.extend(data);
        }
        let mut image = self.magic.to_le_bytes().to_vec();
        image.extend(self.version.to_le_bytes());
        image.extend((body.len() as u32 + self.extra_length).to_le_bytes());
        image.extend(self.entry.to_le_bytes());
        let checked = [image.clone(), body.clone()].concat();
        image.extend(Crc::<u32>::new(&CRC_32_ISO_HDLC).checksum(&checked).to_le_bytes());
        image.extend([0; 4]);
        image.extend(body);
        image
    }
}

/// Loads from a flash that holds `image`; the rest of it is erased.
fn load(image: &[u8]) -> (Result<(), Fault>, Vec<u8>) {
    let mut ram = Ram(vec![0xa5; BYTES]);
    let mut bytes = image.iter().copied().chain(std::iter::repeat(0xff));
    let next = || u64::from_le_bytes(std::array::from_fn(|_| bytes.next().unwrap()));
    (load_image(next, &mut ram), ram.0)
}

fn fault(image: Image) -> Fault {
    load(&image.bytes()).0.unwrap_err()
}

#[test]
fn a_good_image_is_loaded() {
    let image = Image::good();
    let (result, memory) = load(&image.bytes());
    assert_eq!(result, Ok(()));
    assert_eq!(memory[..104], image.segments[0].1);
    assert_eq!(memory[1024..1040], image.segments[1].1);
    assert_eq!(memory[1040..1124], [0; 84]);
    assert!(memory[104..1024].iter().chain(&memory[1124..]).all(|&byte| byte == 0xa5));
}

#[test]
fn without_a_flash_there_is_no_image() {
    for level in [0, 0xff] {
        assert_eq!(load(&[level; 8192]).0, Err(Fault::Missing));
    }
    assert_eq!(fault(Image { magic: MAGIC as u64 ^ 1, ..Image::good() }), Fault::Missing);
}

#[test]
fn each_damage_has_its_name() {
    let segment = |address, data: usize, size| Image {
        segments: vec![(address, vec![1; data], size)],
        ..Image::good()
    };
    let end = BASE + BYTES as u64;
    assert_eq!(fault(Image { version: 7, ..Image::good() }), Fault::Version);
    assert_eq!(fault(Image { extra_length: 4, ..Image::good() }), Fault::Length);
    assert_eq!(fault(Image { extra_length: BYTES as u32, ..Image::good() }), Fault::Length);
    assert_eq!(fault(Image { entry: BASE + 8, ..Image::good() }), Fault::Entry);
    assert_eq!(fault(Image { extra_length: 8, ..Image::good() }), Fault::Segment);
    assert_eq!(fault(segment(BASE - 8, 8, 8)), Fault::Segment);
    assert_eq!(fault(segment(end - 8, 16, 16)), Fault::Segment);
    assert_eq!(fault(segment(end - 8, 8, 9)), Fault::Segment);
    assert_eq!(fault(segment(u64::MAX - 7, 8, 8)), Fault::Segment);
    assert_eq!(fault(segment(BASE, 16, 8)), Fault::Segment);
    assert_eq!(fault(segment(BASE, 12, 12)), Fault::Length);
}

#[test]
fn an_image_that_is_not_whole_is_refused() {
    let image = Image::good().bytes();
    for length in (0..image.len()).step_by(8) {
        assert!(load(&image[..length]).0.is_err(), "{length}");
    }
}

#[test]
fn no_bit_may_be_wrong() {
    let image = Image::good().bytes();
    for bit in (0..8 * image.len()).filter(|bit| !(8 * 28..8 * 32).contains(bit)) {
        let mut damaged = image.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        assert!(load(&damaged).0.is_err(), "bit {bit}");
    }
}
