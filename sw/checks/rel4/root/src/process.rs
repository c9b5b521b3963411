//! A process from a file of the image.

use crate::{
    check::{Outcome, Test},
    equal, expect,
    helper::{LOW, endpoint},
};
use core::ptr;
use root::Root;
use sel4::{
    Message, Reply, Rights,
    fault::{Fault, report},
};

pub const TESTS: &[Test] = &[("a process calls, shares memory, and its panic is seen", whole_life)];

/// Slots in the process's CSpace, as the process has them.
const PARENT: usize = 1;
const FAULTS: usize = 2;
/// Where the process sees the shared page.
const SHARED: usize = 0x30_0000_0000;

fn whole_life(root: &mut Root) -> Outcome {
    let Some(file) = root::archive(root.info).find("rel4test-peer") else {
        expect!(false);
        return Ok(());
    };
    let process = root.new_process(file, LOW, FAULTS)?;
    let (calls, faults) = (endpoint(root)?, endpoint(root)?);
    root.give(&process, PARENT, calls, Rights::ALL, 0x31)?;
    root.give(&process, FAULTS, faults, Rights::ALL, 0x32)?;
    let (page, here) = root.new_page()?;
    root.share(page, process.space, SHARED, Rights::READ_WRITE)?;
    process.start(70)?;

    let first = calls.receive();
    equal!(first.badge, 0x31);
    equal!(first.message.label(), 70);
    equal!(first.message.word(0), 71);
    let second = calls.reply_and_receive(Message::new(0, &[SHARED]));
    equal!(second.message.label(), 71);
    // SAFETY: the shared page was mapped there.
    equal!(unsafe { ptr::with_exposed_provenance::<usize>(here).read_volatile() }, SHARED);

    Reply::to_caller(Message::default());
    let end = faults.receive();
    equal!(end.badge, 0x32);
    expect!(matches!(report("peer", &end), Some(Fault::Exception { cause: 2, .. })));
    process.tcb.suspend()?;
    Ok(())
}
