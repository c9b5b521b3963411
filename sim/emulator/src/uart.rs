//! UART with the programming model of the 16550A.
//!
//! A byte that is sent is out at once. Bytes that come in are offered by the machine while
//! [`Uart::has_space`]; none is ever lost, so there are no line errors.

use std::collections::VecDeque;

use crate::bus::BusError;
use crate::soc::uart0 as map;

const DEPTH: usize = 16;
/// Modem inputs of this SoC: CTS, DSR and DCD are asserted.
const MODEM: u8 = (map::MSR_CTS | map::MSR_DSR | map::MSR_DCD) as u8;
const CAUSE_TX: u8 = 1 << 1;
const CAUSE_RX: u8 = 2 << 1;
const CAUSE_TIMEOUT: u8 = 6 << 1;

/// State of the UART.
#[derive(Clone, Debug, PartialEq)]
pub struct Uart {
    divisor: u16,
    ier: u8,
    lcr: u8,
    mcr: u8,
    scr: u8,
    fifos: bool,
    trigger: u8,
    tx: VecDeque<u8>,
    rx: VecDeque<u8>,
    /// "Transmitter empty" waits to be reported.
    tx_irq: bool,
    modem_change: u8,
    /// Clock cycle now, and that of the last change of the receive FIFO.
    now: u64,
    rx_touched: u64,
    /// Sent, and not yet fetched by the machine.
    sent: Vec<u8>,
}

impl Uart {
    /// After reset, with this divisor.
    pub fn new(divisor: u16) -> Self {
        Self {
            divisor,
            ier: 0,
            lcr: 3,
            mcr: 0,
            scr: 0,
            fifos: false,
            trigger: 0,
            tx: VecDeque::new(),
            rx: VecDeque::new(),
            tx_irq: false,
            modem_change: 0,
            now: 0,
            rx_touched: 0,
            sent: Vec::new(),
        }
    }

    /// Tells the clock cycle.
    pub fn set_now(&mut self, now: u64) {
        self.now = now;
    }

