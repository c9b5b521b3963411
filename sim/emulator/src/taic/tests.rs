//! TAIC against its clauses.

use proptest::prelude::*;

use super::*;

const CONFIG: TaicConfig = TaicConfig {
    contexts: 2,
    queues: 2,
    priorities: 4,
    tasks: 32,
    channels: 4,
    slots: 2,
    lines: 2,
    harts: 2,
};

const ALLOCATE: u64 = 0x000;
const FREE: u64 = 0x008;
const SIMULATE: u64 = 0x010;
const REFUSED: u64 = 0x910;
const MODE: u64 = 0x918;
const PLACES: u64 = 0x920;
const UNDELIVERED: u64 = 0x930;
const CONTEXT: u64 = 0x980;
const INSTALLED: u64 = 0xA00;
const GRANT: u64 = 0xC00;
const CHANNEL: u64 = 0x40_0000;

const ENQUEUE: u64 = 0x00;
const DEQUEUE: u64 = 0x08;
const ERROR: u64 = 0x10;
const REGISTER_SENDER: u64 = 0x18;
const REGISTER_RECEIVER: u64 = 0x28;
const SEND_INTERRUPT: u64 = 0x30;
const WRITE_HART: u64 = 0x38;
const SEND: u64 = 0x900;
const LENGTH: u64 = 0x908;
const ARM: u64 = 0x918;
const ARM_LINE: u64 = 0x920;

const KERNEL: u64 = 0;

/// A device with one context for each process, and every line granted to all.
fn started(processes: &[u64]) -> Taic {
    let mut taic = Taic::new(&CONFIG);
    for &process in processes {
        allocate(&mut taic, process);
    }
    for line in 0..2 {
        write(&mut taic, GRANT + 8 * line, 3);
    }
    taic
}

fn write(taic: &mut Taic, offset: u64, value: u64) {
    taic.write(0, offset, 8, value).unwrap();
}

fn read(taic: &mut Taic, offset: u64) -> u64 {
    taic.read(0, offset, 8).unwrap()
}

fn page(context: u64, queue: u64, register: u64) -> u64 {
    0x1000 * (1 + 2 * context + queue) + register
}

fn allocate(taic: &mut Taic, process: u64) -> u64 {
    write(taic, ALLOCATE, 1);
    write(taic, ALLOCATE, process);
    read(taic, ALLOCATE)
}

fn dequeue(taic: &mut Taic, context: u64, queue: u64) -> u64 {
    read(taic, page(context, queue, DEQUEUE))
}

fn errors(taic: &mut Taic, context: u64, queue: u64) -> u64 {
    read(taic, page(context, queue, ERROR))
}

/// Channel 0 leads from context 0 to queue 0 of context 1.
fn connect(taic: &mut Taic) {
    write(taic, CHANNEL, 1 | 1 << 16);
}

#[test]
fn each_hart_has_its_own_sequence_of_an_allocation() {
    let mut taic = Taic::new(&CONFIG);
    taic.write(0, ALLOCATE, 8, 1).unwrap();
    taic.write(1, ALLOCATE, 8, 2).unwrap();
    taic.write(1, ALLOCATE, 8, 7).unwrap();
    assert_eq!(taic.read(0, ALLOCATE, 8), Ok(u64::MAX));
    assert_eq!(taic.read(1, ALLOCATE, 8), Ok(0));
    assert_eq!(taic.read(1, ALLOCATE, 8), Ok(u64::MAX));
}

#[test]
fn an_owner_gets_the_queues_of_its_context() {
    let mut taic = Taic::new(&CONFIG);
    assert_eq!(
        [5, 5, 6, 5, 7].map(|process| allocate(&mut taic, process)),
        [0, 1, 1 << 32, u64::MAX, u64::MAX]
    );
}

#[test]
fn a_queue_is_first_in_first_out_and_steals() {
    let mut taic = started(&[5, 5]);
    for task in [0x100, 0x200] {
        write(&mut taic, page(0, 1, ENQUEUE), task);
    }
    assert_eq!(read(&mut taic, page(0, 1, LENGTH)), 2 << 32 | 2 << 16 | 2);
    assert_eq!([0, 1, 0].map(|queue| dequeue(&mut taic, 0, queue)), [0x100, 0x200, 0]);
}

