//! The world of a hart as somebody else gives it: lines, time, what devices answer, whether SC
//! succeeds. For a machine in lockstep with another one, such as the RTL.

use std::collections::VecDeque;

use crate::bus::BusError;
use crate::hart::Commit;
use crate::machine::Machine;

/// What happens in one step.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Given {
    /// Interrupt lines of the hart, by cause.
    pub lines: u64,
    /// `time`.
    pub time: u64,
    /// The interrupt that is taken in this step, if one is. None is taken otherwise, even if one is
    /// pending and enabled: a hart may see a line later.
    pub interrupt: Option<u64>,
    /// What devices answer to reads, in order.
    pub answers: VecDeque<Result<u64, BusError>>,
    /// Answers may be left: who gives them does not know whether a device is read.
    pub answers_may_stay: bool,
    /// What a counter or `time` shows to an instruction that reads it.
    pub counter: Option<u64>,
    /// Whether an SC succeeds.
    pub sc: Option<bool>,
}

/// An access to a device that a step made. Nothing else happened to the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeviceAccess {
    /// Physical address.
    pub paddr: u64,
    /// Bytes.
    pub size: u32,
    /// What was written; none of a read.
    pub written: Option<u64>,
}

/// What a step did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The instruction or trap.
    pub commit: Commit,
    /// Accesses to devices, in order.
    pub accesses: Vec<DeviceAccess>,
}

/// A step that this machine would not make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Impossible {
    /// The given interrupt is not the one to be taken now.
    Interrupt,
    /// There were fewer answers of devices than reads, or more.
    Answers,
}

/// State during a step.
#[derive(Clone, Debug, Default)]
pub struct Outside {
    /// What was given.
    pub given: Given,
    /// What was done.
    pub accesses: Vec<DeviceAccess>,
    /// A read found no answer.
    pub lacking: bool,
}

impl Outside {
    /// Answers a read.
    pub fn read(&mut self, paddr: u64, size: u32) -> Result<u64, BusError> {
        self.accesses.push(DeviceAccess { paddr, size, written: None });
        self.given.answers.pop_front().unwrap_or_else(|| {
            self.lacking = true;
            Ok(0)
        })
    }

    /// Notes a write.
    pub fn write(&mut self, paddr: u64, size: u32, value: u64) {
        self.accesses.push(DeviceAccess { paddr, size, written: Some(value) });
    }
}

impl Machine {
    /// One hart executes one instruction or takes one trap. Everything that reaches the hart from
    /// outside is `given`, but memory, which is the machine's own; devices of the machine see nothing.
    pub fn step_given(&mut self, id: usize, given: Given) -> Result<Step, Impossible> {
        let hart = &mut self.harts[id];
        let interrupt = given.interrupt;
        self.bus.outside = Some(Box::new(Outside { given, ..Outside::default() }));
        let commit = hart.commit_given(&mut self.bus, interrupt);
        let outside = self.bus.outside.take().unwrap_or_default();
        self.bus.touched = false;
        let left = !outside.given.answers.is_empty() && !outside.given.answers_may_stay;
        if outside.lacking || left {
            return Err(Impossible::Answers);
        }
        let commit = commit.ok_or(Impossible::Interrupt)?;
        Ok(Step { commit, accesses: outside.accesses })
    }
}
