//! ReL4: a capability microkernel with seL4's ABI.
//!
//! A loader enters it as `abi::boot` says. Hart 0 makes the root task; the others wait, and take
//! part in the scheduling afterwards.

#![no_std]
#![no_main]

mod tree;

use kernel_arch as arch;
use kernel_core::boot::{Boot, BootError, Memories, Region};

const PAGE: usize = 4096;

/// Where each hart arrives, with a stack of its own.
#[unsafe(no_mangle)]
extern "C" fn kernel_main(
    image_start: usize,
    image_end: usize,
    offset: usize,
    entry: usize,
    tree: usize,
    tree_bytes: usize,
    hart_id: usize,
    hart: usize,
) -> ! {
    arch::arrive(hart, hart_id);
    if hart != 0 {
        arch::wait_for_release(hart);
        arch::enter_idle(hart);
    }
    let given = Given {
        image: Region::new(image_start, image_end.next_multiple_of(PAGE)),
        image_virtual: image_start.wrapping_sub(offset),
        entry,
        tree: Region::new(tree, tree + tree_bytes),
    };
    match boot(given) {
        Ok(harts) => arch::release_others(harts),
        Err(problem) => panic!("the root task cannot start: {problem:?}"),
    }
    arch::start_first()
}

/// What the loader gave.
struct Given {
    image: Region,
    image_virtual: usize,
    entry: usize,
    tree: Region,
}

/// Makes the root task. Returns how many harts take part.
fn boot(given: Given) -> Result<usize, BootError> {
    arch::with_kernel(0, |kernel| kernel.machine.set_up_translation());
    let machine = tree::Machine::read(given.tree);
    let harts = arch::wait_for_harts(machine.harts);
    let mut memory = Memories::new();
    for region in machine.memory.iter() {
        memory.add(region);
    }
    let kernel = arch::kernel_image();
    // Below the kernel is the firmware.
    for hole in [Region::new(0, kernel.end), given.image, page_of(given.tree)] {
        memory.exclude(hole);
    }
    let mut devices = machine.devices;
    for region in machine.memory.iter() {
        devices.exclude(region);
    }
    arch::with_kernel(0, |kernel| {
        kernel.machine.ids = arch::hart_ids();
        kernel.machine.count = harts;
        kernel.machine.set_plic(machine.plic);
        let receivers = kernel.machine.receivers.set_up(machine.uintc);
        let task_device = kernel.machine.tasks.set_up(machine.taic);
        let list = collect(&devices);
        kernel.boot(Boot {
            image: given.image,
            image_virtual: given.image_virtual,
            entry: given.entry,
            device_tree: given.tree,
            memory,
            devices: &list,
            harts,
            irq_slots: arch::irq_slots(),
            receivers,
            sender_tables: arch::sender_tables(),
            task_device,
            idle: arch::idle_threads(),
        })
    })?;
    Ok(harts)
}

/// The pages that a region touches.
fn page_of(region: Region) -> Region {
    Region::new(region.start / PAGE * PAGE, region.end.next_multiple_of(PAGE))
}

fn collect(regions: &Memories) -> [Region; 32] {
    let mut list = [Region::default(); 32];
    for (place, region) in list.iter_mut().zip(regions.iter()) {
        *place = region;
    }
    list
}
