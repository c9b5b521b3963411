//! ReL4 for its users: capabilities as types, invocations as methods, messages, entry.
//!
//! A capability is named by its address in the caller's CSpace. [`Tcb`], [`Endpoint`] and so on are
//! such addresses with the object's type; having one says nothing about what lies there, the kernel
//! checks that. An invocation that the kernel refuses returns [`Failure`].
//!
//! Each thread keeps the address of its IPC buffer in `tp`. The entries of [`entry`] set it, and so
//! must whoever starts a thread (see `Tcb::set_tls_base`).

#![no_std]

pub mod debug;
pub mod entry;
mod failure;
pub mod fault;
mod invoke;
mod ipc;
mod objects;
mod syscall;

pub use abi::{self, CNodeData, Error, Label, LookupFailure, MessageInfo, ObjectType, Rights};
pub use failure::{Failure, Result};
pub use invoke::{invoke, invoke_words};
pub use ipc::{Message, Received};
pub use objects::{
    AsidControl, AsidPool, CNode, Cap, Domain, Endpoint, IrqControl, IrqHandler, Notification,
    Page, PageTable, Place, Registers, Reply, TaskContext, Tcb, Untyped,
};
pub use syscall::{IpcBuffer, raw_call, wake_syscall_handler, yield_now};
