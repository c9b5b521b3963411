//! The registers of UINTC, for S-mode.

use soc::uintc as register;
use uintr::{Pending, Vector};

const MAGIC: u64 = register::MAGIC as u64;
const HART_SHIFT: u32 = register::LOW_HART_ID.trailing_zeros();

/// Whether and where a receiver runs: the low word of its entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Location {
    /// Pending vectors interrupt the hart.
    pub active: bool,
    /// The controller keeps this; it has no effect.
    pub mode: bool,
    pub hart: u16,
}

impl Location {
    /// Running on `hart`.
    pub const fn on(hart: u16) -> Self {
        Self { active: true, mode: true, hart }
    }

    pub const fn encode(self) -> u64 {
        let active = if self.active { register::LOW_ACTIVE } else { 0 };
        let mode = if self.mode { register::LOW_MODE } else { 0 };
        (active | mode) as u64 | (self.hart as u64) << HART_SHIFT
    }

    pub const fn decode(word: u64) -> Self {
        Self {
            active: word & register::LOW_ACTIVE as u64 != 0,
            mode: word & register::LOW_MODE as u64 != 0,
            hart: (word >> HART_SHIFT) as u16,
        }
    }
}

/// What a controller is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    pub receivers: u16,
    pub harts: u16,
    pub version: u16,
}

impl Identity {
    /// `None` from a controller that has no such register.
    pub fn decode(word: u64) -> Option<Self> {
        let half = |index: u32| (word >> (16 * index)) as u16;
        (u64::from(half(3)) == MAGIC).then(|| Self {
            receivers: half(0),
            harts: half(1),
            version: half(2),
        })
    }
}

/// The last access that the controller refused, and how many there were (at most 65535).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused {
    /// One of `soc::uintc_refusal`.
    pub reason: u8,
    pub entry: u16,
    pub count: u16,
}

/// The controller. A kernel may have many copies of this. Each register access is one operation of
/// the controller, so no send is lost or doubled.
#[derive(Clone, Copy, Debug)]
pub struct Uintc {
    base: *mut u64,
}

impl Uintc {
    /// The controller with its registers from `base` on.
    ///
    /// # Safety
    /// The registers must be mapped there, for as long as this or a copy of it is used.
    pub const unsafe fn new(base: *mut u64) -> Self {
        Self { base }
    }

    /// What it is.
    pub fn identity(self) -> Option<Identity> {
        Identity::decode(self.read(register::ID))
    }

    /// Makes a vector pending.
    pub fn send(self, entry: u16, vector: Vector) {
        self.write(offset(entry, register::SEND), vector.number().into());
    }

    pub fn location(self, entry: u16) -> Location {
        Location::decode(self.read(offset(entry, register::LOW)))
    }

    pub fn set_location(self, entry: u16, location: Location) {
        self.write(offset(entry, register::LOW), location.encode());
    }

    /// Takes the pending vectors: afterwards none is pending.
    pub fn take_pending(self, entry: u16) -> Pending {
        Pending(self.read(offset(entry, register::HIGH)))
    }

    /// Makes further vectors pending.
    pub fn add_pending(self, entry: u16, pending: Pending) {
        self.write(offset(entry, register::HIGH), pending.0);
    }

    pub fn is_active(self, entry: u16) -> bool {
        self.read(offset(entry, register::ACTIVE)) & 1 != 0
    }

    /// Whether pending vectors interrupt the hart.
    pub fn set_active(self, entry: u16, active: bool) {
        self.write(offset(entry, register::ACTIVE), active.into());
    }

    /// An entry as it is before its first receiver.
    pub fn clear(self, entry: u16) {
        self.set_location(entry, Location::decode(0));
        self.take_pending(entry);
    }

    /// The last refused access, until [`Uintc::forget_refused`].
    pub fn refused(self) -> Option<Refused> {
        let word = self.read(register::ERROR);
        let field = |mask: usize| (word & mask as u64) >> mask.trailing_zeros();
        let reason = field(register::ERROR_REASON) as u8;
        (reason != 0).then_some(Refused {
            reason,
            entry: field(register::ERROR_INDEX) as u16,
            count: field(register::ERROR_COUNT) as u16,
        })
    }

    pub fn forget_refused(self) {
        self.write(register::ERROR, 0);
    }

    fn read(self, offset: usize) -> u64 {
        // SAFETY: a register, by the caller of `new`.
        unsafe { self.base.byte_add(offset).read_volatile() }
    }

    fn write(self, offset: usize, value: u64) {
        // SAFETY: a register, by the caller of `new`; it changes no memory.
        unsafe { self.base.byte_add(offset).write_volatile(value) }
    }
}

fn offset(entry: u16, register: usize) -> usize {
    let entry = usize::from(entry);
    assert!(entry < register::LOW_COUNT, "no receiver {entry}");
    entry * register::LOW_STRIDE + register
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Memory in the place of the registers.
    struct Memory(Vec<u64>);

    impl Memory {
        fn new() -> Self {
            Self(vec![0; register::ERROR / 8 + 1])
        }

        fn uintc(&mut self) -> Uintc {
            // SAFETY: the vector outlives the controller and is not resized.
            unsafe { Uintc::new(self.0.as_mut_ptr()) }
        }
    }

    #[test]
    fn registers_are_where_the_map_says() {
        let mut memory = Memory::new();
        let uintc = memory.uintc();
        uintc.send(3, Vector::new(63));
        uintc.set_location(511, Location::on(0x1234));
        uintc.add_pending(3, Pending(0xaa));
        uintc.set_active(3, true);
        assert_eq!(uintc.location(511), Location::on(0x1234));
        assert_eq!(uintc.take_pending(3), Pending(0xaa));
        assert!(uintc.is_active(3) && !uintc.is_active(2));
        assert_eq!(memory.0[12..16], [63, 0, 0xaa, 1]);
        assert_eq!(memory.0[511 * 4 + 1], 0x1234_0003);
    }

    #[test]
    fn a_location_is_laid_out_as_specified() {
        for active in [false, true] {
            for mode in [false, true] {
                let location = Location { active, mode, hart: 0x8001 };
                assert_eq!(Location::decode(location.encode()), location);
            }
        }
        assert_eq!(Location::on(2).encode(), 0x2_0003);
    }

    #[test]
    fn identity_and_errors_are_taken_apart() {
        let mut memory = Memory::new();
        assert_eq!(memory.uintc().identity(), None);
        assert_eq!(memory.uintc().refused(), None);
        memory.0[0] = 0x5549_0001_0002_0200;
        memory.0[register::ERROR / 8] = 0x0005_01ff_0001;
        let identity = Identity { receivers: 512, harts: 2, version: 1 };
        assert_eq!(memory.uintc().identity(), Some(identity));
        let refused = Refused { reason: 1, entry: 0x1ff, count: 5 };
        assert_eq!(memory.uintc().refused(), Some(refused));
        memory.uintc().forget_refused();
        assert_eq!(memory.uintc().refused(), None);
    }

    #[test]
    #[should_panic(expected = "no receiver 512")]
    fn no_access_beyond_the_table() {
        Memory::new().uintc().location(512);
    }
}
