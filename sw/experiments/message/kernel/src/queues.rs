//! Set-up of the TAIC.

use calls::{QUEUES, SHARED};
use process::DevicePage;
use supervisor::hal::soc::TAIC_BASE;
use sv39::PAGE;
use taic::{Channel, Policy};

const OS: u64 = 1;
/// Tasks that a process may have in its queue.
const LIMIT: u16 = 64;

/// Gives each process a context with one local queue, and connects them; the pages of the queues.
pub fn set_up() -> [usize; 2] {
    let taic = process::taic().expect("needs a TAIC");
    taic.set_strict(true);
    let queues = [1, 2].map(|process| taic.allocate(OS, process).expect("a context"));
    for (sender, receiver) in [(0, 1), (1, 0)] {
        let [from, to] = [queues[sender], queues[receiver]];
        let context = taic.context(from.context).expect("just allocated");
        let limited = taic::Context { limit: LIMIT, ..context };
        taic.set_context(from.context, limited).expect("places");
        let policy = Policy::Fixed(to.queue);
        let channel = Channel { sender: from.context, receiver: to.context, policy };
        taic.set_channel(sender as u16, Some(channel)).expect("a channel");
        taic.install(sender as u16, Some(from)).expect("a hart");
    }
    queues.map(|queue| TAIC_BASE + taic.page(queue).expect("just allocated"))
}

/// What a process sees beyond the first shared page: the second, and its queue's page.
pub fn pages(second: usize, queue: usize) -> [DevicePage; 2] {
    let second = DevicePage { vaddr: SHARED + PAGE, paddr: second };
    [second, DevicePage { vaddr: QUEUES, paddr: queue }]
}
