"""The registers of the TAIC: control page, page of a local queue, record of a channel.

Offsets below 0x900 are those of the published map; the others are additions.
"""

from ..peripheral import mmio
from .codes import Error, Policy, Reason
from .params import (
    ADDR_BITS,
    CHANNEL_BITS,
    CHANNEL_BYTES,
    LOWEST_PRIORITY,
    PAGE_BITS,
    PRIORITY_BITS,
    SHORT_TASK_BITS,
    TASK_BITS,
    TaicParams,
)

ID_MAGIC = 0x5441
ID_VERSION = 1
NOTHING = (1 << 64) - 1  # a read of ALQ without a result


class Allocate(mmio.Register, access="rw", bytes=8):
    """ALQ: write the os id, then the process id; the next read allocates and gives the index word.

    The index word holds the context in its upper and the queue in its lower half. It is all ones
    if none is free, or without the two writes. Each port has its own sequence. ERROR of the queue's
    page is 0 afterwards. A new context has an equal share of the places as its limit, or what is
    left if that is less, fallback hart 0, no priorities, and a high-water mark of 0.
    """

    fields = {"word": mmio.Field(64, "os id, process id; index word", init=NOTHING)}


class Free(mmio.Register, access="w", bytes=8):
    """FLQ: frees the queue of an index word.

    Its tasks move to another queue of the context. Freeing the last queue ends the context: its
    tasks, channels, registrations, armed lines and grants are removed. FLQ of a queue that is not
    allocated is refused with reason 4.
    """

    fields = {"word": mmio.Field(64, "index word")}


class SimulateInterrupt(mmio.Register, access="w", bytes=8):
    """SIM_EXTINT: a write has the effect of a rising edge of the line."""

    fields = {"value": mmio.Field(64, "ignored")}


class Id(mmio.Register, access="r", bytes=8):
    """Identifies this controller."""

    fields = {
        "version": mmio.Field(16, "of the register map", init=ID_VERSION),
        "_reserved": mmio.Field(32, ""),
        "magic": mmio.Field(16, f"{ID_MAGIC:#x}, which spells TA", init=ID_MAGIC),
    }


class Capabilities(mmio.Register, access="r", bytes=8):
    """The sizes of this controller."""

    def __init__(self, params: TaicParams) -> None:
        super().__init__({
            "contexts": mmio.Field(8, "contexts", init=params.contexts),
            "queues": mmio.Field(8, "local queues of a context", init=params.queues),
            "tasks": mmio.Field(16, "tasks in all queues together", init=params.tasks),
            "channels": mmio.Field(16, "channels", init=params.channels),
            "lines": mmio.Field(8, "lines of devices", init=params.lines),
            "priorities": mmio.Field(8, "levels of priority", init=params.priorities),
        })


class Refused(mmio.Register, access="rw", bytes=8):
    """The last access to the control page or to a record that was refused. Any write clears it.

    A refused write changes nothing else.
    """

    fields = {
        "reason": mmio.Field(4, Reason.text()),
        "write": mmio.Field(1, "1 if it was a write"),
        "_reserved": mmio.Field(11, ""),
        "count": mmio.Field(16, "refused accesses; stays at 65535"),
        "offset": mmio.Field(ADDR_BITS, "of the access"),
    }


class Mode(mmio.Register, access="rw", bytes=8):
    """Settings of the whole device."""

    fields = {"strict": mmio.Field(1, "1: a new context is not permitted compatible registration")}


class FreePlaces(mmio.Register, access="r", bytes=8):
    """Places for tasks."""

    def __init__(self, params: TaicParams) -> None:
        super().__init__({
            "free": mmio.Field(16, "free now", init=params.tasks),
            "lowest": mmio.Field(16, "least that were free at any time since reset",
                                 init=params.tasks),
            "unassigned": mmio.Field(16, "not part of the limit of any context",
                                     init=params.spare),
        })


class Undelivered(mmio.Register, access="rw", bytes=8):
    """Contexts with an interrupt for a preempting task that no hart could take.

    Each causes a supervisor interrupt of its fallback hart. A bit is cleared when a queue of the
    context is installed (that hart is interrupted), when a DEQUEUE takes the last task of the
    context, when the context ends, and by writing 1.
    """

    fields = {"contexts": mmio.Field(64, "a bit for each context")}


class Context(mmio.Register, access="rw", bytes=8):
    """Settings of a context. The begin and the end of the context replace them.

    A write is refused with reason 3 if the limit is beyond the context's own and the unassigned
    places, and with reason 6 if there is no such hart.
    """

    fields = {
        "priorities": mmio.Field(1, "1: bits 5:2 of a task identifier are its priority, 0 the most "
                                    "urgent. With 2^n levels the upper n bits choose the list; "
                                    "preemption compares all four"),
        "compatible": mmio.Field(1, "1: its pages permit compatible registration"),
        "_reserved_2": mmio.Field(6, ""),
        "fallback": mmio.Field(8, "hart to interrupt while none of its queues is installed"),
        "limit": mmio.Field(16, "an enqueue is refused while its queues hold this many tasks"),
    }


