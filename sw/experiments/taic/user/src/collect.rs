//! Taking samples.

use crate::{Collected, WARM_UP};

/// Takes all samples of what `sample` measures, after some that are not counted, and reports.
pub fn collect(
    collected: &mut Collected,
    name: &'static str,
    parameters: &'static str,
    mut sample: impl FnMut() -> i64,
) {
    for _ in 0..WARM_UP {
        sample();
    }
    while !collected.is_full() {
        collected.push(sample());
    }
    rt::println!("{}", collected.report(name, parameters));
    collected.clear();
}
