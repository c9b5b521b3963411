"""Crossbar between the MMIO ports of the harts and the devices."""

from dataclasses import dataclass
from functools import reduce
from operator import or_

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from .arbiter import RoundRobin
from .mmio import MmioSignature


@dataclass(frozen=True)
class Window:
    """The addresses of a target. ``size`` is a power of two in bytes, ``base`` a multiple of it."""

    name: str
    base: int
    size: int

    def __post_init__(self) -> None:
        if self.size < 8 or self.size & (self.size - 1) or self.base % self.size:
            raise ValueError(
                f"{self.name}: a window has a power of two of bytes and an aligned base, "
                f"not {self.base:#x}+{self.size:#x}"
            )

    @property
    def addr_bits(self) -> int:
        return self.size.bit_length() - 1


class MmioCrossbar(wiring.Component):
    """Connects ``initiators`` harts to the targets named by ``windows``.

    Requests and responses pass combinationally, so a target that answers in the cycle after the
    acceptance costs one cycle. Each target has its own round-robin arbiter. Accesses to different
    targets do not wait for each other, and a target is free again in the cycle of its response.

    A target sees addresses relative to its window. It must answer a read in a later cycle than that
    of the acceptance. It gets no request while a read is outstanding. A read outside all windows is
    answered with ``error`` in the next cycle; a write there is dropped.
    """

    def __init__(self, *, initiators: int, windows: tuple[Window, ...], addr_bits: int) -> None:
        for i, a in enumerate(windows):
            for b in windows[i + 1:]:
                if a.base < b.base + b.size and b.base < a.base + a.size:
                    raise ValueError(f"windows of {a.name} and {b.name} overlap")
        self.initiators, self.windows = initiators, windows
        super().__init__({
            "initiator": In(MmioSignature(addr_bits)).array(initiators),
            **{w.name: Out(MmioSignature(w.addr_bits)) for w in windows},
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        count = self.initiators
        waiting = Signal(count)  # initiators that wait for the response to a read
        going = Signal(count)  # initiators with a request that may proceed
        m.d.comb += going.eq(Cat(i.request.valid for i in self.initiator) & ~waiting)
        links = [self._link(m, window, going) for window in self.windows]

        unmapped = ~reduce(or_, (link.hit for link in links)) & going
        accepted = reduce(or_, (link.accepted for link in links)) | unmapped
        reads = accepted & Cat(~i.request.p.write for i in self.initiator)
        refused = Signal(count)  # initiators with an unmapped read in the cycle before
        answered = reduce(or_, (link.answered for link in links)) | refused
        m.d.sync += [
            refused.eq(unmapped & reads),
            waiting.eq(waiting & ~answered | reads),
        ]
        for i, initiator in enumerate(self.initiator):
            payloads = [Mux(link.owner[i], link.response, 0) for link in links]
            m.d.comb += [
                initiator.request.ready.eq(accepted[i]),
                initiator.response.valid.eq(answered[i]),
                initiator.response.p.eq(reduce(or_, payloads)),
            ]
            with m.If(refused[i]):
                m.d.comb += initiator.response.p.error.eq(1)
        return m

    def _link(self, m: Module, window: Window, going: Value) -> "_Link":
        """One target with its arbiter."""
        target = getattr(self, window.name)
        m.submodules[f"{window.name}_arbiter"] = arbiter = RoundRobin(self.initiators)
        link = _Link(self.initiators, window.name, Value.cast(target.response.p))
        requests = [initiator.request.p for initiator in self.initiator]
        choice = Signal(requests[0].shape(), name=f"{window.name}_choice")
        free = Signal(name=f"{window.name}_free")

        # The first initiator is the default, so that a single initiator needs no logic.
        value = Value.cast(requests[0])
        for i in range(1, self.initiators):
            value = Mux(arbiter.grant[i], requests[i], value)
        m.d.comb += [
            link.hit.eq(Cat(request.addr[window.addr_bits:] == window.base >> window.addr_bits
                            for request in requests)),
            free.eq(~link.owner.any() | target.response.valid),
            arbiter.requests.eq(Mux(free, going & link.hit, 0)),
            arbiter.served.eq(target.request.ready),
            choice.eq(value),
            target.request.valid  .eq(arbiter.requests.any()),
            target.request.p.write.eq(choice.write),
            target.request.p.addr .eq(choice.addr),
            target.request.p.size .eq(choice.size),
            target.request.p.data .eq(choice.data),
            target.request.p.mask .eq(choice.mask),
            link.accepted.eq(Mux(target.request.ready, arbiter.grant, 0)),
            link.answered.eq(Mux(target.response.valid, link.owner, 0)),
        ]
        with m.If(free):
            m.d.sync += link.owner.eq(Mux(choice.write, 0, link.accepted))
        return link


class _Link:
    """The crossbar's state of one target; a bit for each initiator."""

    def __init__(self, initiators: int, name: str, response: Value) -> None:
        self.response = response
        self.hit = Signal(initiators, name=f"{name}_hit")  # addresses the target
        self.accepted = Signal(initiators, name=f"{name}_accepted")  # request, in this cycle
        self.owner = Signal(initiators, name=f"{name}_owner")  # has a read outstanding there
        self.answered = Signal(initiators, name=f"{name}_answered")  # in this cycle
