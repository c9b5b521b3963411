"""Golden model of the wake-up records of channels, lines and compatible slots."""

from dataclasses import dataclass

from tests.hdl.taic.device_queues import FIXED, NO_RECEIVE, NO_SEND, SENDER, Ready

KEEP = 2


@dataclass
class Record:
    """``anew``: the task was armed while an earlier one was in a queue."""

    enabled: bool = False
    policy: int = FIXED
    sender: int | None = None  # lines and slots have none
    receiver: int | None = None
    queue: int = 0
    task: int = 0
    armed: bool = False
    pending: bool = False
    queued: bool = False
    anew: bool = False

    @property
    def due(self):
        """Its task waits for a place."""
        return self.armed and self.pending and not self.queued


class Records:
    """``queues.wake(context, queue, policy, ready)`` puts a task into a queue. ``owned(context)``
    tells whether the context has an owner."""

    def __init__(self, params, queues, owned):
        self.params, self.queues, self.owned = params, queues, owned
        self.table = [Record() for _ in range(params.records)]
        self.next = 0  # behind the record that got a place last

    def due(self):
        """Returns the records that wait for a place, in the order in which they get one."""
        count = len(self.table)
        order = ((self.next + step) % count for step in range(count))
        return [number for number in order if self.table[number].due]

    def serve(self):
        """Gives free places to the records that wait for them."""
        for number in self.due():
            if not self.queues.has_place():
                break
            self._wake(number)
            self.next = (number + 1) % len(self.table)

    def _fire(self, number):
        """Makes the armed task ready, if there is a place for it."""
        if self.queues.has_place() and (self.queues.has_plenty() or not self.due()):
            self._wake(number)
        else:
            self.table[number].pending = True

    def _wake(self, number):
        record = self.table[number]
        record.queued, record.armed, record.pending = True, bool(record.task & KEEP), False
        record.anew = False
        ready = Ready(record.task, number)
        self.queues.wake(record.receiver, record.queue, record.policy, ready)

    def _send(self, number):
        record = self.table[number]
        if record.armed and not record.queued:
            self._fire(number)
        elif not (record.armed and record.queued and record.task & KEEP and not record.anew):
            record.pending = True

    def _arm(self, number, task):
        record = self.table[number]
        record.armed, record.anew = task != 0, task != 0 and record.queued
        if task:
            record.task = task
            if record.pending and not record.queued:
                self._fire(number)

    def left(self, number):
        """Handles that the record's task has left its queue."""
        record = self.table[number]
        record.queued = record.anew = False
        if record.armed and record.pending:
            self._fire(number)

    # channels

    def configure(self, number, word):
        """Returns true if the request is refused."""
        record = self.table[number]
        if record.queued:
            return True
        self.table[number] = Record(
            enabled=bool(word & 1), policy=word >> 2 & 3, sender=self._context(word >> 8),
            receiver=self._context(word >> 16), queue=word >> 24 & self.params.queues - 1)
        return False

    def _context(self, word):
        return word & self.params.contexts - 1

    def config(self, number):
        record = self.table[number]
        return (record.enabled | record.policy << 2 | (record.sender or 0) << 8
                | (record.receiver or 0) << 16 | record.queue << 24
                | record.armed << 32 | record.pending << 33 | record.queued << 34)

    def send(self, number, context, queue):
        """Performs a SEND of software of ``context``. Returns the error."""
        record = self.table[number]
        if not record.enabled or record.sender != context:
            return NO_SEND
        if not self.owned(context):
            return NO_SEND
        if not self.owned(record.receiver):
            return NO_RECEIVE
        if record.policy == SENDER:
            record.queue = queue
        self._send(number)
        return 0

    def arm(self, number, context, task):
        record = self.table[number]
        if not record.enabled or record.receiver != context or not self.owned(context):
            return NO_RECEIVE
        self._arm(number, task)
        return 0

    # lines and slots, each of one context

    def own_send(self, number, context):
        self.table[number].receiver = context
        self._send(number)

    def own_level(self, number):
        """Handles a line that is high at the time of an ARM. The level is not remembered."""
        record = self.table[number]
        if record.armed and not record.queued:
            self._fire(number)

    def own_arm(self, number, context, queue, task):
        record = self.table[number]
        record.enabled, record.policy = True, FIXED
        record.receiver, record.queue = context, queue
        self._arm(number, task)

    def idle(self, number):
        record = self.table[number]
        return not (record.armed or record.pending or record.queued)

    def forget(self, context):
        """Handles the end of the context."""
        for number, record in enumerate(self.table):
            if record.receiver == context:
                self.table[number] = Record()
            elif record.sender == context:
                record.enabled = record.armed = record.pending = record.anew = False
