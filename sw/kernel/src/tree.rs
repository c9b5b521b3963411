//! The machine, as its device tree describes it.

use abi::boot::{PHYSICAL_WINDOW, PHYSICAL_WINDOW_END};
use fdt::{Fdt, node::FdtNode};
use hal::soc;
use kernel_core::boot::{Memories, Region};

/// Compatible strings of devices that the kernel keeps.
const KEPT: [&str; 5] =
    ["riscv,clint0", "sifive,clint0", "sifive,plic-1.0.0", "riscv,uintc0", "riscv,taic0"];
const PLIC: [&str; 3] = ["sifive,plic-1.0.0", "riscv,plic0", "sifive,plic0"];

/// What the kernel needs of the machine.
pub struct Machine {
    pub harts: usize,
    pub memory: Memories,
    /// Addresses that are not the kernel's. Memory is among them.
    pub devices: Memories,
    /// Address and sources of the interrupt controller.
    pub plic: Option<(usize, usize)>,
    /// Address of UINTC.
    pub uintc: Option<usize>,
    /// Address of TAIC.
    pub taic: Option<usize>,
}

impl Machine {
    /// Reads the tree; without one, the machine is that of the generated constants.
    pub fn read(place: Region) -> Self {
        let mut devices = Memories::new();
        devices.add(Region::new(0, PHYSICAL_WINDOW_END - PHYSICAL_WINDOW));
        let Some(tree) = parse(place) else {
            panic!("no device tree at {:#x}", place.start);
        };
        let mut memory = Memories::new();
        for node in tree.find_all_nodes("/memory") {
            regions(&node).for_each(|region| memory.add(region));
        }
        if let Some(reserved) = tree.find_node("/reserved-memory") {
            for node in reserved.children().filter(|node| node.property("no-map").is_some()) {
                regions(&node).for_each(|region| {
                    memory.exclude(region);
                    devices.exclude(region);
                });
            }
        }
        for node in tree.all_nodes().filter(is_kept) {
            regions(&node).for_each(|region| devices.exclude(region));
        }
        // The kernel keeps it, whether or not the tree describes it.
        devices.exclude(Region::new(soc::CLINT_BASE, soc::CLINT_BASE + 0x1_0000));
        let plic = tree.find_compatible(&PLIC).and_then(|node| {
            let base = node.reg()?.next()?.starting_address as usize;
            let sources = node.property("riscv,ndev").and_then(|p| p.as_usize()).unwrap_or(0);
            Some((base, sources))
        });
        let address = |name| {
            let node = tree.find_compatible(&[name])?;
            Some(node.reg()?.next()?.starting_address as usize)
        };
        let (uintc, taic) = (address("riscv,uintc0"), address("riscv,taic0"));
        Self { harts: tree.cpus().count(), memory, devices, plic, uintc, taic }
    }
}

fn parse(place: Region) -> Option<Fdt<'static>> {
    if place.is_empty() {
        return None;
    }
    kernel_arch::device_tree(place.start..place.end).and_then(|bytes| Fdt::new(bytes).ok())
}

fn is_kept(node: &FdtNode) -> bool {
    node.compatible().is_some_and(|list| list.all().any(|name| KEPT.contains(&name)))
}

fn regions<'a>(node: &FdtNode<'_, 'a>) -> impl Iterator<Item = Region> + use<'a> {
    node.reg().into_iter().flatten().filter_map(|region| {
        let start = region.starting_address as usize;
        Some(Region::new(start, start.checked_add(region.size?)?))
    })
}
