//! Regions of physical memory, and taking pieces out of them.

/// Addresses from `start` to before `end`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Region {
    pub start: usize,
    pub end: usize,
}

impl Region {
    pub const fn new(start: usize, end: usize) -> Self {
        Self { start, end }
    }

    pub const fn is_empty(self) -> bool {
        self.start >= self.end
    }
}

const MOST: usize = 32;

/// Regions that do not overlap.
#[derive(Clone, Copy, Debug)]
pub struct Memories {
    regions: [Region; MOST],
    count: usize,
}

impl Default for Memories {
    fn default() -> Self {
        Self::new()
    }
}

impl Memories {
    pub const fn new() -> Self {
        Self { regions: [Region { start: 0, end: 0 }; MOST], count: 0 }
    }

    /// Adds a region. One that is empty, or too many, is left out.
    pub fn add(&mut self, region: Region) {
        if !region.is_empty() && self.count < MOST {
            self.regions[self.count] = region;
            self.count += 1;
        }
    }

    /// Takes addresses out.
    pub fn exclude(&mut self, hole: Region) {
        if hole.is_empty() {
            return;
        }
        let before = *self;
        *self = Self::new();
        for region in before.iter() {
            self.add(Region::new(region.start, region.end.min(hole.start)));
            self.add(Region::new(region.start.max(hole.end), region.end));
        }
    }

    /// Takes `1 << bits` bytes, aligned to their size, from the lowest place where they fit: there
    /// memory is in pieces already, and large frames above stay whole.
    pub fn take(&mut self, bits: usize) -> Option<usize> {
        let size = 1 << bits;
        let place = |region: &Region| {
            let start = region.start.next_multiple_of(size);
            (start.checked_add(size)? <= region.end).then_some(start)
        };
        let start = self.iter().filter_map(|region| place(&region)).min()?;
        self.exclude(Region::new(start, start + size));
        Some(start)
    }

    pub fn iter(&self) -> impl Iterator<Item = Region> {
        self.regions.into_iter().take(self.count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_out_is_in_no_region() {
        let mut memories = Memories::new();
        memories.add(Region::new(0x1000, 0x9000));
        memories.exclude(Region::new(0x3000, 0x4000));
        assert_eq!(memories.take(13), Some(0x4000));
        let left: std::vec::Vec<_> = memories.iter().collect();
        let wanted = [(0x1000, 0x3000), (0x6000, 0x9000)];
        assert_eq!(left, wanted.map(|(start, end)| Region::new(start, end)));
        assert_eq!(memories.take(12), Some(0x1000));
        assert_eq!(memories.take(14), None);
    }
}
