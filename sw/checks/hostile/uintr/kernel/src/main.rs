//! A hostile program gets nothing from user interrupts that it was not given.
//!
//! The attacker runs on hart 0 and tries all that U-mode can encode (`checks/hostile/uintr/user`
//! lists it). It does so three times: without any right, with a sender table, and also as a
//! receiver. Meanwhile a victim runs on hart 1, and all other entries of UINTC have the contents of
//! other receivers. After each attack the kernel checks every entry, the victim's record, and the
//! refusals of UIPI.
//!
//! Expected output:
//!
//! ```text
//! rel4 firmware: SBI 2.0, hart 0 of n
//! ok    without rights
//! ok    with a sender table
//! ok    as a receiver
//! uintr-hostile: 0 failed
//! ```

#![no_std]
#![no_main]

mod scenario;
mod victim;

use process::{
    Thread,
    hostile::{ATTACKER, VICTIM, Victim, attack, load},
};
use scenario::Scenario;
use supervisor::{exit, hal::context::Supervisor, println};

supervisor::program!(main);

fn main(_hart: usize, _device_tree: usize) -> ! {
    assert!(process::uintc().identity().is_some_and(|it| it.harts > 1), "needs two harts");
    let program = image::root_task();
    let (attacker, _) = load(ATTACKER, program, &[]);
    let (victim, page) = load(VICTIM, program, &[]);
    scenario::fill_entries();
    scenario::fill_tables(attacker.senders, victim.senders);
    let victim = Victim::start(&victim, page, victim::run);
    Supervisor::install();

    let mut failed = 0;
    for scenario in Scenario::ALL {
        let mut thread = Thread::new(&attacker, attacker.start(ATTACKER, scenario as usize));
        scenario.give_rights(&mut thread);
        let [surprises, executed] = attack(&mut thread);
        let report = Report { surprises, executed };
        let passed = scenario.check(&report) & victim.is_well();
        println!("{}  {}", if passed { "ok  " } else { "FAIL" }, scenario.name());
        failed += usize::from(!passed);
    }
    println!("uintr-hostile: {failed} failed");
    exit(failed)
}

/// The attacker's report.
pub struct Report {
    /// Attempts with the wrong end.
    pub surprises: usize,
    /// UIPI instructions executed.
    pub executed: usize,
}
