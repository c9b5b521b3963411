"""Codes of the TAIC that software sees: refusals, error bits, and the choice of a queue."""

from ..codes import Code, Flag


class Reason(Code):
    """Why an access to the control page or to a record was refused."""

    NONE = 0, "none"
    NO_REGISTER = 1, "no such register"
    SIZE = 2, "access not of 8 bytes"
    LIMIT = 3, "limit beyond what is unassigned"
    NO_QUEUE = 4, "no such queue"
    IN_QUEUE = 5, "record in a queue"
    NO_NUMBER = 6, "no such context, queue, policy or hart"


class Error(Flag):
    """What was refused through the page of a local queue: the bits of the register ERROR."""

    FULL = 1, "enqueue while the context is at its limit, or no free slot"
    NO_OWNER = 2, "the context has no owner; then no other bit is set"
    NO_SEND = 4, "no permission to send there"
    NO_RECEIVE = 8, "no permission to arm that, or the receiver has no owner"
    NO_QUEUE = 16, "this queue is not allocated: ENQUEUE, DEQUEUE, WHART"
    NOT_PERMITTED = 32, ("ENQUEUE of 0, WHART of a hart that is not there, access not of 8 bytes, "
                         "no such register, or not through this page")


class Policy(Code):
    """Which queue of its context a woken task enters. It is queue FIXED if that is allocated."""

    FIXED = 0, "that in this register"
    LEAST_LOADED = 1, "the least loaded (up to 15 tasks)"
    SENDER = 2, "the sender's choice"