#[test]
fn with_priorities_the_most_urgent_leaves_first() {
    let mut taic = started(&[5]);
    write(&mut taic, CONTEXT, 8 << 16 | 3);
    for priority in [15, 3, 0, 1] {
        write(&mut taic, page(0, 0, ENQUEUE), 0x100 | priority << 2);
    }
    // Four levels: fields 0 to 3 share one (TAIC-4.3).
    assert_eq!([0; 4].map(|_| (dequeue(&mut taic, 0, 0) >> 2) & 15), [3, 0, 1, 15]);
}

#[test]
fn what_an_enqueue_is_refused_for_has_an_order() {
    let mut taic = started(&[5]);
    write(&mut taic, page(1, 0, ENQUEUE), 0);
    write(&mut taic, page(0, 1, ENQUEUE), 0);
    write(&mut taic, CONTEXT, 1 << 16);
    for task in [0x100, 0, 0x200] {
        write(&mut taic, page(0, 0, ENQUEUE), task);
    }
    assert_eq!(errors(&mut taic, 1, 0), Error::NoOwner as u64);
    assert_eq!(errors(&mut taic, 0, 1), Error::NoQueue as u64);
    assert_eq!(errors(&mut taic, 0, 0), Error::NotPermitted as u64 | Error::Full as u64);
    assert_eq!(errors(&mut taic, 0, 0), 0);
}

#[test]
fn tasks_of_a_freed_queue_move_in_order() {
    let mut taic = started(&[5, 5]);
    for (queue, task) in [(0, 0x100), (1, 0x200), (0, 0x300)] {
        write(&mut taic, page(0, queue, ENQUEUE), task);
    }
    write(&mut taic, FREE, 0);
    assert_eq!([1; 4].map(|queue| dequeue(&mut taic, 0, queue)), [0x200, 0x100, 0x300, 0]);
    write(&mut taic, FREE, 0);
    assert_eq!(read(&mut taic, REFUSED), FREE << 32 | 1 << 16 | 1 << 4 | Reason::NoQueue as u64);
}

#[test]
fn a_notification_waits_for_its_task_and_coalesces() {
    let mut taic = started(&[5, 6]);
    connect(&mut taic);
    write(&mut taic, page(0, 0, SEND), 0);
    write(&mut taic, page(1, 0, ARM), 0x100);
    write(&mut taic, page(0, 0, SEND), 0); // the task is queued, nothing is armed: pending
    assert_eq!(read(&mut taic, CHANNEL), 1 | 1 << 16 | 1 << 33 | 1 << 34);
    assert_eq!([0; 2].map(|queue| dequeue(&mut taic, 1, queue)), [0x100, 0]);
    write(&mut taic, page(1, 0, ARM), 0x202);
    for _ in 0..3 {
        write(&mut taic, page(0, 0, SEND), 0);
    }
    assert_eq!([0; 2].map(|queue| dequeue(&mut taic, 1, queue)), [0x202, 0]);
    assert_eq!(read(&mut taic, CHANNEL), 1 | 1 << 16 | 1 << 32);
    assert_eq!(read(&mut taic, CHANNEL + 8), 0x202);
}

#[test]
fn a_task_armed_beside_a_queued_one_is_notified_anew() {
    let mut taic = started(&[5, 6]);
    connect(&mut taic);
    for task in [0x102, 0x202] {
        write(&mut taic, page(1, 0, ARM), task);
        write(&mut taic, page(0, 0, SEND), 0);
    }
    assert_eq!([0; 3].map(|queue| dequeue(&mut taic, 1, queue)), [0x102, 0x202, 0]);
}

