//! What the firmware does on one hart.

use crate::becomes_pending;
use supervisor::{
    hal::{
        csr,
        soc::{DRAM_BASE, DRAM_SIZE, csr as number, irq},
    },
    has_user_interrupts,
    sbi_rt::{self, Physical},
    try_load,
};

/// Base extension: version 2.0, all extensions of the firmware, and no others.
pub fn base() -> bool {
    let version = sbi_rt::get_spec_version();
    let there = [
        sbi_rt::probe_extension(sbi_rt::Timer),
        sbi_rt::probe_extension(sbi_rt::Ipi),
        sbi_rt::probe_extension(sbi_rt::Fence),
        sbi_rt::probe_extension(sbi_rt::Hsm),
        sbi_rt::probe_extension(sbi_rt::Reset),
        sbi_rt::probe_extension(sbi_rt::Console),
        sbi_rt::probe_extension(sbi_rt::Pmu),
    ];
    (version.major(), version.minor()) == (2, 0)
        && there.iter().all(|extension| extension.is_available())
        && sbi_rt::probe_extension(sbi_rt::Nacl).is_unavailable()
}

/// Debug console: refuses memory that does not belong to S-mode.
pub fn console() -> bool {
    let buffer = [0u8; 4];
    let good = Physical::new(0, buffer.as_ptr() as usize, 0);
    let refused = [DRAM_BASE, DRAM_BASE + DRAM_SIZE - 2, 0, usize::MAX - 1]
        .into_iter()
        .all(|address| sbi_rt::console_write(Physical::new(4, address, 0)).is_err());
    sbi_rt::console_write(good).is_ok() && refused
}

/// Timer: pending when the time has come. A later time clears it.
pub fn timer() -> bool {
    let now = csr::read::<{ number::TIME }>() as u64;
    let quiet = sbi_rt::set_timer(u64::MAX).is_ok() && !is_pending();
    let rings = sbi_rt::set_timer(now + 50).is_ok() && becomes_pending(irq::STI);
    let stops = sbi_rt::set_timer(u64::MAX).is_ok() && !is_pending();
    quiet && rings && stops
}

fn is_pending() -> bool {
    csr::read::<{ number::SIP }>() >> irq::STI & 1 == 1
}

/// The firmware's memory is closed. The memory behind it is open.
pub fn protection() -> bool {
    try_load(DRAM_BASE).is_none()
        && try_load(DRAM_BASE + 0x1f_fff8).is_none()
        && try_load(DRAM_BASE + 0x20_0000).is_some()
}

/// Delegated interrupts show in `sie`; with N, the user interrupts do as well.
pub fn delegation() -> bool {
    let user = 1 << irq::USI | 1 << irq::UTI | 1 << irq::UEI;
    let mut expected = 1 << irq::SSI | 1 << irq::STI | 1 << irq::SEI;
    if has_user_interrupts() {
        expected |= user;
    }
    // SAFETY: interrupts are off in S-mode, and nothing runs in U-mode.
    unsafe {
        let before = csr::swap::<{ number::SIE }>(usize::MAX);
        csr::swap::<{ number::SIE }>(before) & (expected | user) == expected
    }
}

/// S-mode can read the counters and has got the device tree.
pub fn counters(device_tree: usize) -> bool {
    const MAGIC: u32 = 0xd00d_feed;
    let time = csr::read::<{ number::TIME }>();
    let magic = try_load(device_tree).map(|dword| (dword as u32).swap_bytes());
    csr::read::<{ number::CYCLE }>() > 0
        && csr::read::<{ number::INSTRET }>() > 0
        && csr::read::<{ number::TIME }>() >= time
        && magic == Some(MAGIC)
}
