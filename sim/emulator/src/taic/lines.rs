//! Lines of devices.

use super::Taic;
use super::record::RecordId;
use super::refusals::Error;
use super::task::Task;

/// A line of a device.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Line {
    /// A bit for each context that may use it (TAIC-7.6).
    pub grant: u64,
}

impl Taic {
    /// The levels of all lines, a bit each. A rising edge is an event (TAIC-7.2).
    pub fn device_lines(&mut self, lines: u64) {
        if lines == self.levels {
            return;
        }
        let rising = lines & !self.levels;
        self.levels = lines;
        for line in (0..self.lines.len()).filter(|line| rising >> line & 1 != 0) {
            self.event(line);
        }
        self.step();
    }

    /// Notifies the line's record of every context that has an owner and to which the line is
    /// granted (TAIC-7.2).
    pub(super) fn event(&mut self, line: usize) {
        for context in 0..self.contexts.len() {
            if self.contexts[context].owner.is_some() && self.is_granted(line, context) {
                self.notify(RecordId::Line { line, context });
            }
        }
    }

    /// Arms the line's record of a context for a wake into `queue` (TAIC-7.3).
    pub(super) fn arm_line(
        &mut self,
        context: usize,
        line: usize,
        queue: usize,
        task: Task,
    ) -> Result<(), Error> {
        if line >= self.lines.len() || !self.is_granted(line, context) {
            return Err(Error::NoReceive);
        }
        let high = self.is_high(line);
        self.arm(RecordId::Line { line, context }, queue, task, high);
        Ok(())
    }

    /// The level of a line.
    pub(super) fn is_high(&self, line: usize) -> bool {
        self.levels >> line & 1 != 0
    }

    fn is_granted(&self, line: usize, context: usize) -> bool {
        self.lines[line].grant >> context & 1 != 0
    }
}
