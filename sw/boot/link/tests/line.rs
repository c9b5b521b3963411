//! The target and its line: what it answers, and that only a complete request counts.

mod ram;

use bootlink::{Action, BLOCK, FRAME_BYTES, Frame, Receiver, Target, VERSION};
use crc::{CRC_32_ISO_HDLC, Crc};
use ram::{BASE, BYTES, Ram};

fn target() -> Target<Ram> {
    Target::new(Ram(vec![0xa5; BYTES]), 35_000_000, b"record")
}

fn checksum(bytes: &[u8]) -> u32 {
    Crc::<u32>::new(&CRC_32_ISO_HDLC).checksum(bytes)
}

/// A request as the host sends it, of any length.
fn request(kind: u8, sequence: u8, fields: &[u8]) -> Vec<u8> {
    let mut body = [&[kind, sequence], fields].concat();
    body.extend(checksum(&body).to_le_bytes());
    let mut line = cobs::encode_vec(&body);
    line.push(0);
    line
}

fn write(address: u64, bytes: &[u8]) -> Vec<u8> {
    request(2, 7, &[&address.to_le_bytes(), bytes].concat())
}

fn area(kind: u8, address: u64, length: u64) -> Vec<u8> {
    request(kind, 7, &[address.to_le_bytes(), length.to_le_bytes()].concat())
}

/// Sends `line`. Returns the replies as (kind, sequence number, fields), and what to do at the end.
fn exchange(target: &mut Target<Ram>, line: &[u8]) -> (Vec<(u8, u8, Vec<u8>)>, Action) {
    let mut replies = Vec::new();
    let mut action = Action::Continue;
    for &byte in line {
        action = target.receive(byte, |byte| replies.push(byte));
    }
    let mut receiver = Receiver::new();
    let frames = replies.iter().filter_map(|&byte| {
        let Frame { kind, sequence, fields } = receiver.push(byte)?.expect("replies are whole");
        Some((kind, sequence, fields.to_vec()))
    });
    (frames.collect(), action)
}

fn done(value: u32) -> Vec<(u8, u8, Vec<u8>)> {
    vec![(0x82, 7, value.to_le_bytes().to_vec())]
}

/// Random numbers from a fixed seed (xorshift).
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % limit
    }
}

#[test]
fn hello_tells_the_memory() {
    let (replies, _) = exchange(&mut target(), &request(1, 9, &[]));
    let mut fields = vec![VERSION];
    fields.extend(BASE.to_le_bytes());
    fields.extend((BASE + BYTES as u64).to_le_bytes());
    fields.extend((BLOCK as u16).to_le_bytes());
    fields.extend(b"record");
    assert_eq!(replies, [(0x81, 9, fields)]);
}

#[test]
fn the_nearest_rate_is_told_and_used() {
    for (asked, divisor, rate) in [
        (115_200, 19, 115_131),
        (1_000_000, 2, 1_093_750),
        (2_000_000, 1, 2_187_500),
        (100_000_000, 1, 2_187_500),
        (34, 64_338, 34),
    ] {
        let (replies, action) = exchange(&mut target(), &request(6, 7, &u32::to_le_bytes(asked)));
        assert_eq!((replies, action), (done(rate), Action::Speed(divisor)));
    }
    for asked in [0, 33, u32::MAX] {
        let (replies, action) = exchange(&mut target(), &request(6, 7, &u32::to_le_bytes(asked)));
        assert_eq!((replies, action), (vec![(0x83, 7, vec![])], Action::Continue));
    }
}

#[test]
fn after_a_break_a_frame_begins() {
    let mut target = target();
    exchange(&mut target, &area(3, BASE, 1)[..5]);
    target.line_break();
    assert_eq!(exchange(&mut target, &area(3, BASE, 1)).0, done(0));
}

#[test]
fn a_block_is_written_cleared_checked_and_run() {
    let mut target = target();
    let block: Vec<u8> = (0..BLOCK).map(|n| (n * 7) as u8).collect();
    assert_eq!(exchange(&mut target, &write(BASE + 8, &block)).0, done(0));
    let expected = done(checksum(&block));
    assert_eq!(exchange(&mut target, &area(4, BASE + 8, BLOCK as u64)).0, expected);
    assert_eq!(exchange(&mut target, &area(3, BASE, 8)).0, done(0));
    assert_eq!(exchange(&mut target, &request(5, 7, &[])), (done(0), Action::Run));
    let memory = target.into_memory().0;
    assert_eq!(memory[..8], [0; 8]);
    assert_eq!(memory[8..8 + BLOCK], block);
    assert!(memory[8 + BLOCK..].iter().all(|&byte| byte == 0xa5));
}

#[test]
fn what_lies_outside_is_refused() {
    let mut target = target();
    let end = BASE + BYTES as u64;
    let refused = vec![(0x83, 7, vec![])];
    for line in [
        write(BASE - 1, &[0]),
        write(end, &[0]),
        write(u64::MAX, &[0; 2]),
        area(3, BASE, BYTES as u64 + 1),
        area(4, BASE, u64::MAX),
        area(9, BASE, 1),
        request(2, 7, &[0; 7]),
        request(3, 7, &[0; 15]),
    ] {
        assert_eq!(exchange(&mut target, &line).0, refused);
    }
    assert!(target.into_memory().0.iter().all(|&byte| byte == 0xa5));
}

#[test]
fn a_frame_that_is_too_long_is_damaged_and_the_next_one_counts() {
    let mut target = target();
    let line = [vec![1; 2 * FRAME_BYTES], vec![0], area(3, BASE, 1)].concat();
    let (replies, _) = exchange(&mut target, &line);
    assert_eq!(replies, [vec![(0x84, 0, vec![])], done(0)].concat());
}

#[test]
fn nothing_counts_but_a_whole_request() {
    let mut random = Random(0x1234_5678_9abc_def1);
    for _ in 0..20_000 {
        let mut target = target();
        let sound = write(BASE + random.below(64) as u64, &[1; 20]);
        let mut line = sound.clone();
        let place = random.below(line.len() - 1);
        match random.below(4) {
            0 => line[place] ^= 1 << random.below(8),
            1 => drop(line.remove(place)),
            2 => line.insert(place, line[place]),
            _ => line.truncate(place),
        }
        let changed = line != sound;
        let (replies, action) = exchange(&mut target, &line);
        assert_eq!(action, Action::Continue);
        assert!(!changed || replies.iter().all(|(kind, ..)| *kind == 0x84), "{line:?}");
        // The next end of a frame puts everything right.
        let (replies, _) = exchange(&mut target, &[vec![0], area(4, BASE, 4096)].concat());
        let (kind, _, fields) = replies.last().unwrap();
        assert_eq!(*kind, 0x82);
        let memory = target.into_memory().0;
        assert_eq!(*fields, checksum(&memory).to_le_bytes());
        assert!(!changed || memory.iter().all(|&byte| byte == 0xa5));
    }
}

#[test]
fn noise_does_nothing() {
    let mut random = Random(0xfeed_5678_9abc_def1);
    let mut target = target();
    for _ in 0..2_000_000 {
        let byte = random.below(256) as u8;
        assert_eq!(target.receive(byte, |_| ()), Action::Continue);
    }
    assert!(target.into_memory().0.iter().all(|&byte| byte == 0xa5));
}
