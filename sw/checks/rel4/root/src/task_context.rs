//! Contexts of TAIC: queues, channels, lines of devices, interrupts of workers, clean-up.

use crate::{
    check::{Outcome, Test},
    equal, expect,
    helper::{LOW, endpoint, let_others_run, low_thread, notification, place, stop, uart_page},
    refused,
};
use core::sync::atomic::{AtomicUsize, Ordering};
use hal::csr;
use root::Root;
use sel4::{Cap, IrqControl, IrqHandler, Notification, ObjectType, Rights, TaskContext, abi::slot};
use soc::{csr as number, irq};
use taic::{Arming, LocalQueue, TaskId};

pub const TESTS: &[Test] = &[
    ("tasks go into a mapped queue and come out of it", queue),
    ("a channel wakes a task of another context", channel),
    ("another thread finds the task that a channel woke", woken),
    ("a device's line wakes a task", line),
    ("a preempting task interrupts a worker", preempted),
    ("a revoked channel wakes nobody", revoked),
    ("the next context is woken by nothing of the last", reused),
    ("contexts are used up and come back", all_contexts),
    ("errors of a context", errors),
];

const TASK: TaskId = TaskId::new(0x1000).unwrap();
const OTHER: TaskId = TaskId::new(0x2000).unwrap();

/// A context, and its first queue, which is mapped here.
fn context(root: &mut Root) -> Outcome<(TaskContext, LocalQueue)> {
    let context = root.new_task_context()?;
    let page = root.map_queue_here((context, 0))?;
    // SAFETY: the page of the queue was just mapped there.
    Ok((context, unsafe { LocalQueue::new(page) }))
}

/// A context that is notified through a notification.
fn notified(root: &mut Root) -> Outcome<(TaskContext, LocalQueue, Notification)> {
    let (context, queue) = context(root)?;
    let on = notification(root)?;
    context.set_notification(on, None)?;
    Ok((context, queue, on))
}

fn bits(task: Option<TaskId>) -> usize {
    task.map_or(0, TaskId::bits) as usize
}

fn queue(root: &mut Root) -> Outcome {
    let (context, queue) = context(root)?;
    queue.enqueue(TASK);
    queue.enqueue(OTHER);
    equal!(queue.length().queue, 2);
    equal!(bits(queue.dequeue()), TASK.bits());
    equal!(bits(queue.dequeue()), OTHER.bits());
    equal!(bits(queue.dequeue()), 0);
    root.delete(context)?;
    Ok(())
}

fn channel(root: &mut Root) -> Outcome {
    let (sender, from) = context(root)?;
    let (receiver, to, on) = notified(root)?;
    let badged = root.mint(on, Rights::ALL, TASK.kept().bits() as usize)?;
    let number = badged.connect(sender)?;
    equal!(badged.connect(sender)?, number);
    for _ in 0..3 {
        from.send(number as u16);
        equal!(bits(to.dequeue()), TASK.kept().bits());
        equal!(bits(to.dequeue()), 0);
    }
    to.send(number as u16);
    expect!(to.take_errors() == taic::Errors::NO_SEND);
    equal!(bits(to.dequeue()), 0);
    equal!(receiver.find_channel(TASK.kept().bits() as usize, 0)?, number);
    root.delete(sender)?;
    root.delete(receiver)?;
    Ok(())
}

static SEEN: AtomicUsize = AtomicUsize::new(0);

extern "C" fn worker(page: usize, end: usize, _: usize) -> ! {
    // SAFETY: the page of the queue is mapped there.
    let queue = unsafe { LocalQueue::new(page) };
    loop {
        if let Some(task) = queue.dequeue() {
            SEEN.store(task.bits() as usize, Ordering::SeqCst);
            stop(sel4::Endpoint(end));
        }
        sel4::yield_now();
    }
}

fn woken(root: &mut Root) -> Outcome {
    SEEN.store(0, Ordering::SeqCst);
    let (sender, from) = context(root)?;
    let receiver = root.new_task_context()?;
    let page = root.map_queue_here((receiver, 0))?;
    let (on, end) = (notification(root)?, endpoint(root)?);
    receiver.set_notification(on, None)?;
    let badged = root.mint(on, Rights::ALL, OTHER.bits() as usize)?;
    let number = badged.connect(sender)?;
    let thread = low_thread(root, worker, [page, end.0, 0])?;
    thread.tcb.set_sched_params(Root::TCB, LOW, LOW)?;
    receiver.bind_worker(0, thread.tcb)?;
    from.send(number as u16);
    let_others_run(root)?;
    equal!(SEEN.load(Ordering::SeqCst), OTHER.bits());
    root.delete(sender)?;
    root.delete(receiver)?;
    thread.tcb.suspend()?;
    Ok(())
}

