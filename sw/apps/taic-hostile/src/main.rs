//! A hostile program gets nothing from the TAIC that it was not given.
//!
//! The attacker, on hart 0, tries all that U-mode can do with the pages that it is given
//! (`apps/taic-hostile-user` tells what), four times: without any page, with one, with two, a
//! channel to somebody else, one from somebody else and a line of a device, and at last permitted
//! the compatible registrations. Meanwhile a victim runs on hart 1, all other contexts have tasks in
//! their queues, and channels between them wait for a task, for a notification, or have a task
//! queued. After each time the kernel looks at everything that is not the attacker's.
//!
//! Expected output:
//!
//! ```text
//! rel4 firmware: SBI 2.0, hart 0 of n
//! ok    without a page
//! ok    with a page
//! ok    with channels and a line
//! ok    with compatible registration
//! ok    lines wake whom they woke before
//! ok    each context has its tasks
//! taic-hostile: 0 failed
//! ```

#![no_std]
#![no_main]

mod others;
mod scenario;
mod snapshot;
mod victim;

use calls::{Call, QUEUES, REFUSED};
use others::Others;
use process::{DevicePage, Process, Thread};
use scenario::Scenario;
use snapshot::Snapshot;
use supervisor::{
    exit,
    hal::{
        context::{Supervisor, reg},
        csr,
        soc::{TAIC_BASE, cause, csr as number, irq},
    },
    harts, println,
};
use taic::{QueueIndex, Taic};
use victim::Victim;

supervisor::program!(main);

static PROGRAM: &[u8] = include_bytes!(env!("EMBEDDED"));

/// Roles of the program, and processes. The attacker is loaded twice: without pages of the TAIC,
/// and with two.
const ATTACKER: usize = 0;
const VICTIM: usize = 1;
const WITHOUT_PAGES: usize = 2;

const INSN_BYTES: usize = 4;
const PAGE: usize = 4096;

static mut SECOND: harts::Start = harts::Start::new(victim::run);

fn main(_hart: usize, _device_tree: usize) -> ! {
    let taic = process::taic().expect("the TAIC has an ID register");
    taic.set_strict(true);
    let others = Others::new(taic);
    let attacker = load(ATTACKER, &device_pages(taic, others.attacker));
    let without_pages = load(WITHOUT_PAGES, &[]);
    let page = Process::shared_page().expect("a page");
    let victim = match Process::load(VICTIM, PROGRAM, page) {
        Ok(process) => Victim::prepare(&process, page),
        Err(error) => panic!("victim: {error:?}"),
    };
    let start = &raw mut SECOND;
    // SAFETY: hart 1 takes it when it starts, and nobody else names it.
    let started = unsafe { harts::start(1, &mut *start) };
    assert!(started.is_ok(), "hart 1 does not start: {started:?}");
    Supervisor::install();
    victim.wait_for_beat();

    let mut failed = 0;
    let mut tell = |passed: bool, what: &str| {
        println!("{}  {what}", if passed { "ok  " } else { "FAIL" });
        failed += usize::from(!passed);
    };
    for scenario in Scenario::ALL {
        let process = if scenario == Scenario::Nothing { &without_pages } else { &attacker };
        let mut thread = Thread::new(process, process.start(ATTACKER, scenario.argument()));
        scenario.give_rights(taic, &others);
        let before = Snapshot::take(taic, &others);
        thread.switch_to(0);
        // SAFETY: concerns U-mode alone.
        unsafe { csr::write::<{ number::SIDELEG }>(1 << irq::USI) };
        let surprises = attack(&mut thread);
        let passed = Snapshot::take(taic, &others).is_as(&before, scenario);
        tell((surprises == 0) & passed & victim.is_well(), scenario.name());
        others.empty_attackers(taic);
    }
    tell(others.lines_wake_the_same(taic), "lines wake whom they woke before");
    tell(others.have_their_tasks(taic), "each context has its tasks");
    println!("taic-hostile: {failed} failed");
    exit(failed)
}

fn load(id: usize, devices: &[DevicePage]) -> Process {
    let shared = Process::shared_page().expect("a page");
    match Process::load_with(id, PROGRAM, shared, devices) {
        Ok(process) => process,
        Err(error) => panic!("process {id}: {error:?}"),
    }
}

/// The pages of two queues, as a process sees them.
fn device_pages(taic: Taic, queues: [QueueIndex; 2]) -> [DevicePage; 2] {
    core::array::from_fn(|index| DevicePage {
        vaddr: QUEUES + index * PAGE,
        paddr: TAIC_BASE + taic.page(queues[index]).expect("it is allocated"),
    })
}

/// Runs the attack to its end; returns how many attempts did not end as they have to. An exception
/// of the attacker is told to it in `a7` (its cause, plus 1), and skipped: most of them by `skip`,
/// those of jumps here.
fn attack(thread: &mut Thread) -> usize {
    process::skip::install();
    loop {
        thread.run();
        let scause = csr::read::<{ number::SCAUSE }>();
        let registers = &mut thread.context.registers;
        match scause {
            cause::ECALL_U => {
                thread.context.pc += INSN_BYTES;
                let [a0, a1] = [registers[reg::A0], registers[reg::A1]];
                registers[reg::A0] = match Call::from_number(registers[reg::A7]) {
                    Some(Call::Write) => process::write(a0, a1).unwrap_or(REFUSED),
                    Some(Call::Reach) => return a0,
                    _ => REFUSED,
                };
            }
            cause::INSN_PAGE | cause::INSN_ACCESS => {
                thread.context.pc = registers[reg::RA];
                registers[reg::A7] = scause + 1;
            }
            other => panic!("attacker at {:#x}: cause {other:#x}", thread.context.pc),
        }
    }
}
