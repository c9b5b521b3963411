//! Slots of the root task's CNode that are filled at boot.

pub const NULL: usize = 0;
pub const TCB: usize = 1;
pub const CNODE: usize = 2;
pub const VSPACE: usize = 3;
pub const IRQ_CONTROL: usize = 4;
pub const ASID_CONTROL: usize = 5;
pub const ASID_POOL: usize = 6;
/// Empty here, like all that follow without a comment of their own: for other architectures.
pub const IO_PORT_CONTROL: usize = 7;
pub const IO_SPACE: usize = 8;
/// The frame of the boot information.
pub const BOOT_INFO: usize = 9;
/// The frame of the root task's IPC buffer.
pub const IPC_BUFFER: usize = 10;
/// Control of the scheduling domains.
pub const DOMAIN: usize = 11;
pub const SMMU_SID_CONTROL: usize = 12;
pub const SMMU_CB_CONTROL: usize = 13;
pub const SCHEDULING_CONTEXT: usize = 14;
pub const SMC: usize = 15;
/// The first slot that is described by the boot information.
pub const FIRST_FREE: usize = 16;
