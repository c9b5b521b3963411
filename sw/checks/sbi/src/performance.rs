//! The performance counters (PMU).

use core::{arch::asm, hint::black_box};
use sbi_spec::{
    binary::SbiRet,
    pmu::{
        COUNTER_CONFIG_MATCHING, COUNTER_FW_READ, COUNTER_GET_INFO, COUNTER_START, COUNTER_STOP,
        EID_PMU, NUM_COUNTERS, event_type, firmware_event, hardware_event,
    },
};
use supervisor::{
    hal::{
        csr,
        soc::{csr as number, event},
    },
    sbi_rt::{self, HartMask},
};

const CLEAR: usize = 1 << 1;
const START: usize = 1 << 2;
const RELEASE: usize = 1;
const IS_FIRMWARE: usize = 1 << 63;
/// Read misses of the L1D, as the SBI numbers cache events.
const L1D_READ_MISS: usize = 0x10001;

fn call(function: usize, arguments: [usize; 5]) -> SbiRet {
    let [mut error, mut value, a2, a3, a4] = arguments;
    // SAFETY: the firmware changes nothing but the two registers of the result.
    unsafe {
        asm!("ecall", inout("a0") error, inout("a1") value, in("a2") a2, in("a3") a3, in("a4") a4,
            in("a6") function, in("a7") EID_PMU, options(nostack));
    }
    SbiRet { error, value }
}

fn info(counter: usize) -> SbiRet {
    call(COUNTER_GET_INFO, [counter, 0, 0, 0, 0])
}

fn start(base: usize, mask: usize, flags: usize, value: usize) -> SbiRet {
    call(COUNTER_START, [base, mask, flags, value, 0])
}

fn stop(base: usize, mask: usize, flags: usize) -> SbiRet {
    call(COUNTER_STOP, [base, mask, flags, 0, 0])
}

fn firmware_value(counter: usize) -> SbiRet {
    call(COUNTER_FW_READ, [counter, 0, 0, 0, 0])
}

fn count() -> usize {
    call(NUM_COUNTERS, [0; 5]).value
}

/// Chooses a counter for an event among all; `None` if there is none.
fn configure(event: usize, flags: usize, data: usize) -> Option<usize> {
    let all = ((1 << count()) - 1) & !(1 << 1); // 1 is the time, which is no counter
    let result = call(COUNTER_CONFIG_MATCHING, [0, all, flags, event, data]);
    result.is_ok().then_some(result.value)
}

/// Cycles, instructions, and events by the device tree's numbers and as raw selectors.
pub fn hardware() -> bool {
    let general = |code| event_type::HARDWARE_GENERAL << 16 | code;
    let fixed = configure(general(hardware_event::CPU_CYCLES), 0, 0) == Some(0)
        && configure(general(hardware_event::INSTRUCTIONS), 0, 0) == Some(2)
        && start(0, 0b101, 0, 0).is_ok()
        && start(0, 0b101, 0, 0).is_err()
        && info(0).value & 0xfff == number::CYCLE as usize
        && info(1).is_err();
    let raw = event_type::HARDWARE_RAW << 16;
    let Some(counter) = configure(raw, CLEAR | START, event::INSTRUCTION) else {
        return false;
    };
    let misses = configure(L1D_READ_MISS, CLEAR, 0);
    let unknown = configure(general(hardware_event::BUS_CYCLES), 0, 0).is_none();
    let number = info(counter).value & 0xfff;
    let before = read(counter);
    (0..100).for_each(|n| _ = black_box(n));
    let counted = read(counter) - before;
    let stopped = stop(counter, 1, 0).is_ok() && {
        let then = read(counter);
        read(counter) == then && stop(counter, 1, RELEASE).is_err()
    };
    let set = start(counter, 1, 1, 5).is_err(); // was released
    let ended = misses
        .is_some_and(|n| start(n, 1, 1, 7).is_ok() && read(n) >= 7 && stop(n, 1, RELEASE).is_ok());
    fixed
        && unknown
        && number == number::CYCLE as usize + counter
        && (100..10_000).contains(&counted)
        && stopped
        && set
        && ended
        && info(count()).is_err()
}

/// An event counter, by its number at the SBI.
fn read(counter: usize) -> usize {
    match counter {
        3 => csr::read::<{ number::HPMCOUNTER3 }>(),
        4 => csr::read::<{ number::HPMCOUNTER3 + 1 }>(),
        _ => 0,
    }
}

/// What the firmware counts: timers that were set, and interrupts that were sent.
pub fn firmware(hart: usize) -> bool {
    let event = |code| event_type::FIRMWARE << 16 | code;
    let timers = configure(event(firmware_event::SET_TIMER), CLEAR | START, 0);
    let fences = configure(event(firmware_event::FENCE_I_RECEIVED), CLEAR | START, 0);
    let (Some(timers), Some(fences)) = (timers, fences) else { return false };
    let before = firmware_value(timers).value;
    (0..3).for_each(|_| _ = sbi_rt::set_timer(u64::MAX));
    _ = sbi_rt::remote_fence_i(HartMask::from_mask_base(1, hart));
    let counted = firmware_value(timers).value - before;
    let received = firmware_value(fences).value;
    let stopped = stop(timers, 1, RELEASE).is_ok() && stop(fences, 1, RELEASE).is_ok();
    counted == 3
        && received == 1
        && stopped
        && timers != fences
        && info(timers).value & IS_FIRMWARE != 0
        && firmware_value(0).is_err()
        && configure(event(firmware_event::HFENCE_GVMA_SENT), 0, 0).is_none()
}
