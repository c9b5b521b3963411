"""Parameters of the TAIC."""

from dataclasses import dataclass

TASK_BITS = 64
SHORT_TASK_BITS = 52  # of a task identifier in ARM and ARM_LINE, sign-extended
CHANNEL_BITS = 16  # of the number of a channel in SEND_CHANNEL; the choice of a queue follows
PRIORITY_BITS = 4  # of the field in a task identifier
LOWEST_PRIORITY = (1 << PRIORITY_BITS) - 1
PREEMPT_BIT, KEEP_BIT, PRIORITY_LSB = 0, 1, 2  # in a task identifier

ADDR_BITS = 24
PAGE_BITS = 12
QUEUE_PAGES = 0x1000  # offset of the first page of a local queue
CHANNEL_PAGES = 0x40_0000  # offset of the first channel record
CHANNEL_BYTES = 64  # of a channel record
ALIAS = 0x80_0000  # distance from the page of a local queue to the kernel's alias of it

MAX_CONTEXTS = 16
MAX_QUEUES = 8
MAX_LINES = 64
MAX_CHANNELS = 1024
MAX_HARTS = 16
RESERVE = 4  # places kept for operations in flight
PLENTY = 16  # free places (a power of two) at which wakes need not look at each other


def _power_of_two(name: str, value: int, least: int, most: int) -> None:
    if not least <= value <= most or value & (value - 1):
        raise ValueError(f"{name} must be a power of two from {least} to {most}, not {value!r}")


@dataclass(frozen=True)
class TaicParams:
    """The sizes of a TAIC.

    - ``contexts``: processes and kernels, each with up to ``queues`` local queues of ``priorities``
      levels;
    - ``tasks``: places in all queues together;
    - ``channels`` between contexts;
    - ``slots`` for compatible senders, and the same number for receivers, in each context;
    - ``lines`` of devices, ``harts`` to interrupt, ``ports`` for register accesses.
    """

    contexts: int = 16
    queues: int = 8
    priorities: int = 8
    tasks: int = 1024
    channels: int = 256
    slots: int = 8
    lines: int = 32
    harts: int = 1
    ports: int = 1

    def __post_init__(self) -> None:
        _power_of_two("contexts", self.contexts, 2, MAX_CONTEXTS)
        _power_of_two("queues", self.queues, 2, MAX_QUEUES)
        _power_of_two("priorities", self.priorities, 2, 1 << PRIORITY_BITS)
        _power_of_two("tasks", self.tasks, 8, 4096)
        _power_of_two("channels", self.channels, 2, MAX_CHANNELS)
        _power_of_two("slots", self.slots, 2, 16)
        _power_of_two("lines", self.lines, 2, MAX_LINES)
        for name, value in (("harts", self.harts), ("ports", self.ports)):
            if not 1 <= value <= MAX_HARTS:
                raise ValueError(f"{name} must be 1 to {MAX_HARTS}, not {value!r}")
        if self.spare < self.contexts:
            raise ValueError(f"{self.tasks} tasks leave no room beside {self.channels} channels, "
                             f"{self.lines} lines and {self.slots} slots in each context, which "
                             "have a place of their own")

    @property
    def spare(self) -> int:
        """Places that software may fill. Every channel, line and slot has a place of its own."""
        slots = self.contexts * self.slots
        return self.tasks - self.channels - self.lines - slots - RESERVE

    @property
    def context_bits(self) -> int:
        return self.contexts.bit_length() - 1

    @property
    def queue_bits(self) -> int:
        """Width of the number of a local queue within its context."""
        return self.queues.bit_length() - 1

    @property
    def index_bits(self) -> int:
        """Width of the number of a local queue in the device: context, then queue."""
        return self.context_bits + self.queue_bits

    @property
    def level_bits(self) -> int:
        return self.priorities.bit_length() - 1

    @property
    def node_bits(self) -> int:
        return self.tasks.bit_length() - 1

    @property
    def count_bits(self) -> int:
        """Width of a number of tasks, from 0 to all."""
        return self.tasks.bit_length()

    @property
    def line_bits(self) -> int:
        return self.lines.bit_length() - 1

    @property
    def slot_bits(self) -> int:
        return self.slots.bit_length() - 1

    # Numbers of records: channels, then lines (one record for each context), then slots.

    @property
    def first_line_record(self) -> int:
        return self.channels

    @property
    def first_slot_record(self) -> int:
        return self.channels + self.lines * self.contexts

    @property
    def records(self) -> int:
        return self.first_slot_record + self.contexts * self.slots

    @property
    def record_bits(self) -> int:
        return (self.records - 1).bit_length()
