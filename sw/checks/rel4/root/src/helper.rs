//! What several tests need.

use crate::check::Outcome;
use core::sync::atomic::{AtomicUsize, Ordering};
use root::{FLAT, PAGE, Root, Thread};
use sel4::{
    Endpoint, Message, Notification, ObjectType, Page, Place, Rights, Untyped, abi::MAX_PRIORITY,
};

/// The priority of the thread that runs the tests.
pub const OWN: usize = MAX_PRIORITY;
/// One that runs only while the tests wait.
pub const LOW: usize = 100;
const TURNS: usize = 4;

/// Words that the threads of a test leave for it.
pub struct Words([AtomicUsize; 8]);

impl Words {
    pub const fn new() -> Self {
        Self([const { AtomicUsize::new(0) }; 8])
    }

    pub fn get(&self, index: usize) -> usize {
        self.0[index].load(Ordering::SeqCst)
    }

    pub fn set(&self, index: usize, word: usize) {
        self.0[index].store(word, Ordering::SeqCst);
    }

    pub fn add(&self, index: usize) -> usize {
        self.0[index].fetch_add(1, Ordering::SeqCst)
    }

    pub fn clear(&self) {
        (0..self.0.len()).for_each(|index| self.set(index, 0));
    }
}

pub fn endpoint(root: &mut Root) -> Outcome<Endpoint> {
    Ok(root.object(ObjectType::Endpoint, 0)?)
}

pub fn notification(root: &mut Root) -> Outcome<Notification> {
    Ok(root.object(ObjectType::Notification, 0)?)
}

/// The place of a capability of the root task's.
pub fn place(cap: impl sel4::Cap) -> Place {
    Root::CNODE.slot(cap.address())
}

/// A thread that runs a function while the tests wait.
pub fn low_thread(
    root: &mut Root,
    entry: extern "C" fn(usize, usize, usize) -> !,
    arguments: [usize; 3],
) -> Outcome<Thread> {
    let thread = root.new_thread(LOW, Endpoint::NONE)?;
    thread.start(entry, arguments)?;
    Ok(thread)
}

/// The end of a thread: it waits where nobody sends.
pub fn stop(endpoint: Endpoint) -> ! {
    loop {
        endpoint.receive();
    }
}

/// Waits until the ready threads of `LOW` have stopped, and those of one less had their turns.
pub fn let_others_run(root: &mut Root) -> Outcome {
    extern "C" fn send(endpoint: usize, _: usize, _: usize) -> ! {
        (0..TURNS).for_each(|_| sel4::yield_now());
        loop {
            Endpoint(endpoint).call(Message::default());
        }
    }
    let endpoint = endpoint(root)?;
    let thread = root.new_thread(LOW - 1, Endpoint::NONE)?;
    thread.start(send, [endpoint.0, 0, 0])?;
    endpoint.receive();
    thread.tcb.suspend()?;
    Ok(())
}

/// Ends the machine with code 1 by its finisher, a device that the root task may map.
pub fn end_with_failure(root: &mut Root) -> ! {
    const FAILED: u32 = 1 << 16 | 0x3333;
    if let Ok(address) = device_page(root, soc::FINISHER_BASE) {
        // SAFETY: the page was just mapped; its first word is the finisher's register.
        unsafe {
            core::ptr::with_exposed_provenance_mut::<u32>(address).write_volatile(FAILED);
        }
    }
    sel4::debug::halt()
}

/// The page of the UART, which is made once: its memory gives no second one.
pub fn uart_page(root: &mut Root) -> Outcome<usize> {
    static MAPPED: AtomicUsize = AtomicUsize::new(0);
    if MAPPED.load(Ordering::Relaxed) == 0 {
        MAPPED.store(device_page(root, soc::UART0_BASE)?, Ordering::Relaxed);
    }
    Ok(MAPPED.load(Ordering::Relaxed))
}

/// Maps the page of a device. Untyped objects are made up to it, as objects come one behind the
/// other.
pub fn device_page(root: &mut Root, physical: usize) -> Outcome<usize> {
    let (untyped, mut offset) = root.device(physical).ok_or(root::Error::NoMemory)?;
    while offset >= PAGE {
        let bits = usize::BITS - 1 - offset.leading_zeros();
        retype_next(root, untyped, ObjectType::Untyped, bits as usize)?;
        offset -= 1 << bits;
    }
    let page = Page(retype_next(root, untyped, ObjectType::Page, 0)?.index);
    let address = root.reserve(PAGE);
    root.map(root.space, page, address, Rights::READ_WRITE, FLAT)?;
    Ok(address)
}

/// Makes the next object of an untyped one.
pub fn retype_next(
    root: &mut Root,
    untyped: Untyped,
    kind: ObjectType,
    bits: usize,
) -> Outcome<Place> {
    let slot = root.slot()?;
    untyped.retype(kind, bits, Root::CNODE.own_slot(0, 0), slot.index, 1)?;
    Ok(slot)
}
