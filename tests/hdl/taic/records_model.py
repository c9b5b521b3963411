"""Golden model of the wake-up records, one operation at a time."""

from dataclasses import dataclass, replace

SEND, ARM, DEQUEUED, CONFIGURE, READ, READ_TASK, FORGET, RETRY = range(8)
FIXED, LEAST_LOADED, SENDER = range(3)
NO_SEND, NO_RECEIVE = 4, 8
KEEP = 2  # bit of a task


@dataclass(frozen=True)
class Op:
    """A request. ``choice`` belongs to a SEND; ``config`` is a dictionary."""

    op: int
    record: int
    context: int = 0
    queue: int = 0
    trusted: int = 0
    task: int = 0
    choice: int = 0
    level: int = 0
    config: tuple = ()
    owned: int = -1  # contexts with an owner

    def payload(self):
        """Returns the fields of the request port."""
        word = {ARM: self.task, CONFIGURE: config_word(*self.config),
                SEND: self.choice << 16 | self.level}.get(self.op, 0)
        return {"op": self.op, "record": self.record, "context": self.context,
                "queue": self.queue, "trusted": self.trusted, "data": word}


def config_word(enabled=0, policy=0, sender=0, receiver=0, queue=0):
    return enabled | policy << 2 | sender << 8 | receiver << 16 | queue << 24


@dataclass(frozen=True)
class Record:
    enabled: int = 0
    policy: int = 0
    sender: int = 0
    receiver: int = 0
    queue: int = 0
    armed: int = 0
    pending: int = 0
    queued: int = 0
    task: int = 0
    anew: int = 0  # armed while an earlier task is in a queue

    def word(self):
        return (config_word(self.enabled, self.policy, self.sender, self.receiver, self.queue)
                | self.armed << 32 | self.pending << 33 | self.queued << 34)


class ChannelsModel:
    """``apply`` returns the outputs: ("wake", ...), ("error", ...), ("answer", word), ..."""

    def __init__(self, params):
        self.params = params
        self.records = [Record() for _ in range(params.records)]

    def apply(self, op, *, room=True):
        """With ``room``, there is a place for a task, and no other record waits for one."""
        old = self.records[op.record]
        new, result = getattr(self, f"_{NAMES[op.op]}")(op, old)
        if not room and result and result[0] == "wake":
            new, result = replace(new, queued=0, pending=1, armed=1), None
        self.records[op.record] = new
        return result

    def _kind(self, number):
        if number < self.params.first_line_record:
            return "channel"
        return "line" if number < self.params.first_slot_record else "slot"

    @staticmethod
    def _wake(op, record):
        """Puts the record's task into a queue."""
        woken = replace(record, queued=1, pending=0, anew=0, armed=int(bool(record.task & KEEP)))
        return woken, ("wake", record.receiver, record.queue, record.policy, record.task, op.record)

    def _send(self, op, record):
        if not op.trusted and (not record.enabled or record.sender != op.context):
            return record, ("error", op.context, op.queue, NO_SEND)
        if not op.trusted and not op.owned >> op.context & 1:
            return record, ("error", op.context, op.queue, NO_SEND)
        if not op.trusted and not op.owned >> record.receiver & 1:
            return record, ("error", op.context, op.queue, NO_RECEIVE)
        if record.policy == SENDER:
            record = replace(record, queue=op.choice)
        if op.trusted:
            record = replace(record, receiver=op.context)
        match (record.armed, record.queued):
            case (1, 0):
                return self._wake(op, record)
            case (1, 1) if record.task & KEEP and not record.anew:
                return record, None
        if op.level and self._kind(op.record) == "line":
            return record, None
        return replace(record, pending=1), None

    def _arm(self, op, record):
        owned = op.owned >> op.context & 1
        if not op.trusted and (not record.enabled or record.receiver != op.context or not owned):
            return record, ("error", op.context, op.queue, NO_RECEIVE)
        if op.trusted:
            record = replace(
                record, enabled=1, policy=FIXED, receiver=op.context, queue=op.queue)
        if op.task == 0:
            return replace(record, armed=0, anew=0), None
        record = replace(record, armed=1, task=op.task, anew=record.queued)
        if record.pending and not record.queued:
            return self._wake(op, record)
        return record, None

    def _dequeued(self, op, record):
        record = replace(record, queued=0, anew=0)
        if record.armed and record.pending:
            return self._wake(op, record)
        return record, None

    def _configure(self, op, record):
        if record.queued:
            return record, ("refused",)
        return Record(*op.config), None

    def _read(self, op, record):
        return record, ("answer", record.word())

    def _read_task(self, op, record):
        return record, ("answer", record.task)

    def _retry(self, op, record):
        if record.armed and record.pending and not record.queued:
            return self._wake(op, record)
        return record, None

    def _forget(self, op, record):
        if record.receiver == op.context:
            return Record(), None
        if record.sender == op.context and self._kind(op.record) == "channel":
            return replace(record, enabled=0, armed=0, pending=0, anew=0), None
        return record, None


NAMES = ("send", "arm", "dequeued", "configure", "read", "read_task", "forget", "retry")