#[test]
fn a_record_does_not_wait_for_a_queue_that_is_not_there() {
    let mut taic = started(&[5]);
    connect(&mut taic);
    write(&mut taic, page(0, 0, SEND), 0);
    assert_eq!(errors(&mut taic, 0, 0), Error::NoReceive as u64);
    write(&mut taic, page(1, 0, ARM_LINE), 0x100);
    assert_eq!(errors(&mut taic, 1, 0), Error::NoOwner as u64);
    write(&mut taic, SIMULATE, 0);
    allocate(&mut taic, 6);
    write(&mut taic, page(1, 0, ARM_LINE), 0x200);
    assert_eq!(dequeue(&mut taic, 1, 0), 0);
    write(&mut taic, SIMULATE, 0);
    assert_eq!(dequeue(&mut taic, 1, 0), 0x200);
}

#[test]
fn nothing_of_an_owner_survives_into_the_next() {
    let mut taic = started(&[5, 6]);
    let mut fresh = Context::new(&CONFIG);
    connect(&mut taic);
    for (register, value) in [(ARM, 0x103), (ARM_LINE, 0x203), (ENQUEUE, 0x300), (ENQUEUE, 0)] {
        write(&mut taic, page(1, 0, register), value);
    }
    for word in [1, 5 << 32, 0x400] {
        write(&mut taic, page(1, 0, REGISTER_RECEIVER), word);
    }
    write(&mut taic, page(0, 0, SEND), 0);
    write(&mut taic, SIMULATE, 0);
    assert_eq!(read(&mut taic, UNDELIVERED), 2);
    write(&mut taic, FREE, 1 << 32);
    assert_eq!((read(&mut taic, CHANNEL), taic.supervisor_lines()), (0, 0));
    assert_eq!([GRANT, GRANT + 8].map(|line| read(&mut taic, line)), [1, 1]);
    fresh.high_water = taic.contexts[1].high_water; // until the next one begins
    fresh.errors = taic.contexts[1].errors.clone();
    assert_eq!(taic.contexts[1], fresh);
    allocate(&mut taic, 6);
    assert_eq!((taic.contexts[1].high_water, taic.contexts[1].errors[0]), (0, 0));
}

#[test]
fn published_notifications_need_permission_and_a_receiver() {
    let mut taic = started(&[5, 6]);
    let sequence = |taic: &mut Taic, context, register, words: &[u64]| {
        for &word in words {
            write(taic, page(context, 0, register), word);
        }
        errors(taic, context, 0)
    };
    let (to, from) = ([1, 6 << 32 | 9], [1, 5 << 32 | 9, 0x100]);
    assert_eq!(sequence(&mut taic, 0, SEND_INTERRUPT, &to), Error::NoSend as u64);
    assert_eq!(sequence(&mut taic, 0, REGISTER_SENDER, &to), 0);
    assert_eq!(sequence(&mut taic, 0, SEND_INTERRUPT, &to), 0); // remembered
    assert_eq!(sequence(&mut taic, 1, REGISTER_RECEIVER, &from), 0);
    assert_eq!(dequeue(&mut taic, 1, 0), 0x100);
    let nobody = [1, 7 << 32];
    assert_eq!(sequence(&mut taic, 0, REGISTER_SENDER, &nobody), 0);
    assert_eq!(sequence(&mut taic, 0, SEND_INTERRUPT, &nobody), Error::NoReceive as u64);
    assert_eq!(sequence(&mut taic, 0, REGISTER_SENDER, &[2, 0]), Error::Full as u64);
    for channel in [1, 2] {
        let armed = [1, 5 << 32 | channel, 0x200];
        assert_eq!(sequence(&mut taic, 1, REGISTER_RECEIVER, &armed), 0);
    }
    assert_eq!(sequence(&mut taic, 1, REGISTER_RECEIVER, &[1, 7 << 32, 0]), Error::Full as u64);
}

