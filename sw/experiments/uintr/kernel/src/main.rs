//! Measures user interrupts: a small kernel for processes on two harts that interrupt each other.
//! The metrics of `rel4 bench uintr`; `experiments/uintr/user` explains them.
//!
//! Process 0 has hart 0 and measures. Process 1 runs on hart 1, beside up to three busy threads of
//! process 3. The receiver of process 2 usually has no hart; process 0 or 1 gives it its own for a
//! moment. The processes share one page and nothing else.
//!
//! **A receiver that waits.** When a thread waits for a user interrupt, its entry of UINTC stays
//! active on its hart. The hart runs a busy thread or sleeps. While no receiver runs, the hart's
//! line is not delegated to U-mode (`sideleg` = 0). So a SEND to a waiting receiver interrupts the
//! kernel, which switches to it at once. The sender needs no system call and the receiver needs no
//! time slice. The cost does not depend on the number of busy threads.
//!
//! **A receiver that is switched out.** A running receiver must not be interrupted for another
//! receiver of its hart. So a receiver that gives its hart away has an inactive entry (`exchange`).
//! What is sent to it waits in UINTC and interrupts nobody until the receiver gets a hart, this or
//! another.

#![no_std]
#![no_main]

mod exchange;
mod hart;
mod serve;
mod signals;

use hart::Hart;
use process::{Process, Thread};
use supervisor::{hal::context::Supervisor, harts, has_user_interrupts, println};
use uintr_shared::{BUSY, FIRST_BUSY, MEASURING, PEER, ROAMING};

supervisor::program!(main);

static mut SECOND: harts::Start = harts::Start::new(second);
/// Both harts, in one place with the receivers: on the stacks, where they lie in the cache would change
/// with every build.
static mut HARTS: [Option<Hart>; 2] = [const { None }; 2];

/// The receivers of processes 0 to 2. Their roles have the same numbers.
static mut RECEIVERS: [Option<Thread>; 3] = [const { None }; 3];

fn main(_hart: usize, _device_tree: usize) -> ! {
    assert!(has_user_interrupts(), "needs user-level interrupts");
    let controller = process::uintc().identity().expect("UINTC has an ID register");
    assert!(controller.harts > 1, "needs two harts");
    println!("uintr: {} receivers, {} harts", controller.receivers, controller.harts);

    let shared = Process::shared_page().expect("a page");
    let program = image::root_task();
    let [first, second, third, busy] =
        core::array::from_fn(|id| match Process::load(id, program, shared) {
            Ok(process) => process,
            Err(error) => panic!("process {id}: {error:?}"),
        });
    let thread = |process: &Process, role| Thread::new(process, process.start(role, 0));
    let competitors = core::array::from_fn::<_, BUSY, _>(|index| thread(&busy, FIRST_BUSY + index));

    let receivers = &raw mut RECEIVERS;
    // SAFETY: nobody else names them.
    let [measuring, peer, roaming] = unsafe { &mut *receivers };
    exchange::leave(roaming.insert(thread(&third, ROAMING)));
    let peer = peer.insert(thread(&second, PEER));

    let (start, harts) = (&raw mut SECOND, &raw mut HARTS);
    // SAFETY: hart 1 takes its own and its start when it starts, and nobody else names them.
    let (own, started) = unsafe {
        let [own, other] = &mut *harts;
        *other = Some(Hart::new(1, peer, Some(competitors)));
        (own, harts::start(1, &mut *start))
    };
    assert!(started.is_ok(), "hart 1 does not start: {started:?}");
    Supervisor::install();
    own.insert(Hart::new(0, measuring.insert(thread(&first, MEASURING)), None)).run()
}

fn second(_hart: usize) -> ! {
    Supervisor::install();
    let harts = &raw mut HARTS;
    // SAFETY: written by hart 0 before it started this one, which alone has it from then on.
    let hart = unsafe { (*harts)[1].as_mut() };
    hart.expect("hart 0 has filled it").run()
}
