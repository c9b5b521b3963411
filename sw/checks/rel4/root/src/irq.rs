//! Interrupts of devices.

use crate::{
    check::{Outcome, Test},
    equal, expect,
    helper::{notification, place, uart_page},
    refused,
};
use root::Root;
use sel4::{Cap, IrqControl, IrqHandler, Label, Notification, Rights, abi::slot, invoke};

pub const TESTS: &[Test] = &[
    ("an interrupt has one handler", once),
    ("interrupts that do not exist are refused", range),
    ("a handler's notification must be one that can be signalled", wants),
    ("messages that are too short are refused", truncated),
    ("a device's interrupt signals, once for each acknowledgement", device),
];

const CONTROL: IrqControl = IrqControl(slot::IRQ_CONTROL);

fn handler(root: &mut Root, irq: usize) -> Outcome<IrqHandler> {
    let slot = root.slot()?;
    CONTROL.handler(irq, slot)?;
    Ok(IrqHandler::at(slot.index))
}

fn once(root: &mut Root) -> Outcome {
    let first = handler(root, 20)?;
    let slot = root.slot()?;
    refused!(CONTROL.handler(20, slot), RevokeFirst);
    refused!(CONTROL.handler_with_trigger(20, true, slot), RevokeFirst);
    let full = place(notification(root)?);
    refused!(CONTROL.handler(21, full), DeleteFirst);
    place(first).delete()?;
    CONTROL.handler_with_trigger(20, false, slot)?;
    slot.delete()?;
    Ok(())
}

fn range(root: &mut Root) -> Outcome {
    let slot = root.slot()?;
    for irq in [0, 1 << 20, usize::MAX] {
        refused!(CONTROL.handler(irq, slot), RangeError, 1);
        refused!(CONTROL.handler_with_trigger(irq, false, slot), RangeError, 1);
    }
    Ok(())
}

fn wants(root: &mut Root) -> Outcome {
    let handler = handler(root, 22)?;
    refused!(handler.set_notification(Notification(slot::TCB)), InvalidCapability, 0);
    let notification = notification(root)?;
    let reader = root.mint(notification, Rights::READ, 0)?;
    refused!(handler.set_notification(reader), InvalidCapability, 0);
    handler.set_notification(notification)?;
    handler.clear()?;
    Ok(())
}

fn truncated(root: &mut Root) -> Outcome {
    let handler = handler(root, 23)?;
    refused!(invoke(handler.0, Label::IrqSetNotification, &[], &[]), TruncatedMessage);
    let own = Root::CNODE.0;
    refused!(invoke(CONTROL.0, Label::IrqIssueHandler, &[own], &[24, 1]), TruncatedMessage);
    refused!(invoke(CONTROL.0, Label::IrqIssueHandler, &[], &[24, 1, 64]), TruncatedMessage);
    refused!(invoke(CONTROL.0, Label::TcbSuspend, &[], &[]), IllegalOperation);
    refused!(invoke(handler.0, Label::TcbSuspend, &[], &[]), IllegalOperation);
    Ok(())
}

/// The UART says that it can send, as long as its register lets it.
fn device(root: &mut Root) -> Outcome {
    const ENABLE: usize = 1;
    const CAN_SEND: u8 = 2;
    let uart = uart_page(root)?;
    let enable = core::ptr::with_exposed_provenance_mut::<u8>(uart + ENABLE);
    // SAFETY: the page of the UART was just mapped there.
    let set = |value| unsafe { enable.write_volatile(value) };
    let handler = handler(root, soc::UART0_INTERRUPT)?;
    let notification = notification(root)?;
    handler.set_notification(root.mint(notification, Rights::ALL, 0x10)?)?;
    equal!(notification.poll(), 0);
    set(CAN_SEND);
    equal!(notification.wait(), 0x10);
    // Not acknowledged: nothing more comes.
    equal!(notification.poll(), 0);
    handler.acknowledge()?;
    equal!(notification.wait(), 0x10);
    set(0);
    handler.acknowledge()?;
    let again = notification.poll();
    expect!(again == 0);
    place(handler).delete()?;
    Ok(())
}