#[test]
fn a_sequence_goes_on_through_the_alias_and_ends_with_its_context() {
    let mut taic = started(&[5, 6]);
    write(&mut taic, page(0, 0, REGISTER_SENDER), 1);
    write(&mut taic, 0x80_0000 + page(0, 0, REGISTER_SENDER), 6 << 32); // TAIC-8.2
    for word in [1, 6 << 32] {
        write(&mut taic, page(0, 0, SEND_INTERRUPT), word);
    }
    assert_eq!(errors(&mut taic, 0, 0), 0);
    write(&mut taic, page(0, 0, REGISTER_SENDER), 1);
    write(&mut taic, FREE, 0);
    allocate(&mut taic, 7);
    for word in [1, 6 << 32] {
        write(&mut taic, page(0, 0, REGISTER_SENDER), word); // TAIC-3.8
    }
    for word in [1, 6 << 32] {
        write(&mut taic, page(0, 0, SEND_INTERRUPT), word);
    }
    assert_eq!(errors(&mut taic, 0, 0), 0);
}

#[test]
fn what_a_notification_is_refused_for_has_an_order() {
    let mut taic = started(&[1 << 32, 6]);
    for (receiver, error) in [([1, 7 << 32], Error::NoReceive), ([1, 6 << 32], Error::NoSend)] {
        for register in [REGISTER_SENDER, SEND_INTERRUPT] {
            for word in receiver {
                write(&mut taic, page(0, 0, register), word);
            }
        }
        assert_eq!(errors(&mut taic, 0, 0), error as u64); // TAIC-8.8
    }
}

#[test]
fn a_strict_device_forbids_compatible_registration_but_not_to_the_kernel() {
    let mut taic = Taic::new(&CONFIG);
    write(&mut taic, MODE, 1);
    allocate(&mut taic, 5);
    write(&mut taic, page(0, 0, WRITE_HART), 0);
    assert_eq!(errors(&mut taic, 0, 0), Error::NotPermitted as u64);
    assert_eq!(read(&mut taic, INSTALLED), 0);
    write(&mut taic, 0x80_0000 + page(0, 0, WRITE_HART), 0);
    assert_eq!(read(&mut taic, INSTALLED), 1 << 63);
}

#[test]
fn a_level_that_stays_high_wakes_what_is_armed_later() {
    let mut taic = started(&[5]);
    taic.device_lines(1);
    for task in [0x100, 0x200, 0x300] {
        write(&mut taic, page(0, 0, ARM_LINE), task);
        assert_eq!([0; 2].map(|queue| dequeue(&mut taic, 0, queue)), [task, 0]);
    }
    taic.device_lines(0);
    write(&mut taic, page(0, 0, ARM_LINE), 0x400);
    assert_eq!(dequeue(&mut taic, 0, 0), 0);
}

#[test]
fn a_preempting_wake_interrupts_the_hart_of_its_queue_or_of_its_context() {
    let mut taic = started(&[KERNEL, 6, 6]);
    write(&mut taic, INSTALLED, 1 << 63); // the kernel's queue on hart 0
    write(&mut taic, INSTALLED + 8, 1 << 63 | 2); // queue 0 of context 1 on hart 1
    for (context, queue) in [(0, 0), (1, 1)] {
        write(&mut taic, page(context, queue, ENQUEUE), 0x100);
        write(&mut taic, page(context, queue, ARM_LINE), 0x201);
    }
    write(&mut taic, SIMULATE, 0);
    assert_eq!((taic.user_lines(), taic.supervisor_lines()), (2, 1));
    // The queue of the preempting task comes first (TAIC-5.4).
    write(&mut taic, page(1, 0, ENQUEUE), 0x300);
    assert_eq!(dequeue(&mut taic, 1, 0), 0x201);
    assert_eq!((taic.user_lines(), taic.supervisor_lines()), (0, 1));
    assert_eq!(dequeue(&mut taic, 0, 0), 0x201);
    assert_eq!((taic.user_lines(), taic.supervisor_lines()), (0, 0));
}

