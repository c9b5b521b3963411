//! The user programs of `message`, all in one: role 0 is the client, role 1 the server.
//!
//! Coroutines of the client call the server: each sends a message of five words through a ring in
//! shared memory and waits for the reply, which comes through another. On the server there is a
//! coroutine for each of them, which computes the reply. On both sides the coroutine that ran last is
//! the *dispatcher*: when a process has nothing to do it says so in the ring, and whoever
//! sends next wakes that coroutine, which takes out of the ring what is there and makes those ready
//! for whom it is. There are three ways (`ways`), which differ in nothing else:
//!
//! | way | wake-up | what an idle process does | ready queue |
//! | --- | --- | --- | --- |
//! | `kernel` | system call, interrupt between harts | sleeps in a system call | memory |
//! | `uintc` | `uipi send`, whose handler notes the vector | looks at that word | memory |
//! | `taic` | store to a channel, which makes the dispatcher ready | dequeues | TAIC |
//!
//! The metrics, for each way and number of calling coroutines (`concurrency`):
//!
//! - `message.round_trip`: cycles a message and its reply. A sample is the time between two calls of
//!   the first coroutine, in which as many end as there are coroutines, divided by their number.
//! - `message.mean`: the whole time of these samples, divided by the number of messages.
//! - `message.traps`: traps into S- and M-mode on both harts, for each message and its reply.
//! - `message.user_interrupts`, `message.wakes`: user interrupts taken, wake-ups sent, likewise.
//!
//! The counts are those of a whole run, warm-up included: their "samples" are its messages.

#![no_std]
#![no_main]

mod client;
mod counters;
mod processes;
mod protocol;
mod server;

use processes::{
    CLIENT, KernelClient, KernelServer, TaicClient, TaicServer, UintcClient, UintcServer,
};

rt::program!(main);

fn main(role: usize, _argument: usize) -> ! {
    if role == CLIENT {
        client::measure::<KernelClient>();
        client::measure::<UintcClient>();
        client::measure::<TaicClient>();
        rt::println!("message: done");
        rt::exit(0)
    }
    server::serve::<KernelServer>();
    server::serve::<UintcServer>();
    server::serve::<TaicServer>();
    loop {
        core::hint::spin_loop();
    }
}
