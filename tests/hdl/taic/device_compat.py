"""Golden model of notifications by os id and word P (process << 32 | channel)."""

from tests.hdl.taic.device_queues import FULL, NO_OWNER, NO_RECEIVE, NO_SEND

REGISTER_SENDER, CANCEL_SENDER, REGISTER_RECEIVER, SEND = range(4)
WORDS = {REGISTER_SENDER: 2, CANCEL_SENDER: 2, REGISTER_RECEIVER: 3, SEND: 2}


class Compat:
    """``write`` returns the error bits of the page."""

    def __init__(self, params, queues, records):
        self.params, self.queues, self.records = params, queues, records
        self.senders = [[None] * params.slots for _ in range(params.contexts)]
        self.receivers = [[None] * params.slots for _ in range(params.contexts)]
        self.sequences = [(None, [])] * params.ports  # per port: page and register, words

    def record(self, context, slot):
        return self.params.first_slot_record + context * self.params.slots + slot

    def write(self, port, context, queue, register, word):
        """Takes a word of a sequence. Another page or register starts a new sequence."""
        place = context, queue, register
        begun, words = self.sequences[port]
        words = [*words, word] if begun == place else [word]
        if len(words) < WORDS[register]:
            self.sequences[port] = place, words
            return 0
        self.sequences[port] = None, []
        if self.queues.owner[context] is None:
            return NO_OWNER
        key = words[0], words[1]
        if register == REGISTER_SENDER:
            slot = self._find(self.senders[context], key)
            return FULL if slot is None else 0
        if register == CANCEL_SENDER:
            senders = self.senders[context]
            self.senders[context] = [None if held == key else held for held in senders]
            return 0
        if register == REGISTER_RECEIVER:
            return self._receive(context, key, words[2])
        return self._send(context, key)

    @staticmethod
    def _find(slots, key):
        """Returns the slot with the key. If there is none, allocates a free slot for it."""
        if key not in slots:
            if None not in slots:
                return None
            slots[slots.index(None)] = key
        return slots.index(key)

    def _receiver_slot(self, context, key):
        """Like ``_find``, but reuses a slot with an idle record if no slot is free."""
        slots = self.receivers[context]
        slot = self._find(slots, key)
        if slot is None:
            for slot in range(self.params.slots):
                if self.records.idle(self.record(context, slot)):
                    slots[slot] = key
                    return slot
            return None
        return slot

    def _receive(self, context, key, task):
        slot = self._receiver_slot(context, key)
        if slot is None:
            return FULL
        self.records.own_arm(self.record(context, slot), context, 0, task)
        return 0

    def _send(self, context, key):
        if key not in self.senders[context]:
            return NO_SEND
        os, word = key
        target = os, word >> 32
        if target not in self.queues.owner:
            return NO_RECEIVE
        receiver = self.queues.owner.index(target)
        own_os, own_process = self.queues.owner[context]
        if own_process >> 32:  # does not fit into a word P
            return NO_SEND
        slot = self._receiver_slot(receiver, (own_os, own_process << 32 | word & 0xFFFF_FFFF))
        if slot is None:
            return NO_RECEIVE
        self.records.own_send(self.record(receiver, slot), receiver)
        return 0

    def forget(self, context):
        self.senders[context] = [None] * self.params.slots
        self.receivers[context] = [None] * self.params.slots
        for port, (begun, _) in enumerate(self.sequences):
            if begun and begun[0] == context:
                self.sequences[port] = None, []
