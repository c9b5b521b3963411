//! ReL4's rim of unsafe code: what [`kernel_core`] wants of the machine, and how a hart comes into the
//! kernel and leaves it.
//!
//! Each module with `unsafe` says why it may:
//!
//! | module | what is unsafe there |
//! | --- | --- |
//! | `entry` | the trap vector and the way back to a thread |
//! | `hart` | memory of objects, `satp`, fences |
//! | `lock` | the one kernel, for whoever has the lock |
//! | `plic`, `sbi` | device registers, calls of the firmware |
//! | `task_queues` | registers of TAIC |
//! | `user_interrupt` | CSRs of user interrupts, registers of UINTC |
//! | `place` | a program's own memory, handed out once |

#![no_std]

mod entry;
mod hart;
mod interrupts;
mod lock;
mod place;
mod plic;
mod sbi;
mod task_queues;
mod user_interrupt;

pub use entry::{enter_idle, start_first};
pub use hart::Hart;
pub use lock::{arrive, hart_ids, release_others, wait_for_harts, wait_for_release, with_kernel};
pub use place::{device_tree, idle_threads, irq_slots, kernel_image, sender_tables};
pub use sbi::{halt, print};
