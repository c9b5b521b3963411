"""Published notifications in plain Python: slots, errors and operations on records."""

from dataclasses import dataclass

SENDER, CANCEL, RECEIVER, SEND = range(4)  # registers
FULL, NO_OWNER, NO_SEND, NO_RECEIVE = 1, 2, 4, 8


@dataclass
class Record:
    armed: bool = False
    keep: bool = False
    pending: bool = False
    queued: bool = False

    @property
    def idle(self) -> bool:
        return not (self.armed or self.pending or self.queued)

    def wake(self) -> None:
        if self.armed and self.pending and not self.queued:
            self.pending, self.queued, self.armed = False, True, self.keep

    def send(self) -> None:
        self.pending |= not (self.queued and self.armed and self.keep)
        self.wake()

    def arm(self, task: int) -> None:
        self.armed, self.keep = bool(task), bool(task & 2)
        self.wake()

    def dequeued(self) -> None:
        self.queued = False
        self.wake()


class CompatModel:
    """Performs one write at a time. ``effects`` lists the visible effects in order: ("error",
    context, queue, bits), ("arm", record, context, task), ("send", record, context)."""

    def __init__(self, contexts: int, slots: int, first_record: int, ports: int) -> None:
        self.slots, self.first_record = slots, first_record
        self.owners: list[tuple[int, int] | None] = [None] * contexts
        self.senders = [[None] * slots for _ in range(contexts)]
        self.receivers = [[None] * slots for _ in range(contexts)]
        self.records = [[Record() for _ in range(slots)] for _ in range(contexts)]
        self.sequences = [(None, []) for _ in range(ports)]
        self.effects = []

    def forget(self, context: int) -> None:
        self.senders[context] = [None] * self.slots
        self.receivers[context] = [None] * self.slots
        self.records[context] = [Record() for _ in range(self.slots)]
        self.sequences = [(None, []) if page and page[0] == context else (page, words)
                          for page, words in self.sequences]

    def write(self, port: int, context: int, queue: int, register: int, word: int) -> None:
        page, words = self.sequences[port]
        if page != (context, queue, register):
            page, words = (context, queue, register), []
        words = [*words, word]
        if len(words) < (3 if register == RECEIVER else 2):
            self.sequences[port] = page, words
            return
        self.sequences[port] = None, []
        errors = self.do(context, register, tuple(words[:2]), words[-1])
        if errors:
            self.effects.append(("error", context, queue, errors))

    def do(self, context: int, register: int, key: tuple[int, int], task: int) -> int:
        if self.owners[context] is None:
            return NO_OWNER
        senders = self.senders[context]
        if register == SENDER:
            if key not in senders:
                if None not in senders:
                    return FULL
                senders[senders.index(None)] = key
        elif register == CANCEL:
            self.senders[context] = [None if slot == key else slot for slot in senders]
        elif register == RECEIVER:
            slot = self.receiver_slot(context, key)
            if slot is None:
                return FULL
            self.effects.append(("arm", self.record(context, slot), context, task))
            self.records[context][slot].arm(task)
        else:
            return self.send(context, key)
        return 0

    def send(self, context: int, key: tuple[int, int]) -> int:
        if key not in self.senders[context]:
            return NO_SEND
        os, word = key
        process, channel = word >> 32, word & 0xFFFF_FFFF
        if (os, process) not in self.owners:
            return NO_RECEIVE
        receiver = self.owners.index((os, process))
        own_os, own_process = self.owners[context]
        if own_process >> 32:
            return NO_SEND
        slot = self.receiver_slot(receiver, (own_os, own_process << 32 | channel))
        if slot is None:
            return NO_RECEIVE
        self.effects.append(("send", self.record(receiver, slot), receiver))
        self.records[receiver][slot].send()
        return 0

    def receiver_slot(self, context: int, key: tuple[int, int]) -> int | None:
        keys = self.receivers[context]
        idle = [n for n, record in enumerate(self.records[context]) if record.idle]
        if key in keys:
            return keys.index(key)
        if None in keys:
            slot = keys.index(None)
        elif idle:
            slot = idle[0]
        else:
            return None
        keys[slot] = key
        return slot

    def record(self, context: int, slot: int) -> int:
        return self.first_record + context * self.slots + slot
