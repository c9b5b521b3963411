"""Golden model of the ready queues of all contexts, their interrupts and their errors."""

from collections import deque
from dataclasses import dataclass

FULL, NO_OWNER, NO_SEND, NO_RECEIVE, NO_QUEUE, NOT_PERMITTED = (1 << bit for bit in range(6))
FIXED, LEAST_LOADED, SENDER = range(3)
NONE_RUNS = 15
KEPT_PLACES, PLENTY = 4, 16  # never given away; so many that no wake looks at another
MASK64 = (1 << 64) - 1


@dataclass(frozen=True)
class Ready:
    """A task in a queue. ``record`` is the record that woke it; software inserts have none."""

    task: int
    record: int | None = None

    @property
    def preempts(self):
        return bool(self.task & 1)

    @property
    def priority(self):
        return self.task >> 2 & 15


class Queues:
    """FIFOs by context, queue and level. Calls ``woken(context, queue, ready)`` for every wake."""

    def __init__(self, params, woken):
        self.params, self.woken = params, woken
        self.levels = {
            (context, queue): [deque() for _ in range(params.priorities)]
            for context in range(params.contexts) for queue in range(params.queues)}
        self.errors = dict.fromkeys(self.levels, 0)
        self.owner = [None] * params.contexts  # (os, process)
        self.allocated = [set() for _ in range(params.contexts)]
        self.by_priority = [False] * params.contexts
        self.limit = [0] * params.contexts
        self.high_water = [0] * params.contexts
        self.lowest_free = params.tasks

    def length(self, context, queue):
        return sum(map(len, self.levels[context, queue]))

    def total(self, context):
        return sum(self.length(context, queue) for queue in range(self.params.queues))

    def free(self):
        return self.params.tasks - sum(map(self.total, range(self.params.contexts)))

    def has_place(self):
        return self.free() > KEPT_PLACES

    def has_plenty(self):
        return self.free() >= PLENTY

    def unassigned(self):
        return self.params.spare - sum(self.limit)

    def missing(self, context, queue):
        """Returns the error of an access to this queue, 0 if it is allocated."""
        if self.owner[context] is None:
            return NO_OWNER
        return 0 if queue in self.allocated[context] else NO_QUEUE

    def _put(self, context, queue, ready, *, at_head=False):
        level = 0
        if self.by_priority[context]:
            level = ready.priority * self.params.priorities // 16
        fifo = self.levels[context, queue][level]
        (fifo.appendleft if at_head else fifo.append)(ready)
        self.high_water[context] = max(self.high_water[context], self.total(context))
        self.lowest_free = min(self.lowest_free, self.free())

    def enqueue(self, context, queue, task):
        """Enqueues a task for software."""
        error = self.missing(context, queue)
        if not error and task == 0:
            error = NOT_PERMITTED
        if not error and (self.total(context) >= self.limit[context] or not self.has_place()):
            error = FULL
        if error:
            self.errors[context, queue] |= error
        else:
            self._put(context, queue, Ready(task))

    def _target(self, context, queue, policy):
        allocated = sorted(self.allocated[context])
        if policy == LEAST_LOADED:
            return min(allocated, key=lambda candidate: min(self.length(context, candidate), 15))
        return queue if queue in allocated else allocated[0]

    def wake(self, context, queue, policy, ready):
        if self.allocated[context]:
            target = self._target(context, queue, policy)
            at_head = ready.preempts and not self.by_priority[context]
            self._put(context, target, ready, at_head=at_head)
            self.woken(context, target, ready)

    def take(self, context, queue):
        """Returns the next task of this queue alone."""
        for fifo in self.levels[context, queue]:
            if fifo:
                return fifo.popleft()
        return None

    def dequeue(self, context, queue, first):
        """Returns a worker's next task: from ``first``, from its own queue, or stolen."""
        order = [first, *((queue + step) % self.params.queues
                          for step in range(self.params.queues))]
        for candidate in order:
            ready = self.take(context, candidate)
            if ready is not None:
                return ready
        return None

    # allocation

    def allocate(self, os, process):
        """Returns context, queue, and true for a new context; ``None`` if none is free."""
        if (os, process) in self.owner:
            context = self.owner.index((os, process))
        elif None in self.owner:
            context = self.owner.index(None)
        else:
            return None
        free = set(range(self.params.queues)) - self.allocated[context]
        if not free:
            return None
        new = self.owner[context] is None
        self.errors[context, min(free)] = 0
        if new:
            self.high_water[context] = 0
            self.limit[context] = min(self.unassigned(), self.params.spare // self.params.contexts)
            self.by_priority[context] = False
        self.owner[context] = os, process
        self.allocated[context].add(min(free))
        return context, min(free), new

    def release(self, context, queue):
        """Returns true if the context ends with this queue."""
        self.allocated[context].remove(queue)
        while (ready := self.take(context, queue)) is not None:
            if self.allocated[context]:
                self._put(context, min(self.allocated[context]), ready)
        if self.allocated[context]:
            return False
        for other in range(self.params.queues):
            while self.take(context, other) is not None:
                pass
        self.owner[context], self.limit[context] = None, 0
        self.by_priority[context] = False
        return True
