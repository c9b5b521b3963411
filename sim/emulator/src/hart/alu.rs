//! Multiplication and division, with the results that the specification gives for division by zero
//! and for overflow.

pub fn mulh(a: u64, b: u64) -> u64 {
    ((i128::from(a as i64) * i128::from(b as i64)) >> 64) as u64
}

pub fn mulhsu(a: u64, b: u64) -> u64 {
    ((i128::from(a as i64) * i128::from(b)) >> 64) as u64
}

pub fn mulhu(a: u64, b: u64) -> u64 {
    ((u128::from(a) * u128::from(b)) >> 64) as u64
}

pub fn div(a: u64, b: u64) -> u64 {
    if b == 0 { u64::MAX } else { (a as i64).wrapping_div(b as i64) as u64 }
}

pub fn divu(a: u64, b: u64) -> u64 {
    a.checked_div(b).unwrap_or(u64::MAX)
}

pub fn rem(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { (a as i64).wrapping_rem(b as i64) as u64 }
}

pub fn remu(a: u64, b: u64) -> u64 {
    a.checked_rem(b).unwrap_or(a)
}

pub fn divw(a: u64, b: u64) -> u64 {
    let (a, b) = (a as i32, b as i32);
    word(if b == 0 { -1 } else { a.wrapping_div(b) })
}

pub fn divuw(a: u64, b: u64) -> u64 {
    word((a as u32).checked_div(b as u32).unwrap_or(u32::MAX) as i32)
}

pub fn remw(a: u64, b: u64) -> u64 {
    let (a, b) = (a as i32, b as i32);
    word(if b == 0 { a } else { a.wrapping_rem(b) })
}

pub fn remuw(a: u64, b: u64) -> u64 {
    let a = a as u32;
    word(a.checked_rem(b as u32).unwrap_or(a) as i32)
}

/// A word, sign-extended.
#[inline(always)]
pub fn word(value: i32) -> u64 {
    i64::from(value) as u64
}
