"""Golden model that decides which hart is interrupted for a preempting task."""

from tests.hdl.taic.device_queues import MASK64, NO_QUEUE, NONE_RUNS, NOT_PERMITTED


class Hart:
    """``page`` is the installed context and queue, if any. ``source`` is the queue that holds the
    preempting task."""

    def __init__(self):
        self.page, self.raised, self.source, self.running = None, False, 0, NONE_RUNS
        self.index = 0  # as written, valid or not


class Interrupts:
    """Computes ``usip`` and ``ssip`` of each hart."""

    def __init__(self, params, queues):
        self.params, self.queues = params, queues
        self.harts = [Hart() for _ in range(params.harts)]
        self.undelivered = set()  # contexts
        self.fallback = [0] * params.contexts

    def woken(self, context, queue, ready):
        """Handles a wake-up. A preempting task interrupts the hart of its queue, or another."""
        if not ready.preempts:
            return
        own = [hart for hart in self.harts if hart.page == (context, queue)]
        near = [hart for hart in self.harts if hart.page and hart.page[0] == context]
        running = (own or near)[0].running if near else NONE_RUNS
        if self.queues.by_priority[context] and ready.priority >= running:
            return
        if near:
            hart = (own or near)[0]
            hart.raised, hart.source = True, queue
        else:
            self.undelivered.add(context)

    def redirected(self, context, queue):
        """Returns the queue that a dequeue must search first."""
        for hart in reversed(self.harts):
            if hart.page == (context, queue) and hart.raised and hart.source != queue:
                return hart.source
        return queue

    def dequeued(self, context, queue, ready):
        for hart in self.harts:
            if hart.page == (context, queue):
                hart.raised = False
                hart.running = NONE_RUNS if ready is None else ready.priority
        if ready is not None and not self.queues.total(context):
            self.undelivered.discard(context)

    def _pass_on(self, context):
        """Handles that a hart has lost the context for which it was interrupted."""
        near = [hart for hart in self.harts if hart.page and hart.page[0] == context]
        if not near:
            self.undelivered.add(context)
        elif not near[0].raised:
            near[0].raised, near[0].source = True, near[0].page[1]

    def install(self, number, valid, page):
        """Installs what hart ``number`` runs now."""
        hart = self.harts[number]
        hart.index = page[0] * self.params.queues + page[1]
        keeps = valid and hart.page is not None and hart.page[0] == page[0]
        lost = hart.page[0] if hart.raised and not keeps else None
        due = valid and page[0] in self.undelivered
        if due:
            self.undelivered.discard(page[0])
        hart.raised = hart.raised and keeps or due
        if not keeps:
            hart.source = page[1]
        hart.page, hart.running = page if valid else None, NONE_RUNS
        if lost is not None:
            self._pass_on(lost)

    def place(self, page, where):
        """Writes WHART. Returns the error."""
        if where < len(self.harts):
            if page[1] not in self.queues.allocated[page[0]]:
                return NO_QUEUE
            self.install(where, True, page)
        elif where == MASK64:
            on = [number for number, hart in enumerate(self.harts) if hart.page == page]
            if on:
                self.install(on[-1], False, page)
        else:
            return NOT_PERMITTED
        return 0

    def installed(self, number):
        hart = self.harts[number]
        return hart.index | (hart.page is not None) << 63

    def running(self, context, queue):
        for hart in reversed(self.harts):
            if hart.page == (context, queue):
                return hart.running
        return NONE_RUNS

    def set_running(self, context, queue, priority):
        for hart in self.harts:
            if hart.page == (context, queue):
                hart.running = priority

    def allocated(self, context):
        """Handles a change of the context's queues. No hart may run an unallocated queue.

        If such a hart had an interrupt, another hart of the context gets it.
        """
        lost = False
        for hart in self.harts:
            page = hart.page
            if page and page[0] == context and page[1] not in self.queues.allocated[context]:
                lost |= hart.raised
                hart.page, hart.raised = None, False
        if lost:
            self._pass_on(context)

    def ended(self, context):
        self.undelivered.discard(context)

    def _of_kernel(self, page):
        return self.queues.owner[page[0]][1] == 0

    def usip(self):
        return sum(1 << number for number, hart in enumerate(self.harts)
                   if hart.raised and not self._of_kernel(hart.page))

    def ssip(self):
        lines = sum(1 << number for number, hart in enumerate(self.harts)
                    if hart.raised and self._of_kernel(hart.page))
        for context in self.undelivered:
            if self.fallback[context] < self.params.harts:
                lines |= 1 << self.fallback[context]
        return lines
