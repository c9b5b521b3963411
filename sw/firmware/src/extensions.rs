//! The SBI extensions, as `rustsbi` wants them.

use crate::{
    counters::{self, Pmu, firmware},
    hart::{self, FENCE_I, Hart, IPI, SFENCE_VMA},
    machine::machine,
    setup,
};
use core::{ptr, slice};
use hal::{
    csr,
    soc::{csr as number, irq},
};
use rustsbi::{EnvInfo, Fence, HartMask, Hsm, Ipi, Physical, Reset, RustSBI, SbiRet, Timer};
use sbi_spec::hsm::suspend_type;
use sbi_spec::srst::{
    RESET_REASON_NO_REASON, RESET_TYPE_COLD_REBOOT, RESET_TYPE_SHUTDOWN, RESET_TYPE_WARM_REBOOT,
};

/// All extensions. It has no state.
#[derive(RustSBI, Default)]
pub struct Sbi {
    console: Console,
    timer: SupervisorTimer,
    ipi: Interrupts,
    fence: Fences,
    hsm: Harts,
    reset: Machine,
    pmu: Pmu,
    info: Info,
}

/// Debug console (DBCN) on the UART.
#[derive(Default)]
struct Console;

impl rustsbi::Console for Console {
    fn write(&self, bytes: Physical<&[u8]>) -> SbiRet {
        let Some(mut console) = machine().console() else { return SbiRet::failed() };
        let Some(range) = payload_memory(&bytes) else { return SbiRet::invalid_param() };
        // SAFETY: memory of S-mode, not of the firmware.
        let bytes =
            unsafe { slice::from_raw_parts(ptr::with_exposed_provenance(range.0), range.1) };
        console.write(bytes);
        SbiRet::success(bytes.len())
    }

    fn read(&self, bytes: Physical<&mut [u8]>) -> SbiRet {
        let Some(mut console) = machine().console() else { return SbiRet::failed() };
        let Some(range) = payload_memory(&bytes) else { return SbiRet::invalid_param() };
        let start = ptr::with_exposed_provenance_mut(range.0);
        // SAFETY: memory of S-mode, not of the firmware.
        let bytes = unsafe { slice::from_raw_parts_mut(start, range.1) };
        let received = bytes.iter_mut().map_while(|byte| console.read().map(|new| *byte = new));
        SbiRet::success(received.count())
    }

    fn write_byte(&self, byte: u8) -> SbiRet {
        let Some(mut console) = machine().console() else { return SbiRet::failed() };
        console.write(&[byte]);
        SbiRet::success(0)
    }
}

/// Address and length of a buffer, if it lies in memory beyond the firmware.
fn payload_memory<P>(bytes: &Physical<P>) -> Option<(usize, usize)> {
    let (start, length) = (bytes.phys_addr_lo(), bytes.num_bytes());
    let end = start.checked_add(length)?;
    let (first, limit) = machine().memory;
    let inside = bytes.phys_addr_hi() == 0 && start >= first && end <= limit;
    inside.then_some((start, length))
}

/// Timer (TIME): `stimecmp`, or the CLINT's on a hart without Sstc.
#[derive(Default)]
struct SupervisorTimer;

impl Timer for SupervisorTimer {
    fn set_timer(&self, stime_value: u64) {
        counters::count(firmware::SET_TIMER);
        // SAFETY: interrupts of S-mode, and the machine timer, which S-mode just asked for.
        unsafe {
            if setup::has_supervisor_timer() {
                csr::write::<{ number::STIMECMP }>(stime_value as usize);
            } else {
                csr::clear::<{ number::MIP }>(1 << irq::STI);
                let hart = csr::read::<{ number::MHARTID }>();
                machine().clint.set_mtimecmp(hart, stime_value);
                csr::set::<{ number::MIE }>(1 << irq::MTI);
            }
        }
    }
}

/// Interrupts between harts (IPI).
#[derive(Default)]
struct Interrupts;

impl Ipi for Interrupts {
    fn send_ipi(&self, hart_mask: HartMask) -> SbiRet {
        counters::count(firmware::IPI_SENT);
        hart::request(hart_mask, IPI)
    }
}

/// Remote fences (RFNC). Each empties the whole TLB. That is always correct, and cheap on harts
/// like ours.
#[derive(Default)]
struct Fences;

impl Fence for Fences {
    fn remote_fence_i(&self, hart_mask: HartMask) -> SbiRet {
        counters::count(firmware::FENCE_I_SENT);
        hart::request(hart_mask, FENCE_I)
    }

    fn remote_sfence_vma(&self, hart_mask: HartMask, _start: usize, _size: usize) -> SbiRet {
        counters::count(firmware::SFENCE_VMA_SENT);
        hart::request(hart_mask, SFENCE_VMA)
    }

    fn remote_sfence_vma_asid(
        &self,
        hart_mask: HartMask,
        _start: usize,
        _size: usize,
        _asid: usize,
    ) -> SbiRet {
        counters::count(firmware::SFENCE_VMA_ASID_SENT);
        hart::request(hart_mask, SFENCE_VMA)
    }
}

/// Hart state management (HSM).
#[derive(Default)]
struct Harts;

impl Hsm for Harts {
    fn hart_start(&self, hartid: usize, start_addr: usize, opaque: usize) -> SbiRet {
        let Some(hart) = Hart::get(hartid) else { return SbiRet::invalid_param() };
        if payload_memory(&Physical::<&[u8]>::new(4, start_addr, 0)).is_none() {
            return SbiRet::invalid_address();
        }
        if !hart.start(start_addr, opaque) {
            return SbiRet::already_available();
        }
        machine().clint.set_msip(hartid, true);
        SbiRet::success(0)
    }

    fn hart_stop(&self) -> SbiRet {
        // The hart's loop sees the state and does not return to the caller.
        Hart::current().stop();
        SbiRet::success(0)
    }

    fn hart_suspend(&self, suspend_type: u32, _resume_addr: usize, _opaque: usize) -> SbiRet {
        if suspend_type != suspend_type::RETENTIVE {
            return SbiRet::not_supported();
        }
        // Any interrupt that S-mode has enabled ends it, and so does a request of another hart.
        riscv::asm::wfi();
        SbiRet::success(0)
    }

    fn hart_get_status(&self, hartid: usize) -> SbiRet {
        match Hart::get(hartid) {
            Some(hart) => SbiRet::success(hart::reported_state(hart)),
            None => SbiRet::invalid_param(),
        }
    }
}

/// System reset (SRST): the finisher. Memory outlives a reset.
#[derive(Default)]
struct Machine;

impl Reset for Machine {
    fn system_reset(&self, reset_type: u32, reset_reason: u32) -> SbiRet {
        let Some(finisher) = machine().finisher() else { return SbiRet::not_supported() };
        match reset_type {
            RESET_TYPE_SHUTDOWN => {
                finisher.finish(u16::from(reset_reason != RESET_REASON_NO_REASON))
            }
            RESET_TYPE_COLD_REBOOT | RESET_TYPE_WARM_REBOOT => finisher.reset(),
            _ => SbiRet::invalid_param(),
        }
    }
}

/// Who made the machine.
#[derive(Default)]
struct Info;

impl EnvInfo for Info {
    fn mvendorid(&self) -> usize {
        csr::read::<{ number::MVENDORID }>()
    }

    fn marchid(&self) -> usize {
        csr::read::<{ number::MARCHID }>()
    }

    fn mimpid(&self) -> usize {
        csr::read::<{ number::MIMPID }>()
    }
}
