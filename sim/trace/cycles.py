"""Finds the activity of a hart in each cycle of a waveform, and its transfers."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from sim.trace.wave import samples

RETIRED = "retired"
# Reasons why no instruction left Memory.
MISS = "L1D miss"  # a load or an atomic waited for its line or result
BUFFER = "buffer full"  # of the stores
DEVICE = "device"  # a read, and the accesses before it, had not finished
FENCE = "fence"  # waited for the L2 to acknowledge stores
OTHER = "other M"  # WFI, trap, return, CSR, division or a replayed load
OPERAND = "operand"  # Decode waited for a result
REDIRECT = "redirect"  # after a trap, return or misprediction: the new instruction is on its way
FETCH = "fetch"  # Fetch had no instruction
CAUSES = (MISS, BUFFER, FENCE, DEVICE, OPERAND, REDIRECT, FETCH, OTHER)

_PIPELINE = ("retired", "m_valid", "redirect_valid", "lsu_drained", "fetched__valid",
             "fetched__ready", "trap_taken")
_LSU = ("m_busy", "event_dcache_miss", "mem__request__valid", "mem__request__ready",
        "mmio__request__valid", "mmio__request__ready", "mmio__response__valid", "stores.full",
        "mmio__request__payload.write", "mmio__request__payload.addr", "mmio__response__p.data")
_LINES = "usip"  # the user interrupt lines that UINTC drives


@dataclass
class Account:
    """The cycles of one hart by cause, and its transfers."""

    cycles: Counter = field(default_factory=Counter)
    bus: int = 0  # requests that the L2 accepted: lines, stores, atomics
    device: int = 0  # accesses that the device bus accepted


@dataclass(frozen=True)
class Event:
    """An event at the boundary of a hart."""

    cycle: int
    hart: int
    text: str


class Hart:
    """Follows one hart through a waveform."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.kinds: dict[int, str] = {}  # by cycle
        self.bus: list[int] = []  # cycles
        self.device: list[int] = []
        self.events: list[Event] = []
        self._waiting: list[int] = []  # cycles of the instruction in Memory
        self._cause = OTHER
        self._bubbles: list[str] = [FETCH, FETCH]  # cause of the next bubbles of Memory
        self._redirected = False
        self._line = self._prefetched = 0

    def names(self) -> list[str]:
        """Signals that :meth:`step` needs."""
        hart = f"soc.hart{self.number}"
        return [f"{hart}.pipeline.{name}" for name in _PIPELINE] + [
            f"{hart}.lsu.{name}" for name in _LSU] + [f"soc.{_LINES}"]

    def optional_names(self) -> list[str]:
        """Signals that :meth:`step` uses if they exist."""
        return [f"soc.taic.port{self.number}.prefetch.valid"]

    def step(self, cycle: int, values: dict[str, int]) -> None:
        """Processes one cycle."""
        hart = f"soc.hart{self.number}"
        pipeline = {name: values.get(f"{hart}.pipeline.{name}", 0) for name in _PIPELINE}
        lsu = {name: values.get(f"{hart}.lsu.{name}", 0) for name in _LSU}
        self._edges(cycle, lsu, values.get(f"soc.{_LINES}", 0) >> self.number & 1)
        prefetched = values.get(f"soc.taic.port{self.number}.prefetch.valid", 0)
        if prefetched > self._prefetched:
            self.events.append(Event(cycle, self.number, "TAIC has a task for it"))
        self._prefetched = prefetched
        if pipeline["trap_taken"]:
            self.events.append(Event(cycle, self.number, "trap or interrupt taken"))
        bubble = self._bubbles.pop(0)
        if pipeline["m_valid"]:
            self._memory(cycle, pipeline, lsu)
        else:
            self.kinds[cycle] = REDIRECT if self._redirected else bubble
        if pipeline["redirect_valid"]:
            self._redirected = True
        waits = pipeline["fetched__valid"] and not pipeline["fetched__ready"]
        self._bubbles.append(OPERAND if waits else FETCH)

    def _memory(self, cycle: int, pipeline: dict[str, int], lsu: dict[str, int]) -> None:
        """Processes a cycle with an instruction in Memory. The cause of its wait is known when it
        leaves."""
        if lsu["event_dcache_miss"]:
            self._cause = MISS
        elif lsu["m_busy"] and lsu["mmio__request__valid"] and not (
                lsu["mmio__request__payload.write"]):
            self._cause = DEVICE
        elif lsu["m_busy"] and lsu["stores.full"] and self._cause == OTHER:
            self._cause = BUFFER
        elif not lsu["m_busy"] and not pipeline["lsu_drained"] and self._cause == OTHER:
            self._cause = FENCE
        if not pipeline["retired"]:
            self._waiting.append(cycle)
        if pipeline["retired"] or pipeline["trap_taken"]:
            for waited in self._waiting:
                self.kinds[waited] = self._cause
            self._waiting, self._cause = [], OTHER
            self._redirected = False
        if pipeline["retired"]:
            self.kinds[cycle] = RETIRED

    def _edges(self, cycle: int, lsu: dict[str, int], line: int) -> None:
        if lsu["mem__request__valid"] and lsu["mem__request__ready"]:
            self.bus.append(cycle)
        if lsu["mmio__request__valid"] and lsu["mmio__request__ready"]:
            self.device.append(cycle)
            if lsu["mmio__request__payload.write"]:
                address = lsu["mmio__request__payload.addr"]
                self.events.append(Event(cycle, self.number, f"store to device {address:#x}"))
        if lsu["mmio__response__valid"] and (answer := lsu["mmio__response__p.data"]):
            self.events.append(Event(cycle, self.number, f"device answers {answer:#x}"))
        if line != self._line:
            self.events.append(
                Event(cycle, self.number, f"user interrupt line {'rises' if line else 'falls'}"))
        self._line = line

    def account(self, start: int, stop: int) -> Account:
        """Returns the account of the cycles from ``start`` to before ``stop``."""
        kinds = Counter(self.kinds.get(cycle, OTHER) for cycle in range(start, stop))
        count = [sum(start <= cycle < stop for cycle in cycles)
                 for cycles in (self.bus, self.device)]
        return Account(kinds, *count)


def follow(wave: Path, harts: int) -> tuple[list[Hart], range]:
    """Follows harts through a waveform. Returns them and its cycles. Raises ``ToolError``."""
    followed = [Hart(number) for number in range(harts)]
    names = {name for hart in followed for name in hart.names()}
    cycles = []
    optional = {name for hart in followed for name in hart.optional_names()}
    for cycle, values in samples(wave, names, optional):
        cycles.append(cycle)
        for hart in followed:
            hart.step(cycle, values)
    return followed, range(cycles[0], cycles[-1] + 1) if cycles else range(0)


def events(harts: list[Hart]) -> Iterator[Event]:
    """Yields the events of all harts in order."""
    yield from sorted((event for hart in harts for event in hart.events),
                      key=lambda event: (event.cycle, event.hart))
