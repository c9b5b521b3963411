//! All contexts except the attacker's, with their queues, channels and lines.

use crate::scenario::{FROM_VICTIM, LIMIT, LINE, TO_FRIEND};
use core::iter;
use process::hostile::VICTIM_HART;
use supervisor::{
    hal::soc::taic::{CHANNEL_COUNT, CONTEXTS, LINES},
    println,
};
use taic::{Arming, Channel, Context, Policy, QueueIndex, Taic, TaskId};

/// Upper half of all tasks except the attacker's.
const SECRET: u64 = 0x5ec2;

/// Tasks in each queue, and in how many lists.
const TASKS: u64 = 3;

/// The contexts and the device.
pub struct Others {
    pub attacker: [QueueIndex; 2],
    pub victim: QueueIndex,
    pub friend: QueueIndex,
    /// The first queue of every context except the attacker's.
    queues: [Option<QueueIndex>; CONTEXTS],
}

/// A task of a context.
fn task(context: u8, serial: u64) -> TaskId {
    let word = SECRET << 32 | u64::from(context) << 24 | serial << 8;
    TaskId::from_bits(word).expect("not 0")
}

impl Others {
    /// Makes all contexts, fills their queues, and connects them.
    pub fn new(taic: Taic) -> Self {
        let new = |os, process| taic.allocate(os, process).expect("there is room");
        let [first, second, victim, friend, kernel] =
            [(1, 1), (1, 1), (1, 2), (1, 3), (1, 0)].map(|(os, process)| new(os, process));
        let mut queues = [None; CONTEXTS];
        let more = (1..).map_while(|process| taic.allocate(2, process).ok());
        for queue in [victim, friend, kernel].into_iter().chain(more) {
            queues[usize::from(queue.context)] = Some(queue);
        }
        let others = Self { attacker: [first, second], victim, friend, queues };
        for queue in others.queues() {
            let may = Context { priorities: false, compatible: false, fallback: 0, limit: LIMIT };
            taic.set_context(queue.context, may).expect("within what is unassigned");
            let page = taic.own_page(queue).expect("it is allocated");
            (0..TASKS).for_each(|serial| page.enqueue(task(queue.context, serial)));
        }
        for line in 0..LINES {
            taic.set_grants(line, !(1 << first.context)).expect("there is such a line");
        }
        for (line, queue) in others.lines() {
            let arming = Arming::new(line as u16, line_task(queue)).expect("both fit");
            taic.own_page(queue).expect("it is allocated").arm_line(arming);
        }
        (0..CHANNEL_COUNT as u16).for_each(|number| others.connect(taic, number));
        taic.install(0, Some(first)).expect("there is such a hart");
        taic.install(VICTIM_HART, Some(victim)).expect("there is such a hart");
        others
    }

    /// The first queues of all contexts except the attacker's.
    pub fn queues(&self) -> impl Iterator<Item = QueueIndex> {
        self.queues.iter().flatten().copied()
    }

    /// A line for each of them.
    fn lines(&self) -> impl Iterator<Item = (usize, QueueIndex)> {
        self.queues().enumerate()
    }

    /// The two ends of a channel; the attacker has neither. A few channels have no ends, and so
    /// have the channels that the attacker will get.
    fn ends(&self, number: u16) -> Option<[QueueIndex; 2]> {
        if number % 16 == 7 || [TO_FRIEND, FROM_VICTIM].contains(&number) {
            return None;
        }
        let count = self.queues().count();
        let queue = |index: usize| self.queues().nth(index % count);
        Some([queue(number.into())?, queue(usize::from(number) / count)?])
    }

    /// The task of a channel. Some tasks interrupt, but none of those that this kernel wakes.
    fn channel_task(number: u16, receiver: QueueIndex) -> TaskId {
        let task = task(receiver.context, 16 + u64::from(number));
        if number % 8 == 1 { task.preempting() } else { task }
    }

    /// Makes a channel and brings it into one of its states.
    fn connect(&self, taic: Taic, number: u16) {
        let Some([sender, receiver]) = self.ends(number) else { return };
        let policy = [Policy::Fixed(0), Policy::LeastLoaded, Policy::Sender];
        let policy = policy[usize::from(number) / 4 % policy.len()];
        let channel = Channel { sender: sender.context, receiver: receiver.context, policy };
        taic.set_channel(number, Some(channel)).expect("a new channel");
        let [sender, page] = [sender, receiver].map(|it| taic.own_page(it).expect("allocated"));
        let arming = Arming::new(number, Self::channel_task(number, receiver)).expect("both fit");
        match number % 4 {
            0 => (),
            1 => page.arm(arming),
            2 => sender.send(number),
            _ => {
                page.arm(arming);
                sender.send(number);
            }
        }
    }

    /// Takes what is in the attacker's queues.
    pub fn empty_attackers(&self, taic: Taic) {
        let page = taic.own_page(self.attacker[0]).expect("it is allocated");
        while page.dequeue().is_some() {}
    }

    /// Raises all lines, one after the other. A line that is not the attacker's must wake only its
    /// owner.
    pub fn lines_wake_the_same(&self, taic: Taic) -> bool {
        let attacker = self.attacker[0].context;
        let tasks = |context| taic.occupancy(context).map_or(0, |it| it.tasks);
        let mut sound = true;
        for line in (0..LINES).filter(|line| *line != LINE) {
            let owner = self.lines().find(|(it, _)| *it == line).map(|(_, queue)| queue.context);
            let before = owner.map(tasks);
            taic.simulate_interrupt(line).expect("there is such a line");
            // A line takes some cycles.
            (0..100).for_each(|_| _ = taic.undelivered());
            if owner.map(tasks) != before.map(|tasks| tasks + 1) || tasks(attacker) != 0 {
                println!("      line {line}: of {owner:?} {:?} tasks", owner.map(tasks));
                sound = false;
            }
        }
        sound
    }

    /// Dequeues everything. Each context must have all of its tasks, each once, and no others.
    pub fn have_their_tasks(&self, taic: Taic) -> bool {
        let mut sound = true;
        for queue in self.queues() {
            let page = taic.own_page(queue).expect("it is allocated");
            let found = sums(iter::from_fn(|| page.dequeue()));
            let expected = sums(self.tasks_of(queue));
            if found != expected {
                println!("      context {}: {found:x?}, not {expected:x?}", queue.context);
                sound = false;
            }
        }
        sound
    }

    /// The tasks of a queue: enqueued, woken by channels, and woken by a line.
    fn tasks_of(&self, queue: QueueIndex) -> impl Iterator<Item = TaskId> {
        let channels = (0..CHANNEL_COUNT as u16).filter(move |number| {
            number % 4 == 3 && self.ends(*number).is_some_and(|[_, receiver]| receiver == queue)
        });
        (0..TASKS)
            .map(move |serial| task(queue.context, serial))
            .chain(channels.map(move |number| Self::channel_task(number, queue)))
            .chain(iter::once(line_task(queue)))
    }
}

/// The task of a line.
fn line_task(queue: QueueIndex) -> TaskId {
    task(queue.context, 8)
}

/// Number of tasks, their sum, and the sum of their squares.
fn sums(tasks: impl Iterator<Item = TaskId>) -> [u64; 3] {
    tasks.fold([0; 3], |[count, sum, squares], task| {
        let word = task.bits();
        let square = word.wrapping_mul(word);
        [count + 1, sum.wrapping_add(word), squares.wrapping_add(square)]
    })
}
