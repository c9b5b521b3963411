//! Measures messages between two processes: a small kernel for two harts. The metrics of `rel4 bench
//! message`; what is measured is told in `experiments/message/user`.
//!
//! Process 0, the client, has hart 0; process 1, the server, has hart 1. They see two pages in
//! common, in which the rings lie, and nothing else of each other. The kernel sets up what wakes
//! them, and forwards wake-ups itself where it is asked to (`serve`):
//!
//! - of UINTC, a receiver each and an entry in each other's sender table;
//! - of TAIC, a context and a local queue each, and a channel in each direction, whose number is the
//!   sender's process.

#![no_std]
#![no_main]

mod hart;
mod queues;

use hart::Hart;
use process::{Process, Thread};
use supervisor::{hal::context::Supervisor, harts, has_user_interrupts, println};

supervisor::program!(main);

static mut SECOND: harts::Start = harts::Start::new(second);
static mut HARTS: [Option<Hart>; 2] = [const { None }; 2];

fn main(_hart: usize, _device_tree: usize) -> ! {
    assert!(has_user_interrupts(), "needs user-level interrupts");
    let controller = process::uintc().identity().expect("UINTC has an ID register");
    assert!(controller.harts > 1, "needs two harts");

    let [first, second] = core::array::from_fn(|_| Process::shared_page().expect("a page"));
    let queues = queues::set_up();
    println!("message: {} receivers, {} harts", controller.receivers, controller.harts);
    let program = image::root_task();
    let load = |id: usize| {
        let pages = queues::pages(second, queues[id]);
        let thread = Process::load_with(id, program, first, &pages)
            .map(|process| Thread::new(&process, process.start(id, 0)));
        match thread {
            Ok(thread) => Hart::new(id as u16, thread),
            Err(error) => panic!("process {id}: {error:?}"),
        }
    };
    let harts = &raw mut HARTS;
    let start = &raw mut SECOND;
    // SAFETY: each hart has its own element; hart 1 starts when both are written.
    let (own, started) = unsafe {
        *harts = [Some(load(0)), Some(load(1))];
        ((*harts)[0].as_mut(), harts::start(1, &mut *start))
    };
    assert!(started.is_ok(), "hart 1 does not start: {started:?}");
    run(own)
}

fn second(_hart: usize) -> ! {
    let harts = &raw mut HARTS;
    // SAFETY: written by hart 0 before it started this one.
    run(unsafe { (*harts)[1].as_mut() })
}

fn run(hart: Option<&mut Hart>) -> ! {
    Supervisor::install();
    hart.expect("hart 0 has filled it").run()
}