#[test]
fn without_a_hart_an_interrupt_is_undelivered_until_a_queue_is_installed() {
    let mut taic = started(&[5]);
    write(&mut taic, CONTEXT, 8 << 16 | 1 << 8 | 2);
    write(&mut taic, page(0, 0, ARM_LINE), 0x101);
    write(&mut taic, SIMULATE, 0);
    assert_eq!((taic.user_lines(), taic.supervisor_lines()), (0, 2));
    write(&mut taic, INSTALLED, 1 << 63);
    assert_eq!((taic.user_lines(), taic.supervisor_lines()), (1, 0));
    write(&mut taic, INSTALLED, 0);
    assert_eq!((taic.user_lines(), taic.supervisor_lines()), (0, 2));
    assert_eq!(dequeue(&mut taic, 0, 0), 0x101); // the last task takes the bit along
    assert_eq!(read(&mut taic, UNDELIVERED), 0);
}

#[test]
fn of_several_interrupted_harts_the_highest_with_another_queue_counts() {
    let mut taic = started(&[5, 5]);
    for queue in [0, 1] {
        write(&mut taic, page(0, queue, ARM_LINE), queue << 52 | 0x101 | queue << 12);
    }
    write(&mut taic, INSTALLED + 8, 1 << 63);
    write(&mut taic, SIMULATE, 0); // hart 1, for its own queue 0
    write(&mut taic, INSTALLED, 1 << 63);
    write(&mut taic, SIMULATE + 8, 0); // hart 0, for queue 1
    assert_eq!(taic.user_lines(), 3);
    assert_eq!([0; 2].map(|queue| dequeue(&mut taic, 0, queue)), [0x1101, 0x101]); // TAIC-5.4
}

#[test]
fn a_late_interrupt_is_for_the_queue_that_is_installed_then() {
    let mut taic = started(&[5, 5]);
    write(&mut taic, page(0, 1, ENQUEUE), 0x300);
    write(&mut taic, page(0, 0, ARM_LINE), 0x101);
    write(&mut taic, SIMULATE, 0);
    write(&mut taic, INSTALLED, 1 << 63 | 1); // TAIC-10.8
    assert_eq!([1; 2].map(|queue| dequeue(&mut taic, 0, queue)), [0x300, 0x101]);
    write(&mut taic, page(0, 1, ENQUEUE), 0x300);
    write(&mut taic, page(0, 0, ARM_LINE), 0x101);
    write(&mut taic, INSTALLED, 0);
    write(&mut taic, SIMULATE, 0);
    for queue in [0, 1] {
        write(&mut taic, INSTALLED, 1 << 63 | queue); // TAIC-10.9
    }
    assert_eq!(taic.user_lines(), 1);
    assert_eq!(dequeue(&mut taic, 0, 1), 0x101);
}

#[test]
fn a_wake_waits_for_a_place() {
    let mut taic = started(&[5, 6]);
    // Limits move from one context to the next and leave their tasks behind.
    for context in [0, 1, 0] {
        let own = read(&mut taic, CONTEXT + 8 * context) >> 16;
        let limit = (read(&mut taic, PLACES) >> 32) + own;
        write(&mut taic, CONTEXT + 8 * context, limit << 16 | 2);
        for task in 1..=limit {
            write(&mut taic, page(context, 0, ENQUEUE), task << 8);
        }
        write(&mut taic, CONTEXT + 8 * context, 2);
    }
    assert_eq!(read(&mut taic, PLACES), 18 << 32 | 4 << 16 | 4);
    assert_eq!([0, 1].map(|context| errors(&mut taic, context, 0)), [Error::Full as u64, 0]);
    for context in [0, 1] {
        write(&mut taic, page(context, 0, ARM_LINE), 0xA00);
    }
    write(&mut taic, SIMULATE, 0);
    let lengths = |taic: &mut Taic| [0, 1].map(|c| read(taic, page(c, 0, LENGTH)) & 0xFFFF);
    assert_eq!(lengths(&mut taic), [10, 18]);
    assert_eq!(dequeue(&mut taic, 1, 0), 0x100); // its place goes to the lower record
    assert_eq!(lengths(&mut taic), [11, 17]);
    assert_eq!(dequeue(&mut taic, 1, 0), 0x200);
    assert_eq!(lengths(&mut taic), [11, 17]);
    write(&mut taic, FREE, 0);
    assert_eq!(read(&mut taic, PLACES), 18 << 32 | 4 << 16 | 15);
}

