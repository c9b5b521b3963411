//! What the kernel and its users agree on: numbers, labels, rights, layouts and errors.
//!
//! They are those of seL4 (2026), RISC-V 64, without MCS, SMP build. What ReL4 adds stands behind
//! seL4's last number. No code of the kernel is here, and no `unsafe`.

#![no_std]
#![forbid(unsafe_code)]

pub mod async_call;
pub mod boot;
pub mod boot_info;
mod cnode;
mod error;
pub mod fault;
pub mod invocation;
mod label;
pub mod message;
pub mod object;
pub mod registers;
mod rights;
pub mod slot;
mod syscall;
pub mod task_context;
pub mod user_interrupt;

pub use cnode::CNodeData;
pub use error::{Error, LookupFailure};
pub use label::Label;
pub use message::MessageInfo;
pub use object::ObjectType;
pub use rights::Rights;
pub use syscall::Syscall;

/// Priorities are 0 to this one, which is the most important.
pub const MAX_PRIORITY: usize = 255;
/// Scheduling domains of a kernel that is built with domains. Others have one.
pub const DOMAINS: usize = 4;
/// Entries of the domain schedule.
pub const DOMAIN_SCHEDULE_ENTRIES: usize = 100;
/// Most objects that one Retype makes.
pub const RETYPE_FAN_OUT: usize = 256;
/// The first address that no user can map.
pub const USER_TOP: usize = 0x3f_ffff_f000;
/// Attribute of a mapping: no instruction is fetched from the page.
pub const EXECUTE_NEVER: usize = 1;