fn handler(root: &mut Root, irq: usize) -> Outcome<IrqHandler> {
    let slot = root.slot()?;
    IrqControl(slot::IRQ_CONTROL).handler(irq, slot)?;
    Ok(IrqHandler::at(slot.index))
}

/// The UART says that it can send, as long as its register lets it.
fn line(root: &mut Root) -> Outcome {
    const ENABLE: usize = 1;
    let uart = uart_page(root)?;
    let enable = core::ptr::with_exposed_provenance_mut::<u8>(uart + ENABLE);
    // SAFETY: the page of the UART was just mapped there.
    let set = |value| unsafe { enable.write_volatile(value) };
    let (context, queue) = context(root)?;
    let handler = handler(root, soc::UART0_INTERRUPT)?;
    let line = context.grant_line(handler)? as u16;
    let armed = Arming::new(line, TASK);
    expect!(armed.is_some());
    if let Some(armed) = armed {
        queue.arm_line(armed);
    }
    equal!(bits(queue.dequeue()), 0);
    set(2);
    let woken = (0..1000).find_map(|_| queue.dequeue());
    set(0);
    equal!(bits(woken), TASK.bits());
    place(handler).delete()?;
    root.delete(context)?;
    Ok(())
}

fn interrupted() -> bool {
    csr::read::<{ number::UIP }>() & 1 << irq::USI != 0
}

fn preempted(root: &mut Root) -> Outcome {
    let (sender, from) = context(root)?;
    let (receiver, to, on) = notified(root)?;
    let badged = root.mint(on, Rights::ALL, TASK.preempting().bits() as usize)?;
    let number = badged.connect(sender)? as u16;
    receiver.bind_worker(0, Root::TCB)?;
    expect!(!interrupted());
    from.send(number);
    let came = (0..1000).any(|_| interrupted());
    expect!(came);
    equal!(bits(to.dequeue()), TASK.preempting().bits());
    let gone = (0..1000).any(|_| !interrupted());
    expect!(gone);
    receiver.unbind_worker(0)?;
    root.delete(sender)?;
    root.delete(receiver)?;
    Ok(())
}

fn revoked(root: &mut Root) -> Outcome {
    let (sender, from) = context(root)?;
    let (receiver, to, on) = notified(root)?;
    let badged = root.mint(on, Rights::ALL, TASK.kept().bits() as usize)?;
    let number = badged.connect(sender)? as u16;
    place(on).revoke()?;
    from.send(number);
    expect!(from.take_errors() == taic::Errors::NO_SEND);
    equal!(bits(to.dequeue()), 0);
    root.delete(sender)?;
    root.delete(receiver)?;
    Ok(())
}

fn reused(root: &mut Root) -> Outcome {
    let (sender, from) = context(root)?;
    let (receiver, _, on) = notified(root)?;
    let badged = root.mint(on, Rights::ALL, TASK.kept().bits() as usize)?;
    let number = badged.connect(sender)? as u16;
    from.send(number);
    root.delete(receiver)?;
    let (next, to) = context(root)?;
    from.send(number);
    equal!(bits(to.dequeue()), 0);
    root.delete(sender)?;
    root.delete(next)?;
    Ok(())
}

fn all_contexts(root: &mut Root) -> Outcome {
    const MOST: usize = sel4::abi::task_context::CONTEXTS;
    let mut made = [TaskContext(0); MOST + 1];
    for _ in 0..2 {
        let mut count = 0;
        let mut refused = Ok(0);
        while refused.is_ok() && count <= MOST {
            made[count] = root.object(ObjectType::TaskContext, 0)?;
            refused = made[count].allocate_queue();
            count += 1;
        }
        refused!(refused, NotEnoughMemory, 0);
        expect!(count > 2);
        for context in &made[..count] {
            root.delete(*context)?;
        }
    }
    Ok(())
}

fn errors(root: &mut Root) -> Outcome {
    let context: TaskContext = root.object(ObjectType::TaskContext, 0)?;
    let on = notification(root)?;
    refused!(context.set_priorities(true), IllegalOperation);
    refused!(context.set_notification(on, None), IllegalOperation);
    refused!(context.free_queue(0), InvalidArgument, 0);
    refused!(context.free_queue(usize::MAX), RangeError, 0);
    refused!(on.connect(context), IllegalOperation);
    context.allocate_queue()?;
    context.set_notification(on, None)?;
    refused!(context.set_notification(on, None), DeleteFirst);
    let reader = root.mint(on, Rights::READ, 0)?;
    refused!(reader.connect(context), InvalidCapability, 0);
    let wide = root.mint(on, Rights::ALL, 1 << 60)?;
    refused!(wide.connect(context), RangeError, 0);
    refused!(context.find_channel(5, 0), InvalidArgument, 0);
    context.bind_worker(0, Root::TCB)?;
    refused!(context.bind_worker(0, Root::TCB), DeleteFirst);
    root.delete(context)?;
    Ok(())
}
