//! A hostile program gets nothing from the TAIC that it was not given.
//!
//! The attacker runs on hart 0 and tries all that U-mode can do with its pages
//! (`checks/hostile/taic/user` lists it). It does so four times: without any page; with one page;
//! with two pages, a channel to somebody else, a channel from somebody else and a line of a device;
//! and with the right to compatible registrations. Meanwhile a victim runs on hart 1. All other
//! contexts have tasks in their queues. Channels between them wait for a task or for a
//! notification, or have a task queued. After each attack the kernel checks everything that does
//! not belong to the attacker.
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

use calls::QUEUES;
use others::Others;
use process::{
    DevicePage, Thread,
    hostile::{ATTACKER, VICTIM, Victim, attack, load},
};
use scenario::Scenario;
use snapshot::Snapshot;
use supervisor::{
    exit,
    hal::{
        context::Supervisor,
        csr,
        soc::{TAIC_BASE, csr as number, irq},
    },
    println,
};
use taic::{QueueIndex, Taic};

supervisor::program!(main);

/// The process of the attacker without pages of the TAIC; that with two is [`ATTACKER`].
const WITHOUT_PAGES: usize = 2;

const PAGE: usize = 4096;

fn main(_hart: usize, _device_tree: usize) -> ! {
    let taic = process::taic().expect("the TAIC has an ID register");
    taic.set_strict(true);
    let others = Others::new(taic);
    let program = image::root_task();
    let (attacker, _) = load(ATTACKER, program, &device_pages(taic, others.attacker));
    let (without_pages, _) = load(WITHOUT_PAGES, program, &[]);
    let (victim, page) = load(VICTIM, program, &[]);
    let victim = Victim::start(&victim, page, victim::run);
    Supervisor::install();

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
        let [surprises, _] = attack(&mut thread);
        let passed = Snapshot::take(taic, &others).is_as(&before, scenario);
        tell((surprises == 0) & passed & victim.is_well(), scenario.name());
        others.empty_attackers(taic);
    }
    tell(others.lines_wake_the_same(taic), "lines wake whom they woke before");
    tell(others.have_their_tasks(taic), "each context has its tasks");
    println!("taic-hostile: {failed} failed");
    exit(failed)
}

/// The pages of two queues, as a process sees them.
fn device_pages(taic: Taic, queues: [QueueIndex; 2]) -> [DevicePage; 2] {
    core::array::from_fn(|index| DevicePage {
        vaddr: QUEUES + index * PAGE,
        paddr: TAIC_BASE + taic.page(queues[index]).expect("it is allocated"),
    })
}
