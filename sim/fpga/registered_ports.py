"""Puts registers on every port of a component so that it can be placed and timed alone."""

from collections.abc import Iterable

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out


class RegisteredPorts(wiring.Component):
    """Surrounds ``component`` with registers; only two pins remain.

    A shift register feeds the inputs. The outputs are registered, then folded into one bit in two
    further stages. Ports whose names start with one of ``unused`` stay open, so logic that feeds
    only those ports is optimised away.
    """

    serial: In(1)
    folded: Out(1)

    def __init__(self, component: wiring.Component, *, unused: Iterable[str] = ()) -> None:
        self.component, self.unused = component, tuple(unused)
        super().__init__()

    def elaborate(self, platform) -> Module:
        m = Module()
        m.submodules.dut = component = self.component
        inputs, outputs = [], []
        for path, member, value in component.signature.flatten(component):
            if member.flow is In:
                inputs.append(Value.cast(value))
            elif not str(path[0]).startswith(self.unused):
                outputs.append(Value.cast(value))

        feed = Signal(sum(map(len, inputs)))
        m.d.sync += feed.eq(Cat(self.serial, feed))
        m.d.comb += Cat(inputs).eq(feed)

        seen = Signal(sum(map(len, outputs)))
        parts = Signal(-(-len(seen) // 16))
        m.d.sync += [
            seen.eq(Cat(outputs)),
            parts.eq(Cat(seen[i:i + 16].xor() for i in range(0, len(seen), 16))),
            self.folded.eq(parts.xor()),
        ]
        return m
