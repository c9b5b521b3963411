//! Asynchronous system calls: requests and answers in rings that the root task shares with the kernel.

use crate::{
    check::{Outcome, Test},
    equal, expect,
    helper::notification,
    refused,
};
use core::ptr::with_exposed_provenance;
use ring::{Consumer, Producer, Ring};
use root::Root;
use sel4::{
    Label, MessageInfo, Notification, ObjectType, Page, Rights,
    abi::async_call::{ANSWER_WORDS, REQUEST_WORDS, SLOTS, answer, request},
};

pub const TESTS: &[Test] = &[
    ("requests are answered as system calls are", batch),
    ("more requests than slots are done", many),
    ("a revoked frame takes its rings away", revoked),
    ("rings are refused with their errors", errors),
];

type Requests = Ring<REQUEST_WORDS, SLOTS>;
type Answers = Ring<ANSWER_WORDS, SLOTS>;

/// The rings of the root task.
struct Rings {
    frame: Page,
    notification: Notification,
    producer: Producer<&'static Requests, REQUEST_WORDS, SLOTS>,
    consumer: Consumer<&'static Answers, ANSWER_WORDS, SLOTS>,
}

impl Rings {
    fn new(root: &mut Root) -> Outcome<Self> {
        let (frame, address) = root.new_page()?;
        let plain = notification(root)?;
        let notification = root.mint(plain, Rights::ALL, 1)?;
        // SAFETY: the page was just mapped, is zeros, and stays; all of both rings is atomics.
        let (requests, answers) = unsafe {
            let answers = address + size_of::<Requests>();
            (&*with_exposed_provenance(address), &*with_exposed_provenance(answers))
        };
        notification.register_async_syscall(frame, Root::TCB, SLOTS)?;
        let (producer, consumer) = (Producer::first(requests), Consumer::first(answers));
        Ok(Self { frame, notification, producer, consumer })
    }

    fn send(&self, cookie: usize, cap: usize, label: Label, words: &[usize], caps: &[usize]) {
        let mut message = [0; REQUEST_WORDS];
        message[request::COOKIE] = cookie as u64;
        message[request::INFO] =
            MessageInfo::new(label as usize, 0, caps.len(), words.len()).0 as u64;
        message[request::CAP] = cap as u64;
        for (place, cap) in message[request::CAPS..].iter_mut().zip(caps) {
            *place = *cap as u64;
        }
        for (place, word) in message[request::WORDS..].iter_mut().zip(words) {
            *place = *word as u64;
        }
        // The kernel is woken after all of them.
        let _ = self.producer.send(message);
    }

    /// The next answer: cookie, label, first word.
    fn answer(&self) -> (usize, usize, usize) {
        loop {
            if let Some(words) = self.consumer.pop() {
                let info = MessageInfo(words[answer::INFO] as usize);
                return (
                    words[answer::COOKIE] as usize,
                    info.label(),
                    words[answer::WORDS] as usize,
                );
            }
            if self.consumer.sleep() {
                self.notification.wait();
            }
        }
    }

    fn end(self) -> Outcome {
        Ok(self.notification.register_async_syscall(self.frame, Root::TCB, 0)?)
    }
}

fn batch(root: &mut Root) -> Outcome {
    let rings = Rings::new(root)?;
    let page: Page = root.object(ObjectType::Page, 0)?;
    let (slot, cnode) = (root.slot()?, Root::CNODE.0);
    let depth = usize::BITS as usize;
    let mint = [slot.index, depth, page.0, depth, Rights::ALL.0, 0];
    rings.send(10, page.0, Label::PageGetAddress, &[], &[]);
    rings.send(11, cnode, Label::CNodeMint, &mint, &[cnode]);
    rings.send(12, cnode, Label::CNodeMint, &mint, &[cnode]);
    rings.send(13, slot.index, Label::PageGetAddress, &[], &[]);
    rings.send(14, cnode, Label::CNodeDelete, &[slot.index, depth], &[]);
    rings.send(15, slot.index, Label::PageGetAddress, &[], &[]);
    sel4::wake_syscall_handler();
    let address = page.physical_address()?;
    let expected = [
        (10, 0, address),
        (11, 0, 0),
        (12, sel4::Error::DeleteFirst as usize, 0),
        (13, 0, address),
        (14, 0, 0),
        (15, sel4::Error::InvalidCapability as usize, 0),
    ];
    for wanted in expected {
        let seen = rings.answer();
        equal!(seen.0, wanted.0);
        equal!(seen.1, wanted.1);
        equal!(seen.2, wanted.2);
    }
    rings.end()
}

fn many(root: &mut Root) -> Outcome {
    let rings = Rings::new(root)?;
    let page: Page = root.object(ObjectType::Page, 0)?;
    let address = page.physical_address()?;
    let mut next = 0;
    for sent in 0..8 * SLOTS {
        rings.send(sent, page.0, Label::PageGetAddress, &[], &[]);
        if sent % SLOTS == SLOTS - 1 {
            sel4::wake_syscall_handler();
            while next <= sent {
                let seen = rings.answer();
                equal!(seen.0, next);
                equal!(seen.2, address);
                next += 1;
            }
        }
    }
    rings.end()
}

fn revoked(root: &mut Root) -> Outcome {
    let rings = Rings::new(root)?;
    let page: Page = root.object(ObjectType::Page, 0)?;
    Root::CNODE.slot(rings.frame.0).revoke()?;
    rings.send(1, page.0, Label::PageGetAddress, &[], &[]);
    sel4::wake_syscall_handler();
    expect!(rings.consumer.pop().is_none());
    // There are none to take away.
    let again = rings.notification.register_async_syscall(rings.frame, Root::TCB, 0);
    refused!(again, IllegalOperation);
    Ok(())
}

fn errors(root: &mut Root) -> Outcome {
    let rings = Rings::new(root)?;
    let on = rings.notification;
    refused!(on.register_async_syscall(rings.frame, Root::TCB, SLOTS), DeleteFirst);
    refused!(on.register_async_syscall(Page(on.0), Root::TCB, SLOTS), InvalidCapability, 1);
    let thread = sel4::Tcb(on.0);
    refused!(on.register_async_syscall(rings.frame, thread, SLOTS), InvalidCapability, 2);
    refused!(on.register_async_syscall(rings.frame, Root::TCB, 3), RangeError);
    refused!(on.register_async_syscall(rings.frame, Root::TCB, 2 * SLOTS), RangeError);
    rings.end()
}
