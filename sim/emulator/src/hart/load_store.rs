//! Loads and stores that the TLB does not answer: first accesses to a page, misaligned ones, devices,
//! and faults.

use super::translate::{Access, Fault, Place};
use super::{Hart, Trap};
use crate::bus::Bus;
use crate::choices;
use crate::debug::Watch;
use crate::memory::Region;
use crate::soc::cause;

impl Fault {
    /// The trap of an access to `vaddr` that failed.
    pub fn trap(self, access: Access, vaddr: u64) -> Trap {
        let cause = match (self, access) {
            (Fault::Page, Access::Load) => cause::LOAD_PAGE,
            (Fault::Page, Access::Store) => cause::STORE_PAGE,
            (Fault::Page, Access::Fetch) => cause::INSN_PAGE,
            (Fault::Access, Access::Load) => cause::LOAD_ACCESS,
            (Fault::Access, Access::Store) => cause::STORE_ACCESS,
            (Fault::Access, Access::Fetch) => cause::INSN_ACCESS,
        };
        Trap { cause: cause as u64, tval: vaddr }
    }
}

/// The places of the bytes of an access: how many are in the first one.
struct Parts {
    first: Place,
    second: Option<(Place, usize)>,
}

impl Hart {
    /// Loads `size` bytes, zero-extended. `cycle` is that of the instruction.
    #[cold]
    #[inline(never)]
    pub fn load_slow(
        &mut self,
        bus: &mut Bus,
        vaddr: u64,
        size: u64,
        cycle: u64,
    ) -> Result<u64, Trap> {
        if let Some(paddr) = self.known_device(vaddr, size, false) {
            bus.set_cycle(cycle);
            let value = bus.read(paddr, size as u32);
            return value.map_err(|_| Fault::Access.trap(Access::Load, vaddr));
        }
        let parts = self.parts(bus, vaddr, size, Access::Load)?;
        self.watch(bus, vaddr, size, Watch::Read)?;
        if parts.first.region == Region::Io {
            self.learn(bus, vaddr, parts.first, Access::Load);
            bus.set_cycle(cycle);
            let value = bus.read(parts.first.paddr, size as u32);
            return value.map_err(|_| Fault::Access.trap(Access::Load, vaddr));
        }
        let mut bytes = [0; 8];
        each_part(&parts, size as usize, |paddr, range| {
            let Some((at, _)) = bus.memory.locate(paddr) else { return };
            let count = range.len();
            if let Some(source) = bus.memory.slice(at, count) {
                bytes[range].copy_from_slice(source);
            }
        });
        self.learn(bus, vaddr, parts.first, Access::Load);
        Ok(u64::from_le_bytes(bytes))
    }

    /// Stores the lowest `size` bytes of `value`.
    #[cold]
    #[inline(never)]
    pub fn store_slow(
        &mut self,
        bus: &mut Bus,
        vaddr: u64,
        size: u64,
        value: u64,
        cycle: u64,
    ) -> Result<(), Trap> {
        if let Some(paddr) = self.known_device(vaddr, size, true) {
            bus.set_cycle(cycle);
            bus.write(paddr, size as u32, value & u64::MAX >> (64 - 8 * size));
            return Ok(());
        }
        let parts = self.parts(bus, vaddr, size, Access::Store)?;
        self.watch(bus, vaddr, size, Watch::Write)?;
        if parts.first.region == Region::Io {
            self.learn(bus, vaddr, parts.first, Access::Store);
            bus.set_cycle(cycle);
            let mask = u64::MAX >> (64 - 8 * size);
            bus.write(parts.first.paddr, size as u32, value & mask);
            return Ok(());
        }
        let bytes = value.to_le_bytes();
        each_part(&parts, size as usize, |paddr, range| {
            bus.store_bytes(paddr, &bytes[range]);
        });
        self.learn(bus, vaddr, parts.first, Access::Store);
        Ok(())
    }

    /// Translates an access, all of it before any effect. Devices take only aligned ones.
    fn parts(&self, bus: &Bus, vaddr: u64, size: u64, access: Access) -> Result<Parts, Trap> {
        let misaligned = vaddr & (size - 1) != 0;
        let place = |vaddr: u64| match self.translate(bus, vaddr, access) {
            Ok(place) if place.region == Region::Io && misaligned => {
                Err(Fault::Access.trap(access, vaddr))
            }
            Ok(place) => Ok(place),
            Err(fault) => Err(fault.trap(access, vaddr)),
        };
        let first = place(vaddr)?;
        let in_first = 8 - (vaddr & 7);
        if size <= in_first {
            return Ok(Parts { first, second: None });
        }
        let next = vaddr.wrapping_add(in_first);
        let second = place(next).map_err(|trap| Trap {
            tval: if choices::TVAL_OF_SECOND_DWORD { next } else { vaddr },
            ..trap
        })?;
        Ok(Parts { first, second: Some((second, in_first as usize)) })
    }

    /// The physical address of an aligned access to a device whose page is known.
    fn known_device(&self, vaddr: u64, size: u64, stores: bool) -> Option<u64> {
        let (context, _) = self.contexts();
        self.tlb.device(context, vaddr, stores).filter(|_| vaddr & (size - 1) == 0)
    }

    /// Stops before an access that a debugger watches.
    pub fn watch(&self, bus: &mut Bus, vaddr: u64, size: u64, watch: Watch) -> Result<(), Trap> {
        match bus.debug.stops_access(self.id, vaddr, size, watch) {
            true => Err(Trap::DEBUGGER),
            false => Ok(()),
        }
    }

    /// Notes the page of an access that succeeded.
    pub fn learn(&mut self, bus: &Bus, vaddr: u64, place: Place, access: Access) {
        if bus.debug.watches_page(vaddr) {
            return;
        }
        if place.region == Region::Io {
            let (context, _) = self.contexts();
            self.tlb.learn_device(context, vaddr, place.paddr, access != Access::Load);
            return;
        }
        let Some((offset, _)) = bus.memory.locate(place.paddr) else { return };
        let watched = bus.watched.is_some_and(|address| address >> 12 == place.paddr >> 12);
        let rights = match access {
            Access::Load => (true, false),
            _ => (false, !watched),
        };
        let (context, _) = self.contexts();
        self.tlb.learn_data(context, vaddr, offset, rights);
    }
}

fn each_part(parts: &Parts, size: usize, mut act: impl FnMut(u64, std::ops::Range<usize>)) {
    match &parts.second {
        None => act(parts.first.paddr, 0..size),
        Some((second, in_first)) => {
            act(parts.first.paddr, 0..*in_first);
            act(second.paddr, *in_first..size);
        }
    }
}
