//! A hart: which of its threads runs.

use crate::{serve::SUPERVISOR_SOFTWARE, signals::Signals};
use process::Thread;
use supervisor::hal::{
    csr::{self, INTERRUPT},
    soc::{csr as number, irq},
};
use uintr_shared::BUSY;

/// Ticks of a busy thread's time slice: 10 000 cycles.
const SLICE: usize = 1000;

const NEVER: usize = usize::MAX;
const USER_SOFTWARE: usize = INTERRUPT | irq::USI;
const SUPERVISOR_TIMER: usize = INTERRUPT | irq::STI;

/// A hart and its threads: the receiver, which has precedence, and busy ones.
#[derive(Debug)]
pub struct Hart {
    pub id: u16,
    pub receiver: &'static mut Thread,
    pub signals: Signals,
    /// Number of active busy threads.
    pub competing: usize,
    /// Cycles of the last exchange: its first one, and the one in which the receiver became active.
    pub exchanged: [usize; 2],
    busy: Option<[Thread; BUSY]>,
    /// The busy thread whose turn it is.
    turn: usize,
}

impl Hart {
    pub fn new(id: u16, receiver: &'static mut Thread, busy: Option<[Thread; BUSY]>) -> Self {
        Self {
            id,
            receiver,
            signals: Signals::new(),
            competing: 0,
            exchanged: [0; 2],
            busy,
            turn: 0,
        }
    }

    /// Runs the threads for ever.
    pub fn run(&mut self) -> ! {
        set_timer(NEVER);
        // SAFETY: interrupts are off in S-mode. These end what runs in U-mode.
        unsafe { csr::write::<{ number::SIE }>(1 << irq::SSI | 1 << irq::STI) };
        self.receiver.switch_to(self.id);
        loop {
            self.receiver.run();
            match csr::read::<{ number::SCAUSE }>() {
                SUPERVISOR_SOFTWARE => self.take_signal(),
                cause => self.serve(cause),
            }
        }
    }

    /// Lets other threads run until a user interrupt is pending for the receiver.
    pub fn wait(&mut self) {
        self.receiver.switch_from();
        self.receiver.csrs.status |= csr::status::UIE;
        if self.competing == 0 {
            // SAFETY: while no receiver runs, the kernel takes its interrupt.
            unsafe {
                csr::write::<{ number::SIDELEG }>(0);
                csr::set::<{ number::SIE }>(1 << irq::USI);
            }
            while csr::read::<{ number::SIP }>() >> irq::USI & 1 == 0 {
                riscv::asm::wfi();
            }
        } else {
            self.compete();
        }
        self.receiver.switch_to(self.id);
    }

    /// Runs the busy threads in turn.
    fn compete(&mut self) {
        let threads = self.busy.as_mut().expect("this hart has busy threads");
        self.turn %= self.competing;
        loop {
            let thread = &mut threads[self.turn];
            thread.switch_to(self.id);
            // SAFETY: as in `wait`.
            unsafe { csr::set::<{ number::SIE }>(1 << irq::USI) };
            set_timer(csr::read::<{ number::TIME }>() + SLICE);
            thread.run();
            thread.switch_from();
            match csr::read::<{ number::SCAUSE }>() {
                USER_SOFTWARE => break,
                SUPERVISOR_TIMER => self.turn = (self.turn + 1) % self.competing,
                cause => panic!("busy thread at {:#x}: cause {cause:#x}", thread.context.pc),
            }
        }
        set_timer(NEVER);
    }
}

fn set_timer(time: usize) {
    // SAFETY: the timer of this hart's S-mode.
    unsafe { csr::write::<{ number::STIMECMP }>(time) };
}
