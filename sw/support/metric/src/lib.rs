//! Samples of a measured quantity, and the line in which a program reports them.
//!
//! `lines.txt` describes the line, which `rel4 bench` reads.

#![cfg_attr(not(test), no_std)]

use core::fmt;

/// Up to `N` samples; further ones are not kept.
#[derive(Clone, Debug)]
pub struct Samples<const N: usize> {
    values: [u32; N],
    length: usize,
}

impl<const N: usize> Default for Samples<N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const N: usize> Samples<N> {
    /// No samples yet.
    pub const fn new() -> Self {
        Self { values: [0; N], length: 0 }
    }

    /// Adds a sample. A value that does not fit into 32 unsigned bits is clamped.
    pub fn push(&mut self, value: i64) {
        if let Some(place) = self.values.get_mut(self.length) {
            *place = value.clamp(0, i64::from(u32::MAX)) as u32;
            self.length += 1;
        }
    }

    /// Whether the place for samples is used up.
    pub fn is_full(&self) -> bool {
        self.length == N
    }

    /// Forgets all samples.
    pub fn clear(&mut self) {
        self.length = 0;
    }

    /// The report, as a line without its end.
    pub fn report(&mut self, name: &'static str, parameters: &'static str) -> Report {
        let values = &mut self.values[..self.length];
        values.sort_unstable();
        let median = values.get(values.len() / 2).copied().unwrap_or_default();
        let worst = values.last().copied().unwrap_or_default();
        Report { name, parameters, median, worst, samples: self.length }
    }
}

/// What is reported of one quantity, in cycles.
#[derive(Clone, Copy, Debug)]
pub struct Report {
    name: &'static str,
    parameters: &'static str,
    pub median: u32,
    worst: u32,
    samples: usize,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let Self { name, parameters, median, worst, samples } = self;
        write!(f, "metric {name} cycles {median} {worst} {samples}")?;
        if parameters.is_empty() { Ok(()) } else { write!(f, " {parameters}") }
    }
}

/// A number of operations in a number of cycles, reported as operations a cycle.
#[derive(Clone, Copy, Debug)]
pub struct Rate {
    pub name: &'static str,
    pub parameters: &'static str,
    pub operations: u64,
    pub cycles: u64,
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let Self { name, parameters, operations, cycles } = self;
        let thousandths = 1000 * operations / cycles.max(&1);
        let (whole, rest) = (thousandths / 1000, thousandths % 1000);
        let rate = format_args!("{whole}.{rest:03}");
        write!(f, "metric {name} count {rate} {rate} {operations} {parameters}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples(values: &[i64]) -> Samples<8> {
        let mut samples = Samples::new();
        values.iter().for_each(|value| samples.push(*value));
        samples
    }

    #[test]
    fn reports_median_and_worst() {
        let line = samples(&[3, 1, 9, 2, 2]).report("core.mul", "").to_string();
        assert_eq!(line, "metric core.mul cycles 2 9 5");
        let line = samples(&[7]).report("core.tlb_miss", "level=walk").to_string();
        assert_eq!(line, "metric core.tlb_miss cycles 7 7 1 level=walk");
    }

    #[test]
    fn reports_operations_in_a_cycle() {
        let rate = Rate { name: "taic.ops", parameters: "harts=2", operations: 50, cycles: 40 };
        assert_eq!(rate.to_string(), "metric taic.ops count 1.250 1.250 50 harts=2");
    }

    #[test]
    fn writes_the_documented_lines() {
        let written = [
            samples(&[3, 1, 9, 2, 2]).report("core.mul", "").to_string(),
            samples(&[7]).report("core.tlb_miss", "level=walk").to_string(),
            Rate { name: "taic.ops", parameters: "harts=2", operations: 50, cycles: 40 }
                .to_string(),
        ];
        let lines = include_str!("../lines.txt").lines();
        assert_eq!(lines.filter(|line| line.starts_with("metric ")).collect::<Vec<_>>(), written);
    }

    #[test]
    fn takes_no_more_than_fit_and_nothing_negative() {
        let mut full = samples(&[-4; 10]);
        assert!(full.is_full());
        assert_eq!(full.report("x", "").to_string(), "metric x cycles 0 0 8");
    }
}
