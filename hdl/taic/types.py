"""Types of the signals between the parts of the TAIC."""

from amaranth.lib import data, enum

from .codes import Error, Policy
from .params import TASK_BITS, TaicParams
from .registers import ChannelConfig


class QueueOp(enum.Enum, shape=4):
    """Operations on the queues."""

    ENQUEUE = 0  # by software; refused if the context is at its limit
    WAKE = 1  # inserts the task of a record; ``policy`` selects the queue
    DEQUEUE = 2  # removes a task from the own queue, else from another one of the context
    TAKE = 3  # removes a task from the own queue only
    PEEK = 4  # returns the task that TAKE would remove, and leaves it there
    ERROR = 5  # sets error bits of the page; they are the low bits of ``task``
    READ_ERROR = 6  # returns and clears them
    LENGTH = 7  # returns the tasks in the queue, in the context, and its high water: 16 bits each
    MOVE = 8  # WAKE for a task that was ready already: at the tail, without an interrupt
    MARK = 9  # sets the high water of the context to the tasks that it has now


class RecordOp(enum.Enum, shape=3):
    """Operations on the records; ``RecordUpdate`` defines them."""

    SEND = 0
    ARM = 1
    DEQUEUED = 2  # the task of the record has left its queue
    CONFIGURE = 3
    READ = 4  # returns CONFIG
    READ_TASK = 5
    FORGET = 6  # removes ``context`` from the record, because the context ends
    RETRY = 7  # wakes the task if the record waits for a place


def queue_op_layout(params: TaicParams) -> data.StructLayout:
    """An operation on queue ``queue`` of ``context``.

    If ``recorded``, ``task`` comes from record ``record``. The answer repeats ``source``.
    """
    return data.StructLayout({
        "kind": QueueOp,
        "context": params.context_bits,
        "queue": params.queue_bits,
        "policy": Policy,
        "task": TASK_BITS,
        "recorded": 1,
        "record": params.record_bits,
        "source": range(params.ports + 1),
    })


def record_op_layout(params: TaicParams) -> data.StructLayout:
    """An operation on record ``record``, requested by ``context`` through the page of ``queue``.

    ``trusted`` operations come from lines, from slots or from the device itself, and are not
    checked. A trusted ARM makes ``context`` the receiver and ``queue`` the fixed queue. ``data`` is
    the task of an ARM or the CONFIG of a CONFIGURE. In a SEND its bits 23:16 are the sender's
    choice of a queue.
    """
    return data.StructLayout({
        "op": RecordOp,
        "record": params.record_bits,
        "context": params.context_bits,
        "queue": params.queue_bits,
        "trusted": 1,
        "data": TASK_BITS,
    })


def settings_layout(params: TaicParams) -> data.StructLayout:
    """The fields of the register CONTEXT that concern the queues."""
    return data.StructLayout({"priorities": 1, "limit": params.count_bits})


def event_layout(params: TaicParams) -> data.StructLayout:
    """The effect of an operation on queue ``queue`` of ``context``.

    ``dequeues``: the operation is a DEQUEUE through the page of ``asked``, or the TAKE of a head
    prefetch in its place. It found no task unless ``removes``. ``ahead``: the inserted task may
    leave before tasks that are there already.
    """
    return data.StructLayout({
        "valid": 1,
        "context": params.context_bits,
        "queue": params.queue_bits,
        "asked": params.queue_bits,
        "inserts": 1,
        "ahead": 1,
        "removes": 1,
        "dequeues": 1,
        "task": TASK_BITS,
        "recorded": 1,
        "record": params.record_bits,
        "source": range(params.ports + 1),
    })


def answer_layout(params: TaicParams) -> data.StructLayout:
    """The answer to an operation of ``source``.

    ``data`` is the result or the task. A ``recorded`` task belonged to record ``record``. In the
    answer to the TAKE of a head prefetch, ``data`` and ``record`` are undefined; it gets its result
    as ``lookup_layout``.
    """
    return data.StructLayout({
        "valid": 1,
        "kind": QueueOp,
        "source": range(params.ports + 1),
        "data": TASK_BITS,
        "found": 1,
        "recorded": 1,
        "record": params.record_bits,
    })


def lookup_layout(params: TaicParams) -> data.StructLayout:
    """The state of a queue after a PEEK or TAKE of the head prefetch ``source``.

    ``found``: ``task`` is the first, and belongs to ``record`` if it is ``recorded``. ``none``: the
    queue is empty. Neither: the last task of its priority has left, and tasks of other priorities
    remain.
    """
    return data.StructLayout({
        "valid": 1,
        "source": range(params.ports + 1),
        "found": 1,
        "none": 1,
        "task": TASK_BITS,
        "recorded": 1,
        "record": params.record_bits,
    })


def error_layout(params: TaicParams) -> data.StructLayout:
    """Error bits to set in the page of ``queue`` of ``context``."""
    return data.StructLayout({
        "context": params.context_bits,
        "queue": params.queue_bits,
        "bits": Error,
    })


def config_layout() -> data.StructLayout:
    """The register CONFIG of a record."""
    return ChannelConfig().layout
