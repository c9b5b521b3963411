//! Threads that run, and the ready queues.

use super::{Checked, require};
use crate::{
    Kernel, Tcb,
    kernel::{Action, DOMAINS, HARTS},
    machine::Machine,
    object::State,
    schedule::is_runnable,
};
use abi::MAX_PRIORITY;

impl<M: Machine> Kernel<M> {
    /// Checks all ready queues, also that those are empty that are marked so.
    pub fn check_ready_queues(&self) -> Checked {
        for hart in 0..HARTS {
            for domain in 0..DOMAINS {
                let holds = self.ready[hart].summary_holds(domain);
                require(holds, "words of the ready map", hart)?;
                for priority in 0..=MAX_PRIORITY {
                    let (head, _, filled) = self.ready[hart].ends(domain, priority);
                    require(filled == (head != 0), "a bit of the ready map", priority)?;
                }
            }
        }
        self.each_ready(|_| Ok(()))
    }

    /// Checks the threads that run, and those that are ready.
    pub fn check_running(&self) -> Checked {
        self.each_ready(|thread| self.check_thread(thread))?;
        for (hart, node) in self.nodes.iter().enumerate().take(self.harts.min(HARTS)) {
            let thread = Tcb(node.current);
            if node.current == node.idle {
                let idle = thread.state(self) == State::Idle && !thread.ready(self);
                require(idle, "an idle thread", thread.0)?;
                continue;
            }
            self.check_thread(thread)?;
            require(is_runnable(thread.state(self)), "a current thread can run", thread.0)?;
            require(!thread.ready(self), "a current thread is in no queue", thread.0)?;
            require(thread.affinity(self) == hart, "the hart of a current thread", thread.0)?;
            let others = self.nodes.iter().filter(|other| other.current == node.current).count();
            require(others == 1, "a thread runs on one hart", thread.0)?;
        }
        self.check_own_node()
    }

    /// Checks this hart at the end of an entry.
    fn check_own_node(&self) -> Checked {
        let (node, current) = (self.node(), self.current());
        require(node.action == Action::Resume, "nothing is left to schedule", self.hart)?;
        require(self.kicks == 0, "all harts were told", self.kicks)?;
        require(!node.space_lost, "no address space is to be found", self.hart)?;
        if self.is_idle() {
            return Ok(());
        }
        require(current.state(self) == State::Running, "the current thread runs", current.0)?;
        // A hart may not have heard yet of what another one made ready for it.
        let best = self.harts > 1 || self.is_highest(current.priority(self));
        require(best, "the most important thread runs", current.0)
    }

    /// Checks the ready queues that have threads, and calls `look` with each of these.
    pub(super) fn each_ready(&self, mut look: impl FnMut(Tcb) -> Checked) -> Checked {
        for hart in 0..HARTS {
            for domain in 0..DOMAINS {
                for priority in self.ready[hart].filled(domain) {
                    self.check_queue([hart, domain, priority], &mut look)?;
                }
            }
        }
        Ok(())
    }

    fn check_queue(
        &self,
        [hart, domain, priority]: [usize; 3],
        look: &mut impl FnMut(Tcb) -> Checked,
    ) -> Checked {
        let (head, tail, _) = self.ready[hart].ends(domain, priority);
        let mut next = (head != 0).then_some(Tcb(head));
        let mut last: Option<Tcb> = None;
        while let Some(thread) = next {
            require(thread.ready(self), "a queued thread is marked so", thread.0)?;
            require(is_runnable(thread.state(self)), "a queued thread is runnable", thread.0)?;
            require(thread.priority(self) == priority, "priority of a queued thread", thread.0)?;
            require(thread.domain(self) == domain, "domain of a queued thread", thread.0)?;
            require(thread.affinity(self) == hart, "hart of a queued thread", thread.0)?;
            require(thread.ready_previous(self) == last, "links of a ready queue", thread.0)?;
            look(thread)?;
            last = Some(thread);
            next = thread.ready_next(self);
        }
        require(last.is_some_and(|last| last.0 == tail), "the tail of a ready queue", tail)
    }
}