/// An access that software may make, or not.
fn access() -> impl Strategy<Value = (bool, usize, u64, u32, u64)> {
    let register = prop_oneof![
        prop::sample::select(vec![
            ENQUEUE,
            DEQUEUE,
            REGISTER_RECEIVER,
            SEND_INTERRUPT,
            WRITE_HART,
            SEND,
            ARM,
            ARM_LINE,
        ]),
        (0..0x200u64).prop_map(|register| 8 * register),
    ];
    let offset = prop_oneof![
        6 => (0..2u64, 0..2u64, register)
            .prop_map(|(context, queue, register)| page(context, queue, register)),
        2 => prop::sample::select(vec![ALLOCATE, ALLOCATE, FREE, SIMULATE, CONTEXT, INSTALLED]),
        1 => (0..4u64).prop_map(|channel| CHANNEL + 64 * channel),
        1 => 0..WINDOW_BYTES / 8,
    ];
    let value = prop_oneof![
        0..4u64,
        (0..64u64).prop_map(|low| 0x1000 | low),
        (0..4u64, 0..4u64).prop_map(|(upper, lower)| upper << 32 | lower),
        (0..4u64).prop_map(|number| 1 << 63 | number),
        any::<u64>(),
    ];
    let size = prop_oneof![19 => Just(8u32), 1 => Just(4)];
    (any::<bool>(), 0..2usize, offset, size, value)
}

proptest! {
    /// No place is lost, whatever software does, and only allocated queues hold tasks.
    #[test]
    fn places_and_limits_are_conserved(accesses in prop::collection::vec(access(), 1..200)) {
        let mut taic = started(&[KERNEL, 6]);
        for (reads, port, offset, size, value) in accesses {
            if reads {
                let _ = taic.read(port, offset, size);
            } else {
                prop_assert_eq!(taic.write(port, offset, size, value), Ok(()));
            }
            let tasks: usize = taic.contexts.iter().map(|context| context.queues.total()).sum();
            let limits: usize = taic.contexts.iter().map(|context| context.settings.limit).sum();
            let places = read(&mut taic, PLACES);
            prop_assert_eq!(places & 0xFFFF, (CONFIG.tasks - tasks) as u64);
            prop_assert_eq!(places >> 32, (CONFIG.assignable() - limits) as u64);
            for context in taic.contexts.iter().filter(|context| context.owner.is_none()) {
                prop_assert_eq!(context.queues.total(), 0);
                prop_assert!(context.lines.iter().all(|record| record.is_idle()));
            }
        }
    }

    /// TAIC-6.10: of notifications and dequeues in any order, no wake is lost and none doubled.
    #[test]
    fn a_kept_task_is_queued_once_for_notifications_since_its_dequeue(
        sends in prop::collection::vec(any::<bool>(), 0..40),
    ) {
        let mut taic = started(&[5, 6]);
        connect(&mut taic);
        write(&mut taic, page(1, 0, ARM), 0x102);
        let mut notified = false;
        for send in sends {
            if send {
                write(&mut taic, page(0, 0, SEND), 0);
                notified = true;
            } else {
                let wanted = if std::mem::take(&mut notified) { 0x102 } else { 0 };
                prop_assert_eq!(dequeue(&mut taic, 1, 0), wanted);
            }
        }
    }

    /// TAIC-12.2: through the pages of a context nothing of another context changes, but by a
    /// channel or a published name.
    #[test]
    fn a_page_reaches_its_own_context_only(accesses in prop::collection::vec(access(), 1..80)) {
        let mut taic = started(&[5, 6]);
        write(&mut taic, CONTEXT, 9 << 16); // no compatible registration
        let before = taic.contexts[1].clone();
        for (reads, port, offset, size, value) in accesses {
            let offset = 0x1000 + offset % 0x2000; // the pages of context 0
            if reads {
                let _ = taic.read(port, offset, size);
            } else {
                taic.write(port, offset, size, value).unwrap();
            }
        }
        prop_assert_eq!(&taic.contexts[1], &before);
        prop_assert_eq!(read(&mut taic, REFUSED), 0);
    }
}
