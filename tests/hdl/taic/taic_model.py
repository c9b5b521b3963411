"""Golden model of the TAIC's registers. Every access takes effect at once and atomically."""

from hdl.taic.params import ALIAS, CHANNEL_BYTES, CHANNEL_PAGES, QUEUE_PAGES
from hdl.taic.registers import ID_MAGIC, ID_VERSION, control_registers, queue_registers
from tests.hdl.taic.device_compat import Compat
from tests.hdl.taic.device_interrupts import Interrupts
from tests.hdl.taic.device_queues import (
    MASK64,
    NO_OWNER,
    NO_RECEIVE,
    NO_SEND,
    NOT_PERMITTED,
    Queues,
)
from tests.hdl.taic.device_records import Records

(NO_REGISTER, NOT_8_BYTES, BEYOND_UNASSIGNED, NO_SUCH_QUEUE, RECORD_QUEUED,
 NO_SUCH_NUMBER) = range(1, 7)
COMPAT_REGISTERS = ("register_sender", "cancel_sender", "register_receiver", "send_interrupt")


def extended(word):
    """Returns the task of an ARM or ARM_LINE."""
    task = word & (1 << 52) - 1
    return task | (MASK64 ^ (1 << 52) - 1) if task >> 51 else task


class Page:
    """Registers by offset."""

    def __init__(self, registers):
        self.at = {entry.offset + entry.register.bytes * number: (entry, number)
                   for entry in registers for number in range(entry.count)}

    def find(self, offset, write):
        """Returns name and number, or ``None`` if no such register can be read or written."""
        entry, number = self.at.get(offset, (None, 0))
        if entry is None or "rw"[write] not in entry.register.access:
            return None, 0
        return entry.name, number


