//! Finding capabilities, against a walk over strings of bits.

use super::host::Bench;
use crate::{
    Cap,
    lookup::{find, resolve},
};
use abi::{LookupFailure, ObjectType};
use proptest::prelude::*;
use std::{format, string::String};

/// A CNode: guard bits, guard, radix.
type Level = (usize, usize, usize);

fn bits(value: usize, count: usize) -> String {
    if count == 0 {
        String::new()
    } else {
        format!("{:0count$b}", value & (usize::MAX >> (64 - count)))
    }
}

/// Walks a chain of CNodes, each in slot 1 of the one before. Returns the level of the slot that is
/// found, its index, and the bits that are left.
fn walk(levels: &[Level], address: &str) -> Result<(usize, usize, usize), LookupFailure> {
    let mut rest = address;
    for (number, (guard_bits, guard, radix)) in levels.iter().copied().enumerate() {
        let bits_left = rest.len();
        if !rest.starts_with(&bits(guard, guard_bits)) {
            return Err(LookupFailure::GuardMismatch { bits_left, guard, bits_found: guard_bits });
        }
        if guard_bits + radix > bits_left {
            let bits_found = guard_bits + radix;
            return Err(LookupFailure::DepthMismatch { bits_left, bits_found });
        }
        let index = usize::from_str_radix(&rest[guard_bits..guard_bits + radix], 2).unwrap();
        rest = &rest[guard_bits + radix..];
        if rest.is_empty() || index != 1 || number + 1 == levels.len() {
            return Ok((number, index, rest.len()));
        }
    }
    unreachable!("a chain has a level")
}

fn level() -> impl Strategy<Value = Level> {
    (0usize..12, any::<usize>(), 1usize..5)
        .prop_map(|(bits, guard, radix)| (bits, guard & ((1 << bits) - 1), radix))
}

proptest! {
    #[test]
    fn a_walk_finds_what_the_bits_say(
        levels in prop::collection::vec(level(), 1..4),
        address in any::<usize>(),
        depth in prop_oneof![1usize..64, Just(64)],
        along in any::<bool>(),
    ) {
        let mut bench = Bench::new();
        let (first, kernel) = (bench.free, ObjectType::CNode);
        for (number, (_, _, radix)) in levels.iter().enumerate() {
            let untyped = bench.untyped;
            prop_assert_eq!(bench.retype(untyped, kernel, *radix, first + number, 1).0, 0);
        }
        let caps: std::vec::Vec<Cap> = levels.iter().enumerate().map(|(number, level)| {
            let object = bench.cap(first + number).pointer();
            Cap::cnode(object, level.2, level.1, level.0)
        }).collect();
        for (number, cap) in caps.iter().enumerate().skip(1) {
            let slot = crate::Slot(caps[number - 1].pointer() + 32);
            slot.set_cap(&mut bench.kernel, *cap);
        }
        // Random addresses hardly ever match a guard: half of them follow the chain.
        let mut text = bits(address, depth);
        if along {
            let path: String = levels.iter()
                .map(|(guard_bits, guard, radix)| bits(*guard, *guard_bits) + &bits(1, *radix))
                .collect();
            text = (path + &text).chars().take(depth).collect();
        }
        let address = usize::from_str_radix(&text, 2).unwrap();
        let found = resolve(&bench.kernel, caps[0], address, text.len())
            .map(|(slot, left)| (slot.0, left));
        let expected = walk(&levels, &text)
            .map(|(number, index, left)| (caps[number].pointer() + 32 * index, left));
        prop_assert_eq!(found, expected);
        if text.len() == 64 {
            let cap = found.ok().map(|(slot, _)| crate::Slot(slot).cap(&bench.kernel));
            prop_assert_eq!(find(&bench.kernel, caps[0], address), cap);
        }
    }
}
