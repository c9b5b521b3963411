//! An ELF file of a whole memory. Pages of zeros are not in the file; each segment is as large in
//! memory as it takes to reach the next one, so whoever loads it clears them.

const PAGE: usize = 4096;
const HEADER_BYTES: usize = 64;
const PROGRAM_HEADER_BYTES: usize = 56;
const EXECUTABLE: u16 = 2;
const RISCV: u16 = 243;
const LOAD: u32 = 1;
const READ_WRITE_EXECUTE: u32 = 7;

/// The file for `memory`, which is at `base`. Its entry is `base`.
pub fn image(base: u64, memory: &[u8]) -> Vec<u8> {
    let runs = runs(memory);
    let headers = HEADER_BYTES + PROGRAM_HEADER_BYTES * runs.len();
    let mut offset = headers.next_multiple_of(PAGE);
    let mut file = header(base, runs.len());
    for (index, &(start, end)) in runs.iter().enumerate() {
        let next = runs.get(index + 1).map_or(memory.len(), |&(start, _)| start);
        let address = base + start as u64;
        file.extend(LOAD.to_le_bytes());
        file.extend(READ_WRITE_EXECUTE.to_le_bytes());
        let fields = [offset as u64, address, address, (end - start) as u64, (next - start) as u64];
        file.extend(fields.iter().flat_map(|field| field.to_le_bytes()));
        file.extend((PAGE as u64).to_le_bytes());
        offset += end - start;
    }
    file.resize(headers.next_multiple_of(PAGE), 0);
    for (start, end) in runs {
        file.extend(&memory[start..end]);
    }
    file
}

fn header(entry: u64, segments: usize) -> Vec<u8> {
    let mut file = b"\x7fELF\x02\x01\x01".to_vec();
    file.resize(16, 0);
    file.extend(EXECUTABLE.to_le_bytes());
    file.extend(RISCV.to_le_bytes());
    file.extend(1u32.to_le_bytes());
    file.extend([entry, HEADER_BYTES as u64, 0].iter().flat_map(|field| field.to_le_bytes()));
    file.extend(1u32.to_le_bytes()); // flags: compressed instructions
    let counts = [HEADER_BYTES, PROGRAM_HEADER_BYTES, segments, 0, 0, 0];
    file.extend(counts.iter().flat_map(|&count| (count as u16).to_le_bytes()));
    file
}

/// Where memory is not zero, in whole pages: start and end.
fn runs(memory: &[u8]) -> Vec<(usize, usize)> {
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for (index, page) in memory.chunks(PAGE).enumerate() {
        if page.iter().all(|&byte| byte == 0) {
            continue;
        }
        let (start, end) = (index * PAGE, index * PAGE + page.len());
        match runs.last_mut() {
            Some((_, last)) if *last == start => *last = end,
            _ => runs.push((start, end)),
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zeros_are_left_out_and_cleared() {
        let mut memory = vec![0; 5 * PAGE];
        memory[0] = 1;
        memory[2 * PAGE..4 * PAGE].fill(2);
        assert_eq!(runs(&memory), [(0, PAGE), (2 * PAGE, 4 * PAGE)]);
        let file = image(0x8000_0000, &memory);
        assert_eq!(file.len(), 4 * PAGE);
        let field = |offset: usize| {
            u64::from_le_bytes(file[offset..offset + 8].try_into().expect("eight bytes"))
        };
        let second = HEADER_BYTES + PROGRAM_HEADER_BYTES;
        assert_eq!(field(HEADER_BYTES + 40), 2 * PAGE as u64);
        assert_eq!(field(second + 24), 0x8000_0000 + 2 * PAGE as u64);
        assert_eq!((field(second + 32), field(second + 40)), (2 * PAGE as u64, 3 * PAGE as u64));
    }
}
