//! The user programs of `taic`, all in one: that on hart 0 measures, those on others are its peers.
//!
//! How to read the numbers. All are cycles. A read of `cycle` gives the cycle in which the reading
//! instruction executes; the distance of two reads with nothing between them is taken off. The
//! `cycle` of both harts is compared first, by the clock both see.
//!
//! - `enqueue`, `register` (a channel is armed), `cancel` (disarmed), `send`: cycles that the store
//!   keeps its hart from the next instruction (1 is an ALU instruction).
//! - `dequeue`, `dequeue_steal` (of a task in another queue of the context), `dequeue_empty`: cycles
//!   from the load to an instruction that needs its result. `burst=8`: eight in a row, in all.
//! - `enqueue_to_ready`, `send_to_ready`, `line_to_ready`: the least distance of the store and a
//!   load of the same hart that dequeues the task, 1 if it is the next instruction. The last one is
//!   of a simulated interrupt.
//! - `send_to_coroutine`, `line_to_coroutine`: from the store to the first instruction of the woken
//!   coroutine on another hart, in another process. `receiver=polling`: its executor dequeues in a
//!   loop; `running`: another coroutine runs, which is interrupted, and has what a call may change
//!   saved (`save=rust`) or three registers (`leaf`). `line=uart`: the store lets the UART raise its
//!   line (transmit queue empty), on the way of every access to a device; `simulated`: the TAIC.
//! - `preempt`: from a SEND to the first instruction at `utvec` of that hart.
//! - `software_queue`: the same operations on queues in memory. `fifo` is of one thread; `spsc` leads
//!   from one hart to one, `mpsc` from many to one; `spmc` and `deque` have an owner and thieves.
//!   `where=cross`: the other side has just been on another hart. `to_coroutine`: as
//!   `send_to_coroutine receiver=polling`, in shared memory.
//! - `sched`: the executor of `runtime/executor`, for each task. `spawn`: a new coroutine is spawned,
//!   runs and ends; one coroutine spawns eight at a time, and its own turns are part of it. `yield`:
//!   one of eight coroutines runs, and goes behind the others; `steal`: a call in another hart's
//!   queue is served; `fanout`: 32 calls of a coroutine that works are served by two harts.
//!   `pingpong`: two coroutines wake each other in turn, for a round of both. `harts=2`: both harts
//!   do the same at once, of the queues of a context from which either would steal; in `pingpong`
//!   each has one of the coroutines.

#![no_std]
#![no_main]

mod collect;
mod coroutine;
mod cross;
mod device;
mod local;
mod pingpong;
mod probes;
mod ready;
mod schedule;
mod schedulers;
mod shared;
mod software;

use metric::Samples;
use rt::{exit, measure::cycle_of_time_zero};
use shared::{Step, shared};

rt::program!(main);

/// Samples of each metric, and runs before them that are not counted.
pub const SAMPLES: usize = 1000;
pub const WARM_UP: usize = 64;

/// What all measurements collect into, one after the other.
pub type Collected = Samples<SAMPLES>;

/// The hart that the measuring one sends to.
pub const PEER: usize = 1;

fn main(hart: usize, harts: usize) -> ! {
    if hart != 0 {
        serve(hart)
    }
    let mut collected = Collected::new();
    local::measure(&mut collected);
    ready::measure(&mut collected);
    software::measure(&mut collected);
    if harts > PEER {
        let offset = shared().cycle_offset(PEER);
        rt::println!("taic: cycle of hart 1 less that of hart 0: {offset}");
        cross::measure(&mut collected, offset);
        software::measure_cross(&mut collected, offset);
    }
    schedule::measure(&mut collected);
    pingpong::measure(&mut collected);
    if harts > PEER {
        schedule::measure_cross(&mut collected);
        pingpong::measure_cross(&mut collected);
    }
    rt::println!("taic: done");
    exit(0)
}

/// A peer: takes its part in each step.
fn serve(hart: usize) -> ! {
    loop {
        match shared().next_step(hart) {
            Step::Clock => shared().result.set(cycle_of_time_zero() as u64),
            Step::Polling => cross::serve_polling(),
            Step::Running(save) => cross::serve_running(save),
            Step::Mpsc => software::serve_mpsc(),
            Step::Theft => software::serve_theft(),
            Step::Schedule(load, backing) => schedule::serve(load, backing),
            Step::Pingpong(backing) => pingpong::serve(backing),
        }
        shared().end(hart);
    }
}
