"""What passes between the parts of the TAIC."""

from amaranth.lib import data, enum

from .codes import Error, Policy
from .params import TASK_BITS, TaicParams
from .registers import ChannelConfig


class QueueOp(enum.Enum, shape=4):
    """Operations on the queues."""

    ENQUEUE = 0  # by software; refused if the context is at its limit
    WAKE = 1  # of a record's task; ``policy`` chooses the queue
    DEQUEUE = 2  # from the own queue, else from another of the context
    TAKE = 3  # from the own queue only
    PEEK = 4  # what TAKE would give, which stays
    ERROR = 5  # sets error bits of the page, ``task`` in its low bits
    READ_ERROR = 6  # gives and clears them
    LENGTH = 7  # gives the tasks in the queue, in the context, and there at most: 16 bits each
    MOVE = 8  # as WAKE of a task that was ready already: at the tail, interrupts nobody
    MARK = 9  # sets the most there were in the context to what there are


class RecordOp(enum.Enum, shape=3):
    """Operations on the records of wake-ups."""

    SEND = 0
    ARM = 1
    DEQUEUED = 2  # the task of the record has left its queue
    CONFIGURE = 3
    READ = 4  # gives CONFIG
    READ_TASK = 5
    FORGET = 6  # all of it, if its sender or receiver is ``context``: the context ends


def queue_op_layout(params: TaicParams) -> data.StructLayout:
    """An operation on queue ``queue`` of ``context``.

    ``recorded`` tells that ``task`` comes from record ``record``. ``source`` comes back with the
    answer.
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
    """An operation on record ``record``, asked by ``context`` (through the page of ``queue``).

    ``trusted``: of a line or a slot, or by the device itself. A SEND is not checked; an ARM makes
    ``context`` the receiver and ``queue`` the fixed queue. ``data`` is the task of an ARM, CONFIG
    of a CONFIGURE; bits 23:16 of a SEND the sender's choice of queue.
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
    """What CONTEXT says, as far as the queues are concerned."""
    return data.StructLayout({"priorities": 1, "limit": params.count_bits})


def event_layout(params: TaicParams) -> data.StructLayout:
    """What an operation does to queue ``queue`` of ``context``.

    ``dequeues``: it is a DEQUEUE through the page of ``asked``, or stands for one, which has found
    nothing if not ``removes``. ``ahead``: what it inserts may leave before what is there.
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
    """The answer to an operation of ``source``: ``data``, a task that has left record ``record``.

    Of a TAKE that a front has asked for, ``data`` and ``record`` mean nothing: see
    ``lookup_layout``.
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
    """What a front learns of its queue, from its PEEK or after the TAKE that it has asked for.

    ``found``: ``task`` is the first, of ``record`` if it is ``recorded``. ``none``: the queue is
    empty. Neither: after the last of its priority there are others.
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
    """Error bits to be set in the page of ``queue`` of ``context``."""
    return data.StructLayout({
        "context": params.context_bits,
        "queue": params.queue_bits,
        "bits": Error,
    })


def config_layout() -> data.StructLayout:
    """The register CONFIG of a record."""
    return ChannelConfig().layout
