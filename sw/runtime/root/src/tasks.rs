//! Contexts of TAIC.

use crate::{PAGE, Result, Root, Space};
use sel4::{ObjectType, TaskContext};

impl Root {
    /// A context with its first queue, whose number is 0.
    pub fn new_task_context(&mut self) -> Result<TaskContext> {
        let context: TaskContext = self.object(ObjectType::TaskContext, 0)?;
        if let Err(failure) = context.allocate_queue() {
            self.delete(context)?;
            return Err(failure.into());
        }
        Ok(context)
    }

    /// Maps the page of a queue at an address of an address space.
    pub fn map_queue(
        &mut self,
        (context, queue): (TaskContext, usize),
        space: Space,
        vaddr: usize,
    ) -> Result {
        self.with_tables(space, vaddr, || context.map_queue(queue, space.table, vaddr))
    }

    /// Maps it in the root task. Returns where.
    pub fn map_queue_here(&mut self, queue: (TaskContext, usize)) -> Result<usize> {
        let vaddr = self.reserve(PAGE);
        self.map_queue(queue, self.space, vaddr)?;
        Ok(vaddr)
    }
}
