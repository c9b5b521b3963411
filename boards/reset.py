"""The clock domain ``sync`` for the SoC, and its reset."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.cdc import FFSynchronizer
from amaranth.lib.wiring import In


class SyncDomain(wiring.Component):
    """Makes the domain ``sync`` from ``clk``.

    It is in reset while the clock is not ``stable``, while ``button`` is pressed, after ``restart``
    (synchronous; one cycle is enough), and for 2 ** ``delay_bits`` cycles after the last of these,
    until a button has stopped bouncing.

    With ``dcca`` the reset uses a global buffer of the ECP5, because half of all flip-flops have a
    reset. No other net would use as much of the routing.
    """

    clk: In(1)
    stable: In(1)
    button: In(1)
    restart: In(1)

    def __init__(self, *, delay_bits: int = 18, dcca: bool = False) -> None:
        self.delay_bits, self.dcca = delay_bits, dcca
        super().__init__()

    def elaborate(self, platform) -> Module:
        m = Module()
        m.domains.always = always = ClockDomain(reset_less=True, local=True)
        m.domains.sync = sync = ClockDomain()
        stable, button = Signal(), Signal()
        m.submodules.stable = FFSynchronizer(self.stable, stable, o_domain="always")
        m.submodules.button = FFSynchronizer(self.button, button, o_domain="always")
        quiet = Signal(self.delay_bits)  # cycles without a reason for a reset
        reset = Signal(init=1)
        m.d.comb += [always.clk.eq(self.clk), sync.clk.eq(self.clk)]
        if self.dcca:
            m.submodules.buffer = Instance(
                "DCCA", i_CLKI=reset, i_CE=Const(1), o_CLKO=sync.rst)
        else:
            m.d.comb += sync.rst.eq(reset)
        with m.If(~stable | button | self.restart):
            m.d.always += quiet.eq(0)
        with m.Elif(~quiet.all()):
            m.d.always += quiet.eq(quiet + 1)
        m.d.always += reset.eq(~quiet.all())
        return m
