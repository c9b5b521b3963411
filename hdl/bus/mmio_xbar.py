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
    """Where a target lies: ``base`` is a multiple of ``size``, a power of two (bytes)."""

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
    """Joins ``initiators`` harts to the targets named by ``windows``.

    A request reaches its target combinationally and the target's response reaches the initiator
    combinationally, so a target that answers in the cycle after the acceptance costs one cycle.
    Each target has its own round-robin arbiter: accesses to different targets do not wait for each
    other, and a target is free again in the cycle of its response.

    A target sees addresses relative to its window. It must answer a read later than in the cycle of
    acceptance. It sees one read outstanding at a time, and nothing else while one is outstanding.
    A read that no window covers is answered with ``error`` in the next cycle; a write is dropped.
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
        harts = range(self.initiators)
        waiting = Signal(self.initiators)  # for the response to a read
        open_ = Signal(self.initiators)  # has a request that may go on
        mapped = Signal(self.initiators)
        ready = Signal(self.initiators)
        answered = Signal(self.initiators)
        unmapped_read = Signal(self.initiators)  # accepted in the cycle before
        data = [[] for _ in harts]
        error = [[] for _ in harts]

        for i in harts:
            m.d.comb += open_[i].eq(self.initiator[i].request.valid & ~waiting[i])

        for window in self.windows:
            target = getattr(self, window.name)
            m.submodules[f"{window.name}_arbiter"] = arbiter = RoundRobin(self.initiators)
            hit = Signal(self.initiators, name=f"{window.name}_hit")
            owner = Signal(self.initiators, name=f"{window.name}_owner")  # of the read; one-hot
            free = Signal(name=f"{window.name}_free")
            done = Signal(name=f"{window.name}_done")
            m.d.comb += [
                free.eq(~owner.any() | target.response.valid),
                arbiter.requests.eq(Mux(free, open_ & hit, 0)),
                arbiter.served.eq(target.request.ready),
                target.request.valid.eq(arbiter.requests.any()),
                done.eq(target.request.valid & target.request.ready),
            ]
            for i in harts:
                request = self.initiator[i].request
                m.d.comb += hit[i].eq(request.p.addr[window.addr_bits:]
                                      == window.base >> window.addr_bits)
                with m.If(hit[i]):
                    m.d.comb += mapped[i].eq(1)
                with m.If(arbiter.grant[i]):
                    m.d.comb += [
                        target.request.p.write.eq(request.p.write),
                        target.request.p.addr .eq(request.p.addr),
                        target.request.p.size .eq(request.p.size),
                        target.request.p.data .eq(request.p.data),
                        target.request.p.mask .eq(request.p.mask),
                        ready[i].eq(target.request.ready),
                    ]
                with m.If(owner[i] & target.response.valid):
                    m.d.comb += answered[i].eq(1)
                data[i].append(Mux(owner[i], target.response.p.data, 0))
                error[i].append(owner[i] & target.response.p.error)
            with m.If(free):
                m.d.sync += owner.eq(Mux(done & ~target.request.p.write, arbiter.grant, 0))

        for i in harts:
            request, response = self.initiator[i].request, self.initiator[i].response
            accept = request.valid & request.ready
            m.d.comb += [
                request.ready.eq(ready[i] | ~mapped[i] & ~waiting[i]),
                response.valid.eq(answered[i] | unmapped_read[i]),
                response.p.data.eq(reduce(or_, data[i])),
                response.p.error.eq(reduce(or_, error[i]) | unmapped_read[i]),
            ]
            m.d.sync += unmapped_read[i].eq(accept & ~request.p.write & ~mapped[i])
            with m.If(accept & ~request.p.write):
                m.d.sync += waiting[i].eq(1)
            with m.Elif(response.valid):
                m.d.sync += waiting[i].eq(0)
        return m
