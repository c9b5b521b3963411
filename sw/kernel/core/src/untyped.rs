//! Making memory into objects.

use crate::{
    Cap, Failure, Kernel, Kind, Slot,
    cap::{FrameRights, Mapping},
    invocation::Invocation,
    kernel::TIME_SLICE,
    machine::Machine,
    object::Tcb,
};
use abi::{
    Label, LookupFailure, ObjectType, RETYPE_FAN_OUT, Rights,
    object::{MAX_UNTYPED_BITS, MIN_UNTYPED_BITS},
};

/// Untyped memory is cleared in pieces of this many bytes, with a look for interrupts after each.
const CHUNK_BITS: usize = 8;

/// What is to be made, checked.
struct Order {
    kind: ObjectType,
    /// Size of an object, as a power of two of bytes.
    bits: usize,
    size_bits: usize,
    count: usize,
    /// Where the first capability goes.
    slots: Slot,
}

/// Whether this kernel has objects of a type: endpoints are a feature.
const fn exists(kind: ObjectType) -> bool {
    cfg!(feature = "sync-ipc") || !matches!(kind, ObjectType::Endpoint)
}

impl<M: Machine> Kernel<M> {
    pub(crate) fn invoke_untyped(&mut self, call: &Invocation) -> Result<(), Failure> {
        if call.info.label() != Label::UntypedRetype as usize {
            return Err(Failure::IllegalOperation);
        }
        let order = self.order(call)?;
        let slot = call.slot;
        let clean = self.ensure_no_children(slot).is_ok();
        let used = if clean { 0 } else { call.cap.used() };
        let free = (1usize << call.cap.radix()) - used;
        if (free >> order.bits) < order.count {
            return Err(Failure::NotEnoughMemory(free));
        }
        let device = call.cap.is_device();
        if device && !order.kind.is_frame() && order.kind != ObjectType::Untyped {
            return Err(Failure::InvalidArgument(1));
        }
        self.begin(call);
        if clean {
            self.reset(slot)?;
        }
        self.make(slot, &order, used);
        Ok(())
    }

    fn order(&self, call: &Invocation) -> Result<Order, Failure> {
        let [kind, size_bits, index, depth, offset, count] = self.arguments(call)?;
        let root = call.extra(0)?;
        let kind = ObjectType::from_number(kind).filter(|kind| exists(*kind));
        let kind = kind.ok_or(Failure::InvalidArgument(0))?;
        if size_bits >= usize::BITS as usize || kind.bits(size_bits) > MAX_UNTYPED_BITS {
            return Err(Failure::RangeError(0, MAX_UNTYPED_BITS));
        }
        if kind == ObjectType::CNode && size_bits == 0
            || kind == ObjectType::Untyped && size_bits < MIN_UNTYPED_BITS
        {
            return Err(Failure::InvalidArgument(1));
        }
        let node = if depth == 0 {
            root.cap(self)
        } else {
            self.lookup_target(false, root.cap(self), index, depth)?.cap(self)
        };
        if !node.is(Kind::CNode) {
            return Err(Failure::lookup(LookupFailure::MissingCapability { bits_left: depth }));
        }
        let size = 1 << node.radix();
        if offset >= size {
            return Err(Failure::RangeError(0, size - 1));
        }
        if !(1..=RETYPE_FAN_OUT).contains(&count) {
            return Err(Failure::RangeError(1, RETYPE_FAN_OUT));
        }
        if count > size - offset {
            return Err(Failure::RangeError(1, size - offset));
        }
        let slots = Slot(node.pointer() + 32 * offset);
        for slot in (0..count).map(|number| Slot(slots.0 + 32 * number)) {
            self.ensure_empty(slot)?;
        }
        Ok(Order { kind, bits: kind.bits(size_bits), size_bits, count, slots })
    }

    /// Clears the used part of memory, from its end on; what is free is zeros.
    fn reset(&mut self, slot: Slot) -> Result<(), Failure> {
        let cap = slot.cap(self);
        if cap.used() == 0 {
            return Ok(());
        }
        if cap.is_device() {
            slot.set_cap(self, cap.with_used(0));
            return Ok(());
        }
        let chunk = 1 << cap.radix().min(CHUNK_BITS);
        let mut used = cap.used().next_multiple_of(chunk);
        while used > 0 {
            used -= chunk;
            self.machine.clear(cap.pointer() + used, chunk);
            slot.set_cap(self, cap.with_used(used));
            self.preemption_point()?;
        }
        Ok(())
    }

    fn make(&mut self, parent: Slot, order: &Order, used: usize) {
        let cap = parent.cap(self);
        let size = 1 << order.bits;
        let first = (cap.pointer() + used).next_multiple_of(size);
        let end = first + size * order.count - cap.pointer();
        parent.set_cap(self, cap.with_used(end));
        for number in 0..order.count {
            let object = first + size * number;
            let made = self.make_object(order, object, cap.is_device());
            self.insert_child(made, parent, Slot(order.slots.0 + 32 * number));
        }
    }

    fn make_object(&mut self, order: &Order, object: usize, device: bool) -> Cap {
        let frame = |size| Cap::frame(object, size, FrameRights::ReadWrite, device, Mapping::NONE);
        match order.kind {
            ObjectType::Untyped => Cap::untyped(object, order.size_bits, device, 0),
            ObjectType::Tcb => {
                let thread = Tcb(object);
                thread.set_time_slice(self, TIME_SLICE);
                thread.set_domain(self, self.domain);
                thread.set_affinity(self, self.hart);
                Cap::thread(object)
            }
            ObjectType::Endpoint => Cap::endpoint(object, Rights::ALL, 0),
            ObjectType::Notification => Cap::notification(object, Rights::READ_WRITE, 0),
            ObjectType::CNode => Cap::cnode(object, order.size_bits, 0, 0),
            ObjectType::GigaPage => frame(2),
            ObjectType::Page => frame(0),
            ObjectType::MegaPage => frame(1),
            ObjectType::PageTable => Cap::page_table(object, false, Mapping::NONE),
            ObjectType::TaskContext => Cap::task_context(object),
        }
    }
}