class Installed(mmio.Register, access="rw", bytes=8):
    """The local queue that is installed on a hart: its worker runs there.

    A write with ``valid`` = 1 of a queue that is not allocated is refused with reason 4, and so is
    any write of a number beyond all pages. A queue that is freed is removed.
    """

    fields = {
        "index": mmio.Field(16, "number of the queue's page"),
        "_reserved": mmio.Field(47, ""),
        "valid": mmio.Field(1, "1: there is one"),
    }


class Grant(mmio.Register, access="rw", bytes=8):
    """Contexts that may arm a line and are notified of its events.

    The bit of a context is cleared when the context ends. Events reach no context without an owner.
    """

    fields = {"contexts": mmio.Field(64, "a bit for each context")}


class Occupancy(mmio.Register, access="rw", bytes=8):
    """Tasks in the queues of a context. A write resets the high water mark to the tasks now."""

    fields = {
        "tasks": mmio.Field(16, "now"),
        "high_water": mmio.Field(16, "at most, since the last write"),
    }


class Enqueue(mmio.Register, access="w", bytes=8):
    """TASK_ENQUEUE: the task becomes ready, in this queue."""

    fields = {"task": mmio.Field(64, "identifier; 0 is refused (not_permitted)")}


class Dequeue(mmio.Register, access="r", bytes=8):
    """TASK_DEQUEUE: the next task of this queue, or of another queue of the context, or 0.

    Side effect: the read removes the task from its queue.
    """

    fields = {"task": mmio.Field(64, "identifier, or 0")}


class ErrorBits(mmio.Register, access="r", bytes=8):
    """The accesses through this page that were refused.

    Side effect: the read clears it. The allocation of the queue clears it, too.
    """

    fields = {error.name.lower(): mmio.Field(1, error.meaning) for error in Error}


class RegisterSender(mmio.Register, access="w", bytes=8):
    """REGISTER_SENDER: os id and word P of the receiver, in two writes."""

    fields = {"word": mmio.Field(64, "os id; process id × 2^32 + channel")}


class CancelSender(RegisterSender, access="w", bytes=8):
    """CANCEL_SENDER: os id and word P of the receiver, in two writes."""


class RegisterReceiver(mmio.Register, access="w", bytes=8):
    """REGISTER_RECEIVER: os id and word P of the sender and the task to wake, in three writes."""

    fields = {"word": mmio.Field(64, "os id; process id × 2^32 + channel; task")}


class SendInterrupt(RegisterSender, access="w", bytes=8):
    """SEND_INTR: os id and word P of the receiver, in two writes."""


class WriteHart(mmio.Register, access="w", bytes=8):
    """WHART: the hart on which this queue is installed.

    Refused if there is no such hart (not_permitted) or the queue is not allocated (no_queue).
    """

    fields = {"hart": mmio.Field(64, "number, or all ones for none")}


class RegisterInterrupt(mmio.Register, access="w", bytes=8):
    """REGISTER_EXTINT: the task that a line wakes, into queue 0; 0 for none.

    Refused (no_receive) unless the line is granted to the context. If queue 0 is not allocated, a
    wake goes into the lowest queue that is.
    """

    fields = {"task": mmio.Field(64, "identifier")}


class SendChannel(mmio.Register, access="w", bytes=8):
    """SEND_CHANNEL: notifies through a channel; this context must be its sender.

    Refused if this context is not the sender (no_send) or the receiver has no owner (no_receive).
    """

    fields = {
        "channel": mmio.Field(CHANNEL_BITS, "number"),
        "queue": mmio.Field(8, "of the receiver, if the channel leaves the choice to the sender; "
                               "upper bits are dropped"),
    }


class Length(mmio.Register, access="r", bytes=8):
    """How many tasks there are."""

    fields = {
        "queue": mmio.Field(16, "in this queue"),
        "context": mmio.Field(16, "in all queues of the context"),
        "high_water": mmio.Field(16, "of the context: as in occupancy"),
    }


class Running(mmio.Register, access="rw", bytes=8):
    """Priority of the running task. Every dequeue through the page of an installed queue sets it.

    While the queue is not installed, it reads 15 and writes are ignored.
    """

    fields = {"priority": mmio.Field(PRIORITY_BITS, "0 highest; 15 after a dequeue without a task",
                                     init=LOWEST_PRIORITY)}


