//! Measures the TAIC: a small kernel for a process on each hart. The metrics of `rel4 bench taic`;
//! what they mean is told in `experiments/taic/user`.
//!
//! Process `n` has hart `n` and a context of its own, of which it sees two queues; all have a queue
//! each of a further context. Process 0 measures. It is trusted: it also sees the control page and
//! the UART, with which it raises lines of devices. Beyond that, processes have a page in common.
//!
//! The kernel makes contexts and channels, grants lines, delegates the interrupt of the TAIC to
//! U-mode, prints, and is otherwise not there.

#![no_std]
#![no_main]

use calls::{Call, REFUSED};
use process::{DevicePage, PROCESSES, Process, Thread, write};
use supervisor::{
    exit,
    hal::{
        context::{Supervisor, reg},
        csr,
        soc::{TAIC_BASE, UART0_BASE, cause, csr as number, irq, taic::LINES},
    },
    harts, has_user_interrupts, println,
};
use taic::{Channel, Context, Policy, QueueIndex, Taic};
use taic_shared::{COMMON, CONTROL, OWN, SECOND, TO_FIRST, TO_ITSELF, TO_PEER, UART};

supervisor::program!(main);

const ECALL_BYTES: usize = 4;

/// Who owns the contexts: process `n` of a system, and what stands for all processes.
const OS: u64 = 1;
const ALL_PROCESSES: u64 = 100;

/// Tasks of a context.
const LIMIT: u16 = 64;

static mut STARTS: [harts::Start; PROCESSES] = [const { harts::Start::new(run) }; PROCESSES];
static mut THREADS: [Option<Thread>; PROCESSES] = [const { None }; PROCESSES];

fn main(_hart: usize, _device_tree: usize) -> ! {
    assert!(has_user_interrupts(), "needs user-level interrupts");
    let taic = process::taic().expect("the TAIC has an ID register");
    let harts = process::uintc().identity().map_or(1, |it| usize::from(it.harts)).min(PROCESSES);
    let it = taic.capabilities();
    println!(
        "taic: {} contexts, {} queues each, {} tasks, {} channels, {harts} harts",
        it.contexts, it.queues, it.tasks, it.channels
    );
    let shared = Process::shared_page().expect("a page");
    let contexts: [_; PROCESSES] = core::array::from_fn(|id| {
        let queues = (id < harts).then(|| Queues::allocate(taic, id));
        queues.inspect(|queues| start_process(taic, id, harts, shared, queues))
    });
    let owners = contexts.iter().flatten().fold(0, |them, queues| them | 1 << queues.context());
    for line in 0..LINES {
        taic.set_grants(line, owners).expect("there is such a line");
    }
    if let [Some(first), Some(second), ..] = &contexts {
        connect(taic, TO_ITSELF, first, first);
        connect(taic, TO_PEER, first, second);
        connect(taic, TO_FIRST, second, first);
    }
    for hart in 1..harts {
        let starts = &raw mut STARTS;
        // SAFETY: each is used once, here.
        let started = unsafe { harts::start(hart, &mut (*starts)[hart]) };
        assert!(started.is_ok(), "hart {hart} does not start: {started:?}");
    }
    run(0)
}

/// The queues of a process: two of its own, one of the context of all.
struct Queues([QueueIndex; 3]);

impl Queues {
    fn allocate(taic: Taic, id: usize) -> Self {
        let queues = [id as u64 + 1, id as u64 + 1, ALL_PROCESSES]
            .map(|process| taic.allocate(OS, process).expect("a queue is free"));
        for QueueIndex { context, .. } in queues {
            let may = Context { priorities: false, compatible: false, fallback: 0, limit: LIMIT };
            taic.set_context(context, may).expect("within what is unassigned");
        }
        Self(queues)
    }

    fn context(&self) -> u8 {
        self.0[0].context
    }
}

fn connect(taic: Taic, number: u16, from: &Queues, to: &Queues) {
    let (sender, receiver) = (from.context(), to.context());
    let channel = Channel { sender, receiver, policy: Policy::Fixed(0) };
    taic.set_channel(number, Some(channel)).expect("a new channel");
}

/// Makes a process, for its hart to run.
fn start_process(taic: Taic, id: usize, harts: usize, shared: usize, queues: &Queues) {
    let queue = |index: usize, vaddr: usize| {
        let paddr = TAIC_BASE + taic.page(queues.0[index]).expect("it is allocated");
        DevicePage { vaddr, paddr }
    };
    let pages = [
        queue(0, OWN),
        queue(1, SECOND),
        queue(2, COMMON),
        DevicePage { vaddr: CONTROL, paddr: TAIC_BASE },
        DevicePage { vaddr: UART, paddr: UART0_BASE },
    ];
    let given = if id == 0 { &pages[..] } else { &pages[..3] };
    let process = match Process::load_with(id, image::root_task(), shared, given) {
        Ok(process) => process,
        Err(error) => panic!("process {id}: {error:?}"),
    };
    let threads = &raw mut THREADS;
    // SAFETY: its hart takes the thread when it starts, and nobody else names it.
    unsafe { (*threads)[id] = Some(Thread::new(&process, process.start(id, harts))) };
    taic.install(id as u16, Some(queues.0[0])).expect("there is such a hart");
}

/// Runs the thread of this hart for ever.
fn run(hart: usize) -> ! {
    Supervisor::install();
    let threads = &raw mut THREADS;
    // SAFETY: written by hart 0 before it started this one.
    let thread = unsafe { (*threads)[hart].as_mut() }.expect("it has been made");
    thread.switch_to(hart as u16);
    // SAFETY: concerns U-mode alone.
    unsafe { csr::write::<{ number::SIDELEG }>(1 << irq::USI) };
    loop {
        thread.run();
        let context = &mut thread.context;
        let scause = csr::read::<{ number::SCAUSE }>();
        if scause != cause::ECALL_U {
            let stval = csr::read::<{ number::STVAL }>();
            panic!("hart {hart} at {:#x}: cause {scause:#x}, value {stval:#x}", context.pc);
        }
        context.pc += ECALL_BYTES;
        let registers = &mut context.registers;
        let [a0, a1] = [registers[reg::A0], registers[reg::A1]];
        registers[reg::A0] = match Call::from_number(registers[reg::A7]) {
            Some(Call::Write) => write(a0, a1).unwrap_or(REFUSED),
            Some(Call::Exit) => exit(a0),
            _ => REFUSED,
        };
    }
}
