//! Files of the image.

use core::{ptr, slice};
use image::Archive;
use sel4::abi::boot_info::BootInfo;

unsafe extern "C" {
    /// End of the root task's own memory, by its linker script; a page begins here.
    static _bss_end: u8;
}

/// The files behind the root task's own pages. They end where its IPC buffer begins.
pub fn archive(info: &BootInfo) -> Archive<'static> {
    let start = &raw const _bss_end as usize;
    let bytes = info.ipc_buffer.saturating_sub(start);
    // SAFETY: the loader placed the archive between the root task's last page and its IPC buffer,
    // and the kernel mapped it; nothing writes there.
    Archive::new(unsafe { slice::from_raw_parts(ptr::with_exposed_provenance(start), bytes) })
}