class TaicModel:
    """``write`` and ``read`` are accesses of a port. ``levels`` sets the lines."""

    def __init__(self, params):
        self.params = params
        self.control, self.page = Page(control_registers(params)), Page(queue_registers(params))
        self.queues = Queues(params, lambda *woken: self.interrupts.woken(*woken))
        self.interrupts = Interrupts(params, self.queues)
        self.records = Records(params, self.queues, self._owned)
        self.compat = Compat(params, self.queues, self.records)
        self.asked = [[] for _ in range(params.ports)]  # words of an ALQ sequence
        self.compatible = [False] * params.contexts
        self.strict = False
        self.grant = [0] * params.lines
        self.high = [False] * params.lines
        self.refused = self.refusals = 0

    # accesses

    def write(self, offset, value, *, size=8, port=0):
        where, (context, queue), alias, offset_in = self._decode(offset)
        if where == "queue" and size == 8:
            self._write_queue(port, context, queue, alias, offset_in, value)
        elif where == "queue":
            self._error(context, queue, NOT_PERMITTED)
        elif size != 8:
            self._refuse(NOT_8_BYTES, True, offset)
        elif where is None:
            self._refuse(NO_REGISTER, True, offset)
        elif where == "record":
            self._write_record(context, offset_in, value, offset)
        else:
            self._write_control(port, offset, value)
        self.records.serve()

    def read(self, offset, *, size=8, port=0):
        """Returns the value, or ``None`` for an error answer."""
        value = self._read(offset, size, port)
        self.records.serve()
        return value

    def _read(self, offset, size, port):
        where, (context, queue), _, offset_in = self._decode(offset)
        if where == "queue" and size == 8:
            return self._read_queue(context, queue, offset_in)
        if where == "queue":
            self._error(context, queue, NOT_PERMITTED)
            return None
        if size != 8:
            self._refuse(NOT_8_BYTES, False, offset)
            return None
        if where is None:
            self._refuse(NO_REGISTER, False, offset)
            return 0
        if where == "record":
            return self._read_record(context, offset_in, offset)
        return self._read_control(port, offset)

    def _decode(self, offset):
        params = self.params
        if offset < QUEUE_PAGES:
            return "control", (0, 0), False, offset
        if CHANNEL_PAGES <= offset < ALIAS:
            number, within = divmod(offset - CHANNEL_PAGES, CHANNEL_BYTES)
            return "record" if number < params.channels else None, (number, 0), False, within
        alias = offset >= ALIAS
        number, within = divmod(offset - QUEUE_PAGES - (ALIAS if alias else 0), 0x1000)
        if number < 0 or number >= params.contexts * params.queues:
            return None, (0, 0), alias, within
        return "queue", divmod(number, params.queues), alias, within

    def _refuse(self, reason, write, offset):
        self.refusals = min(self.refusals + 1, 0xFFFF)
        self.refused = reason | write << 4 | self.refusals << 16 | offset << 32

    def _error(self, context, queue, bits):
        if bits and not self._owned(context):
            bits = NO_OWNER
        self.queues.errors[context, queue] |= bits

    def _owned(self, context):
        return self.queues.owner[context] is not None

    # control page

    def _write_control(self, port, offset, value):
        params, queues, interrupts = self.params, self.queues, self.interrupts
        name, number = self.control.find(offset, True)
        if name is None:
            self._refuse(NO_REGISTER, True, offset)
        elif name == "allocate":
            words = self.asked[port]
            self.asked[port] = [value] if len(words) == 2 else [*words, value]
        elif name == "free":
            self._release(value, offset)
        elif name == "simulate":
            self._edge(number)
        elif name == "refused":
            self.refused = self.refusals = 0
        elif name == "mode":
            self.strict = bool(value & 1)
        elif name == "undelivered":
            interrupts.undelivered -= {c for c in range(params.contexts) if value >> c & 1}
        elif name == "context":
            self._write_context(number, value, offset)
        elif name == "installed":
            page = divmod(value & 0xFFFF, params.queues)
            install = bool(value >> 63)
            if page[0] >= params.contexts or (
                    install and page[1] not in queues.allocated[page[0]]):
                self._refuse(NO_SUCH_QUEUE, True, offset)
            else:
                interrupts.install(number, install, page)
        elif name == "grant":
            self.grant[number] = value & (1 << params.contexts) - 1
        elif name == "occupancy":
            queues.high_water[number] = queues.total(number)

    def _write_context(self, context, value, offset):
        limit = value >> 16 & 0xFFFF
        if value >> 8 & 0xFF >= self.params.harts:
            self._refuse(NO_SUCH_NUMBER, True, offset)
            return
        if limit > self.queues.unassigned() + self.queues.limit[context]:
            self._refuse(BEYOND_UNASSIGNED, True, offset)
            return
        self.queues.limit[context] = limit
        self.queues.by_priority[context] = bool(value & 1)
        self.compatible[context] = bool(value & 2)
        self.interrupts.fallback[context] = value >> 8 & 0xFF

    def _read_control(self, port, offset):
        params, queues, interrupts = self.params, self.queues, self.interrupts
        name, number = self.control.find(offset, False)
        if name is None:
            self._refuse(NO_REGISTER, False, offset)
        values = {
            None: lambda: 0,
            "allocate": lambda: self._allocate(port),
            "id": lambda: ID_MAGIC << 48 | ID_VERSION,
            "capabilities": lambda: (
                params.contexts | params.queues << 8 | params.tasks << 16 | params.channels << 32
                | params.lines << 48 | params.priorities << 56),
            "refused": lambda: self.refused,
            "mode": lambda: int(self.strict),
            "places": lambda: (queues.free() | queues.lowest_free << 16
                               | queues.unassigned() << 32),
            "undelivered": lambda: sum(1 << context for context in interrupts.undelivered),
            "context": lambda: (
                queues.by_priority[number] | self.compatible[number] << 1
                | interrupts.fallback[number] << 8 | queues.limit[number] << 16),
            "installed": lambda: interrupts.installed(number),
            "grant": lambda: self.grant[number],
            "occupancy": lambda: queues.total(number) | queues.high_water[number] << 16,
        }
        return values[name]()

    def _allocate(self, port):
        words, self.asked[port] = self.asked[port], []
        found = self.queues.allocate(*words) if len(words) == 2 else None
        if found is None:
            return MASK64
        context, queue, new = found
        self.interrupts.allocated(context)
        if new:
            self.compatible[context] = not self.strict
            self.interrupts.fallback[context] = 0
        return context << 32 | queue

    def _release(self, value, offset):
        context, queue = value >> 32, value & 0xFFFF_FFFF
        if context >= self.params.contexts or queue not in self.queues.allocated[context]:
            self._refuse(NO_SUCH_QUEUE, True, offset)
            return
        ended = self.queues.release(context, queue)
        self.interrupts.allocated(context)
        if ended:
            self.records.forget(context)
            self.compat.forget(context)
            self.interrupts.ended(context)
            self.compatible[context], self.interrupts.fallback[context] = False, 0
            self.grant = [contexts & ~(1 << context) for contexts in self.grant]

    # page of a queue

    def _write_queue(self, port, context, queue, alias, offset, value):
        name, number = self.page.find(offset, True)
        compatible = name in (*COMPAT_REGISTERS, "write_hart", "register_interrupt")
        if name is None or compatible and not alias and not self.compatible[context]:
            self._error(context, queue, NOT_PERMITTED)
        elif name == "enqueue":
            self.queues.enqueue(context, queue, value)
        elif name in COMPAT_REGISTERS:
            register = COMPAT_REGISTERS.index(name)
            self._error(context, queue, self.compat.write(port, context, queue, register, value))
        elif name == "write_hart":
            self._error(context, queue, self.interrupts.place((context, queue), value))
        elif name == "register_interrupt":
            self._arm_line(context, queue, 0, number, value)
        elif name == "send":
            channel, choice = value & 0xFFFF, value >> 16 & self.params.queues - 1
            known = channel < self.params.channels
            self._error(context, queue, self.records.send(channel, context, choice) if known
                        else NO_SEND)
        elif name == "running":
            self.interrupts.set_running(context, queue, value & 15)
        elif name == "arm":
            channel = value >> 52
            known = channel < self.params.channels
            self._error(context, queue, self.records.arm(channel, context, extended(value))
                        if known else NO_RECEIVE)
        elif name == "arm_line":
            self._arm_line(context, queue, queue, value >> 52, extended(value))

    def _read_queue(self, context, queue, offset):
        name, _ = self.page.find(offset, False)
        if name == "dequeue":
            return self._dequeue(context, queue)
        if name == "error":
            bits, self.queues.errors[context, queue] = self.queues.errors[context, queue], 0
            return bits
        if name == "length":
            return (self.queues.length(context, queue) | self.queues.total(context) << 16
                    | self.queues.high_water[context] << 32)
        if name == "running":
            return self.interrupts.running(context, queue)
        self._error(context, queue, NOT_PERMITTED)
        return 0

    def _dequeue(self, context, queue):
        error = self.queues.missing(context, queue)
        if error:
            self._error(context, queue, error)
            return 0
        first = self.interrupts.redirected(context, queue)
        ready = self.queues.dequeue(context, queue, first)
        self.interrupts.dequeued(context, queue, ready)
        if ready is None:
            return 0
        if ready.record is not None:
            self.records.left(ready.record)
        return ready.task

    # records and lines

    def _write_record(self, number, within, value, offset):
        if within != 0:
            self._refuse(NO_REGISTER, True, offset)
        elif not self._configurable(value):
            self._refuse(NO_SUCH_NUMBER, True, offset)
        elif self.records.configure(number, value):
            self._refuse(RECORD_QUEUED, True, offset)

    def _configurable(self, value):
        sender, receiver, queue = (value >> lsb & 0xFF for lsb in (8, 16, 24))
        return (max(sender, receiver) < self.params.contexts and queue < self.params.queues
                and value >> 2 & 3 != 3)

    def _read_record(self, number, within, offset):
        if within == 0:
            return self.records.config(number)
        if within == 8:
            return self.records.table[number].task
        self._refuse(NO_REGISTER, False, offset)
        return 0

    def _line_record(self, line, context):
        return self.params.first_line_record + line * self.params.contexts + context

    def _edge(self, line):
        for context in range(self.params.contexts):
            if self.grant[line] >> context & 1 and self._owned(context):
                self.records.own_send(self._line_record(line, context), context)

    def _arm_line(self, context, queue, target, line, task):
        granted = line < self.params.lines and self.grant[line] >> context & 1
        if not granted or not self._owned(context):
            self._error(context, queue, NO_RECEIVE)
            return
        record = self._line_record(line, context)
        self.records.own_arm(record, context, target, task)
        if self.high[line]:
            self.records.own_level(record)

    def levels(self, lines):
        """Changes the lines; one bit for each."""
        for line in range(self.params.lines):
            high = bool(lines >> line & 1)
            rising, self.high[line] = high and not self.high[line], high
            if rising:
                self._edge(line)
        self.records.serve()
