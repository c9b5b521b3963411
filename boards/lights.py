"""Status LEDs."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out


class Lights(wiring.Component):
    """From bit 0 up: heartbeat (about once a second), TAIC holds tasks, and for each hart that it
    retires instructions. An event is shown for at least 2**-5 s.
    """

    def __init__(self, *, harts: int, clock_hz: int) -> None:
        self._second = (clock_hz - 1).bit_length()
        super().__init__({
            "taic_busy": In(1),
            "retired": In(harts),
            "lights": Out(2 + harts),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        count = Signal(self._second)
        m.d.sync += count.eq(count + 1)
        now = Cat(self.taic_busy, self.retired)
        seen, shown = Signal.like(now), Signal.like(now)
        renew = Signal()
        m.d.sync += [
            renew.eq(count[:-5] == 0),
            seen.eq(now | Mux(renew, 0, seen)),
        ]
        with m.If(renew):
            m.d.sync += shown.eq(seen)
        m.d.comb += self.lights.eq(Cat(count[-1], shown))
        return m
