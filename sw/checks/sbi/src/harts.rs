//! What the firmware does between harts. With one hart, the tests ask for that hart only.

use crate::{becomes_pending, soon};
use core::{
    arch::{asm, global_asm},
    ptr,
    sync::atomic::{AtomicUsize, Ordering},
};
use fdt::Fdt;
use sbi_spec::{
    hsm::{EID_HSM, HART_STOP, hart_state},
    spi::{EID_SPI, SEND_IPI},
};
use supervisor::{
    hal::{
        csr,
        soc::{DRAM_BASE, csr as number, irq},
    },
    sbi_rt::{self, HartMask, NonRetentive, Retentive},
};

/// The number of harts. No hart has this ID.
static HARTS: AtomicUsize = AtomicUsize::new(0);

/// Takes the number of harts from the device tree.
pub fn describe(device_tree: usize) -> usize {
    // SAFETY: `a1`, as the firmware gives it; the parser checks what it finds there.
    let tree = unsafe { Fdt::from_ptr(ptr::with_exposed_provenance(device_tree)) };
    let harts = tree.map_or(0, |tree| tree.cpus().count());
    HARTS.store(harts, Ordering::Relaxed);
    harts
}

fn no_hart() -> usize {
    HARTS.load(Ordering::Relaxed)
}

/// The other hart that runs, plus 1.
static VISITOR: AtomicUsize = AtomicUsize::new(0);

unsafe extern "C" {
    fn sbitest_visitor();
}

// Another hart: writes its number plus 1 to the word at `a1`, waits until it is 0 again, and stops.
global_asm!(
    ".text",
    ".balign 4",
    "sbitest_visitor:",
    "addi t0, a0, 1",
    "sd t0, 0(a1)",
    "1: ld t0, 0(a1)",
    "bnez t0, 1b",
    "li a7, {hsm}",
    "li a6, {stop}",
    "ecall",
    "2: j 2b",
    hsm = const EID_HSM,
    stop = const HART_STOP,
);

/// Interrupts between harts: to oneself, whatever the form of the mask; each arrives once. A mask
/// without harts is one, a hart that does not exist is refused.
pub fn interrupts(hart: usize) -> bool {
    let own = [HartMask::from_mask_base(1, hart), HartMask::from_mask_base(1 << hart, 0)];
    let all = HartMask::from_mask_base(0, usize::MAX);
    let arrives = |mask| sbi_rt::send_ipi(mask).is_ok() && becomes_pending(irq::SSI) && withdrawn();
    let refused = [
        HartMask::from_mask_base(1, no_hart()),
        HartMask::from_mask_base(1 << no_hart(), 0),
        HartMask::from_mask_base(1 << hart | 1 << no_hart(), 0),
        HartMask::from_mask_base(1 << 63, 1),
        HartMask::from_mask_base(1, usize::MAX - 1),
    ];
    own.into_iter().chain([all]).all(arrives)
        && sbi_rt::send_ipi(HartMask::from_mask_base(0, 0)).is_ok()
        && refused.into_iter().all(|mask| sbi_rt::send_ipi(mask).is_err())
        && csr::read::<{ number::SIP }>() >> irq::SSI & 1 == 0
        && own.into_iter().all(keeps_registers)
}

/// Withdraws the interrupt, and tells whether it stays so.
fn withdrawn() -> bool {
    let pending = || csr::read::<{ number::SIP }>() >> irq::SSI & 1 == 1;
    // SAFETY: withdraws the interrupt.
    unsafe { csr::clear::<{ number::SIP }>(1 << irq::SSI) };
    !(0..100).any(|_| pending())
}

/// Whether the call, and the arrival of the interrupt, change no register but `a0` and `a1`.
fn keeps_registers(mask: HartMask) -> bool {
    let (bits, base) = mask.into_inner();
    let [mut t0, mut t1, mut t2] = [!1, !2, !3_usize];
    let (result, value): (usize, usize);
    // SAFETY: a call that changes no memory of this program.
    unsafe {
        asm!(
            "ecall",
            ".rept 32",
            "nop",
            ".endr",
            inlateout("a0") bits => result,
            inlateout("a1") base => value,
            inlateout("t0") t0,
            inlateout("t1") t1,
            inlateout("t2") t2,
            in("a6") SEND_IPI,
            in("a7") EID_SPI,
        );
    }
    let kept = [t0, t1, t2] == [!1, !2, !3_usize] && [result, value] == [0; 2];
    kept && becomes_pending(irq::SSI) && withdrawn()
}

/// Remote fences of all harts.
pub fn fences(hart: usize) -> bool {
    let own = HartMask::from_mask_base(1, hart);
    let all = HartMask::from_mask_base(0, usize::MAX);
    [own, all].into_iter().all(|mask| {
        sbi_rt::remote_fence_i(mask).is_ok()
            && sbi_rt::remote_sfence_vma(mask, 0, usize::MAX).is_ok()
            && sbi_rt::remote_sfence_vma_asid(mask, 0x1000, 0x1000, 1).is_ok()
    }) && sbi_rt::remote_fence_i(HartMask::from_mask_base(1, no_hart())).is_err()
}

/// Hart states: starts all other harts, fences them while they run, and sees them stop.
pub fn management(hart: usize) -> bool {
    let entry = sbitest_visitor as *const () as usize;
    let opaque = VISITOR.as_ptr() as usize;
    let refused = sbi_rt::hart_get_status(no_hart()).is_err()
        && sbi_rt::hart_start(hart, entry, opaque).is_err()
        && sbi_rt::hart_start(no_hart(), entry, opaque).is_err();
    let others = (0..no_hart()).filter(|other| *other != hart);
    let served = others.clone().all(|other| {
        sbi_rt::hart_get_status(other).value == hart_state::STOPPED
            && sbi_rt::hart_start(other, DRAM_BASE, opaque).is_err()
            && sbi_rt::hart_start(other, entry, opaque).is_ok()
            && soon(|| VISITOR.load(Ordering::Relaxed) == other + 1)
            && sbi_rt::remote_fence_i(HartMask::from_mask_base(1, other)).is_ok()
            && sbi_rt::hart_start(other, entry, opaque).is_err()
            && VISITOR.swap(0, Ordering::Relaxed) == other + 1
            && soon(|| sbi_rt::hart_get_status(other).value == hart_state::STOPPED)
    });
    // A pending and enabled interrupt ends the suspension at once.
    // SAFETY: interrupts are off in S-mode: it stays pending until it is withdrawn.
    let suspended = unsafe {
        csr::set::<{ number::SIE }>(1 << irq::SSI);
        csr::set::<{ number::SIP }>(1 << irq::SSI);
        let suspended = sbi_rt::hart_suspend(Retentive, 0, 0).is_ok();
        csr::clear::<{ number::SIP }>(1 << irq::SSI);
        csr::clear::<{ number::SIE }>(1 << irq::SSI);
        suspended
    };
    refused
        && served
        && suspended
        && sbi_rt::hart_suspend(NonRetentive, entry, 0).is_err()
        && sbi_rt::hart_get_status(hart).value == hart_state::STARTED
}
