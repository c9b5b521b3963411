//! The process that `rel4test` starts: it calls its parent with its argument, then writes the
//! answer to the shared page whose address the answer is.

#![no_std]
#![no_main]

use core::ptr::with_exposed_provenance_mut;
use sel4::{Endpoint, Message};

/// Slot of the endpoint to the parent.
const PARENT: Endpoint = Endpoint(1);

sel4::process!("rel4test-peer", main);

fn main(argument: usize) -> ! {
    let answer = PARENT.call(Message::new(argument, &[argument + 1]));
    let address = answer.word(0);
    // SAFETY: the parent has mapped a page here for this.
    unsafe { with_exposed_provenance_mut::<usize>(address).write_volatile(address) };
    PARENT.call(Message::new(argument + 1, &[]));
    panic!("the parent answers the second call, to see this panic")
}
