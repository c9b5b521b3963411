//! Vectors: the reasons for which a receiver is interrupted.

/// One of the 64 vectors of a receiver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Vector(u8);

/// The number is above 63.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoSuchVector;

impl Vector {
    /// Vectors of a receiver.
    pub const COUNT: usize = 64;

    /// The vector with this number; panics above 63 (at compile time in a `const`).
    pub const fn new(number: u8) -> Self {
        assert!((number as usize) < Self::COUNT, "a vector is a number from 0 to 63");
        Self(number)
    }

    /// Its number.
    pub const fn number(self) -> u8 {
        self.0
    }

    /// Its bit among the pending ones.
    pub const fn mask(self) -> u64 {
        1 << self.0
    }
}

impl TryFrom<usize> for Vector {
    type Error = NoSuchVector;

    fn try_from(number: usize) -> Result<Self, NoSuchVector> {
        if number < Self::COUNT { Ok(Self(number as u8)) } else { Err(NoSuchVector) }
    }
}

/// Pending vectors, lowest number first when iterated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(transparent)]
pub struct Pending(pub u64);

impl Iterator for Pending {
    type Item = Vector;

    fn next(&mut self) -> Option<Vector> {
        if self.0 == 0 {
            return None;
        }
        let lowest = self.0.trailing_zeros() as u8;
        self.0 &= self.0 - 1;
        Some(Vector(lowest))
    }
}

/// Which vectors a receiver has given away.
#[derive(Clone, Debug, Default)]
pub struct Vectors(u64);

impl Vectors {
    /// None yet.
    pub const fn new() -> Self {
        Self(0)
    }

    /// Takes the lowest free vector.
    pub fn allocate(&mut self) -> Option<Vector> {
        let free = Pending(!self.0).next()?;
        self.0 |= free.mask();
        Some(free)
    }

    /// Makes a vector free.
    pub fn free(&mut self, vector: Vector) {
        self.0 &= !vector.mask();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pending_vectors_come_lowest_first() {
        let numbers: Vec<u8> = Pending(1 << 63 | 1 << 5 | 1).map(Vector::number).collect();
        assert_eq!(numbers, [0, 5, 63]);
        assert_eq!(Pending(0).next(), None);
    }

    #[test]
    fn vectors_end_at_63() {
        assert_eq!(Vector::try_from(63).map(Vector::mask), Ok(1 << 63));
        assert_eq!(Vector::try_from(64), Err(NoSuchVector));
        assert_eq!(Vector::try_from(usize::MAX), Err(NoSuchVector));
    }

    #[test]
    fn every_vector_is_given_away_once() {
        let mut vectors = Vectors::new();
        for number in 0..Vector::COUNT {
            assert_eq!(vectors.allocate(), Vector::try_from(number).ok());
        }
        assert_eq!(vectors.allocate(), None);
        vectors.free(Vector::new(17));
        assert_eq!(vectors.allocate(), Some(Vector::new(17)));
    }
}