    /// The bytes sent since the last call.
    pub fn take_sent(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.sent)
    }

    /// Whether something was sent since the last [`Uart::take_sent`].
    pub fn has_sent(&self) -> bool {
        !self.sent.is_empty()
    }

    /// Whether it takes a byte from outside.
    pub fn has_space(&self) -> bool {
        !self.looped() && self.rx.len() < self.limit()
    }

    /// A byte from outside; only while there is space.
    pub fn receive(&mut self, byte: u8) {
        self.rx.push_back(byte);
        self.rx_touched = self.now;
    }

    /// The interrupt line.
    pub fn irq(&self) -> bool {
        self.cause() & map::IIR_NONE as u8 == 0
    }

    /// Whether the receive time-out can raise the interrupt.
    pub fn waits_for_time(&self) -> bool {
        self.ier & map::IER_RX as u8 != 0 && self.fifos && !self.rx.is_empty()
    }

    /// The clock cycle in which the receive time-out will raise the interrupt, if it will.
    pub fn next_event(&self) -> Option<u64> {
        (self.waits_for_time() && !self.timed_out()).then(|| self.timeout_at())
    }

    /// Reads a register.
    pub fn read(&mut self, offset: u64, size: u32) -> Result<u64, BusError> {
        if offset > map::SCR as u64 {
            return Ok(0);
        }
        if size != 1 {
            return Err(BusError);
        }
        let value = match offset as usize {
            map::DLL if self.dlab() => self.divisor as u8,
            map::DLM if self.dlab() => (self.divisor >> 8) as u8,
            map::RBR => self.take(),
            map::IER => self.ier,
            map::IIR => {
                let cause = self.cause();
                if cause & 0xF == CAUSE_TX {
                    self.tx_irq = false;
                }
                cause
            }
            map::LCR => self.lcr,
            map::MCR => self.mcr,
            map::LSR => self.line_status(),
            map::MSR => std::mem::take(&mut self.modem_change) | self.modem(),
            _ => self.scr,
        };
        Ok(u64::from(value))
    }

    /// Writes a register; another size than a byte is ignored.
    pub fn write(&mut self, offset: u64, size: u32, value: u64) {
        if size != 1 || offset > map::SCR as u64 {
            return;
        }
        let value = value as u8;
        match offset as usize {
            map::DLL if self.dlab() => self.divisor = self.divisor & 0xFF00 | u16::from(value),
            map::DLM if self.dlab() => {
                self.divisor = self.divisor & 0xFF | u16::from(value) << 8;
            }
            map::THR => self.send(value),
            map::IER => {
                let value = value & 0xF;
                if (value ^ self.ier) & map::IER_TX as u8 != 0 {
                    self.tx_irq = value & map::IER_TX as u8 != 0 && self.tx.is_empty();
                }
                self.ier = value;
            }
            map::FCR => self.control_fifos(value),
            map::LCR => self.lcr = value,
            map::MCR => self.control_modem(value & 0x1F),
            map::SCR => self.scr = value,
            _ => {}
        }
    }

    /// The accesses that bring a UART after reset to this state: register, and what is written or
    /// none for a read. Received bytes, and those on their way in a loopback, are not restored.
    pub fn restoration(&self) -> Vec<(usize, Option<u8>)> {
        let dlab = map::LCR_DLAB as u8;
        let mut accesses = vec![
            (map::LCR, Some(self.lcr | dlab)),
            (map::DLL, Some(self.divisor as u8)),
            (map::DLM, Some((self.divisor >> 8) as u8)),
            (map::LCR, Some(self.lcr & !dlab)),
            (map::MCR, Some(self.mcr)),
            (map::SCR, Some(self.scr)),
        ];
        if self.fifos {
            accesses.push((map::FCR, Some(self.trigger << 6 | map::FCR_ENABLE as u8)));
        }
        if self.modem_change == 0 {
            accesses.push((map::MSR, None));
        }
        accesses.extend([(map::IER, Some(0)), (map::IER, Some(self.ier))]);
        if !self.tx_irq {
            accesses.push((map::IIR, None));
        }
        accesses.push((map::LCR, Some(self.lcr)));
        accesses
    }

    /// The state without times and without what nobody can see.
    pub fn essence(&self) -> Self {
        let mut essence = self.clone();
        (essence.now, essence.rx_touched) = (0, 0);
        essence.sent.clear();
        // Whoever enables the interrupt, or the FIFOs, sets these anew.
        essence.tx_irq &= self.ier & map::IER_TX as u8 != 0;
        if !self.fifos {
            essence.trigger = 0;
        }
        essence
    }

    fn dlab(&self) -> bool {
        self.lcr & map::LCR_DLAB as u8 != 0
    }

    fn looped(&self) -> bool {
        self.mcr & map::MCR_LOOP as u8 != 0
    }

    fn limit(&self) -> usize {
        if self.fifos { DEPTH } else { 1 }
    }

    fn take(&mut self) -> u8 {
        self.rx_touched = self.now;
        let byte = self.rx.pop_front().unwrap_or(0);
        self.drain();
        byte
    }

    fn send(&mut self, byte: u8) {
        self.tx_irq = false;
        if self.tx.len() < self.limit() {
            self.tx.push_back(byte);
            self.drain();
        }
    }

    /// Moves what was written to THR to its receiver: the outside, or in loopback the own FIFO.
    fn drain(&mut self) {
        let was_empty = self.tx.is_empty();
        if self.looped() {
            while self.rx.len() < self.limit()
                && let Some(byte) = self.tx.pop_front()
            {
                self.rx.push_back(byte);
                self.rx_touched = self.now;
            }
        } else {
            self.sent.extend(self.tx.drain(..));
        }
        if !was_empty && self.tx.is_empty() {
            self.tx_irq = true;
        }
    }

    fn control_fifos(&mut self, value: u8) {
        let enable = value & map::FCR_ENABLE as u8 != 0;
        let changed = enable != self.fifos;
        self.fifos = enable;
        if enable {
            self.trigger = value >> 6;
        }
        if changed || enable && value & map::FCR_CLEAR_RX as u8 != 0 {
            self.rx.clear();
        }
        if changed || enable && value & map::FCR_CLEAR_TX as u8 != 0 {
            self.tx_irq |= !self.tx.is_empty();
            self.tx.clear();
        }
        self.drain();
    }

    fn control_modem(&mut self, value: u8) {
        let before = self.modem();
        self.mcr = value;
        let now = self.modem();
        // A change of RI counts at its end only.
        let ring = before & !now & ((map::MSR_TERI as u8) << 4);
        self.modem_change |= ((before ^ now) & !((map::MSR_TERI as u8) << 4) | ring) >> 4;
        self.drain();
    }

    /// The modem inputs, in their places in MSR. In loopback they are the outputs.
    fn modem(&self) -> u8 {
        if !self.looped() {
            return MODEM;
        }
        let (dtr, rts) = (self.mcr & 1, self.mcr >> 1 & 1);
        (rts | dtr << 1 | self.mcr & 0xC) << 4
    }

    fn line_status(&self) -> u8 {
        let mut status = 0;
        if !self.rx.is_empty() {
            status |= map::LSR_DR;
        }
        if self.tx.is_empty() {
            status |= map::LSR_THRE | map::LSR_TEMT;
        }
        status as u8
    }

    fn cause(&self) -> u8 {
        let enabled = |bit: usize| self.ier & bit as u8 != 0;
        let level = [1, 4, 8, 14][usize::from(if self.fifos { self.trigger } else { 0 })];
        let fifos = if self.fifos { map::IIR_FIFOS as u8 } else { 0 };
        fifos
            | if enabled(map::IER_RX) && self.rx.len() >= level {
                CAUSE_RX
            } else if enabled(map::IER_RX) && self.timed_out() {
                CAUSE_TIMEOUT
            } else if enabled(map::IER_TX) && self.tx_irq {
                CAUSE_TX
            } else if enabled(map::IER_MODEM) && self.modem_change != 0 {
                0
            } else {
                map::IIR_NONE as u8
            }
    }

    fn timed_out(&self) -> bool {
        self.fifos && !self.rx.is_empty() && self.now >= self.timeout_at()
    }

    /// Four characters after the last change of the receive FIFO.
    fn timeout_at(&self) -> u64 {
        let word = u64::from(self.lcr & 3);
        let stop = u64::from(self.lcr >> 2 & 1);
        let parity = u64::from(self.lcr >> 3 & 1);
        let bits = 1 + (5 + word) + parity + 1 + stop;
        self.rx_touched + 4 * 16 * bits * u64::from(self.divisor.max(1))
    }
}
