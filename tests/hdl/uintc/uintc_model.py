"""Golden model of the UINTC. Entries are plain numbers; the lines follow from all entries."""

from dataclasses import dataclass

SEND, LOW, HIGH, ACTIVE = 0x00, 0x08, 0x10, 0x18
ERROR = 0x4000
BAD_VECTOR, NO_RECEIVER, BAD_SIZE = 1, 2, 3
MASK64 = (1 << 64) - 1


def address(index, register):
    return 32 * index + register


@dataclass
class Entry:
    active: int = 0
    mode: int = 0
    hart: int = 0
    pending: int = 0


class Refused(Exception):
    """Reads a register with another size."""


class UintcModel:
    def __init__(self, receivers, harts):
        self.receivers, self.harts = receivers, harts
        self.entries = [Entry() for _ in range(receivers)]
        self.reason = self.last = self.last_access = self.count = 0

    def usip(self):
        """Returns the lines, one bit for each hart."""
        return sum(1 << hart for hart in range(self.harts)
                   if any(e.active and e.pending and e.hart == hart for e in self.entries))

    def access(self, write, offset, size, value=0):
        """Performs an access. Returns the value read, or ``None`` for an error answer."""
        if offset >= ERROR:
            return self._error_page(write, offset, size)
        index, register = divmod(offset, 32)
        register &= ~7
        if size != 8:
            self._refuse(BAD_SIZE, index, register, write)
            return None
        if index >= self.receivers:
            self._refuse(NO_RECEIVER, index, register, write)
            return 0
        if write:
            self._write(index, register, value)
            return 0
        return self._read(self.entries[index], register)

    def _read(self, entry, register):
        if register == SEND:
            return 0x5549 << 48 | 1 << 32 | self.harts << 16 | self.receivers
        if register == LOW:
            return entry.hart << 16 | entry.mode << 1 | entry.active
        if register == HIGH:
            pending, entry.pending = entry.pending, 0
            return pending
        return entry.active

    def _write(self, index, register, value):
        entry = self.entries[index]
        if register == SEND and value >= 64:
            self._refuse(BAD_VECTOR, index, register, True)
        elif register == SEND:
            entry.pending |= 1 << value
        elif register == LOW:
            entry.active, entry.mode, entry.hart = value & 1, value >> 1 & 1, value >> 16 & 0xFFFF
        elif register == HIGH:
            entry.pending |= value
        else:
            entry.active = value & 1

    def _error_page(self, write, offset, size):
        if size != 8:
            return None
        if offset != ERROR:
            return 0
        if write:
            self.reason = self.last = self.last_access = self.count = 0
        return self.error()

    def error(self):
        return self.count << 32 | self.last << 16 | self.last_access << 8 | self.reason

    def _refuse(self, reason, index, register, write):
        self.reason, self.last = reason, index
        self.last_access = register >> 3 | int(write) << 2
        self.count = min(self.count + 1, 0xFFFF)