class Arm(mmio.Register, access="w", bytes=8):
    """ARM: the task that a channel wakes; this context must be its receiver.

    A task that is armed while an earlier one of the channel is in a queue waits until that one is
    dequeued.
    """

    fields = {
        "task": mmio.Field(SHORT_TASK_BITS, "identifier, sign-extended; 0 for none"),
        "channel": mmio.Field(TASK_BITS - SHORT_TASK_BITS, "number"),
    }


class ArmLine(mmio.Register, access="w", bytes=8):
    """ARM_LINE: the task that a line wakes into this queue.

    Refused (no_receive) unless the line is granted to the context. If this queue is not allocated
    when the task is woken, the task goes into the lowest queue that is.
    """

    fields = {
        "task": mmio.Field(SHORT_TASK_BITS, "identifier, sign-extended; 0 for none"),
        "line": mmio.Field(TASK_BITS - SHORT_TASK_BITS, "number"),
    }


class ChannelConfig(mmio.Register, access="rw", bytes=8):
    """CONFIG: who may notify whom.

    A write replaces all fields at once, disarms the channel, and forgets its task and a pending
    notification. It is refused with reason 5 while a task that the channel woke is in a queue, and
    with reason 6 if there is no such context, queue or policy. A wake goes into the lowest queue
    that is allocated if the one chosen here is not.
    """

    fields = {
        "enabled": mmio.Field(1, "1: it can be used"),
        "_reserved_1": mmio.Field(1, ""),
        "policy": mmio.Field(2, f"queue of the receiver: {Policy.text()}"),
        "_reserved_4": mmio.Field(4, ""),
        "sender": mmio.Field(8, "context"),
        "receiver": mmio.Field(8, "context"),
        "queue": mmio.Field(8, "of the receiver"),
        "armed": mmio.Field(1, "a task waits for a notification; read only"),
        "pending": mmio.Field(1, "a notification waits for a task; read only. A notification "
                                 "while an armed task with the keep bit is in a queue does not "
                                 "set it"),
        "queued": mmio.Field(1, "the task is in a queue; read only"),
    }


class ChannelTask(mmio.Register, access="r", bytes=8):
    """TASK: the task that was armed last."""

    fields = {"task": mmio.Field(64, "identifier")}


def control_registers(params: TaicParams) -> mmio.RegisterMap:
    """The control page, which only the kernel may access."""
    registers = mmio.RegisterMap(addr_bits=PAGE_BITS)
    registers.add("allocate", Allocate(), offset=0x000)
    registers.add("free", Free(), offset=0x008)
    registers.add("simulate", SimulateInterrupt(), offset=0x010, count=params.lines, aligned=False)
    registers.add("id", Id(), offset=0x900)
    registers.add("capabilities", Capabilities(params), offset=0x908)
    registers.add("refused", Refused(), offset=0x910)
    registers.add("mode", Mode(), offset=0x918)
    registers.add("places", FreePlaces(params), offset=0x920)
    registers.add("undelivered", Undelivered(), offset=0x930)
    registers.add("context", Context(), offset=0x980, count=params.contexts)
    registers.add("installed", Installed(), offset=0xA00, count=params.harts)
    registers.add("grant", Grant(), offset=0xC00, count=params.lines)
    registers.add("occupancy", Occupancy(), offset=0xE00, count=params.contexts)
    return registers


def queue_registers(params: TaicParams) -> mmio.RegisterMap:
    """The page of a local queue."""
    registers = mmio.RegisterMap(addr_bits=PAGE_BITS)
    registers.add("enqueue", Enqueue(), offset=0x00)
    registers.add("dequeue", Dequeue(), offset=0x08)
    registers.add("error", ErrorBits(), offset=0x10)
    registers.add("register_sender", RegisterSender(), offset=0x18)
    registers.add("cancel_sender", CancelSender(), offset=0x20)
    registers.add("register_receiver", RegisterReceiver(), offset=0x28)
    registers.add("send_interrupt", SendInterrupt(), offset=0x30)
    registers.add("write_hart", WriteHart(), offset=0x38)
    registers.add("register_interrupt", RegisterInterrupt(), offset=0x40, count=params.lines,
                  aligned=False)
    registers.add("send", SendChannel(), offset=0x900)
    registers.add("length", Length(), offset=0x908)
    registers.add("running", Running(), offset=0x910)
    registers.add("arm", Arm(), offset=0x918)
    registers.add("arm_line", ArmLine(), offset=0x920)
    return registers


def channel_registers(params: TaicParams) -> mmio.RegisterMap:
    """The record of a channel."""
    registers = mmio.RegisterMap(addr_bits=CHANNEL_BYTES.bit_length() - 1)
    registers.add("config", ChannelConfig(), offset=0x00)
    registers.add("task", ChannelTask(), offset=0x08)
    return registers
