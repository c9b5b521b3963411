"""The SoC stays in reset until all reasons have been absent for long enough."""

import random

import cocotb
from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out
from cocotb.triggers import FallingEdge, ReadOnly

from boards.reset import SyncDomain
from tests.support.clock import start
from tests.support.run import run_cocotb

DELAY_BITS = 5
DELAY = 1 << DELAY_BITS  # cycles


class Probe(wiring.Component):
    """Brings out the reset of the domain."""

    stable: In(1)
    button: In(1)
    restart: In(1)
    shown: Out(1)

    def elaborate(self, platform):
        m = Module()
        outer = ClockSignal()
        m.submodules.domain = domain = DomainRenamer({"sync": "soc"})(
            SyncDomain(delay_bits=DELAY_BITS))
        m.d.comb += [
            domain.clk.eq(outer),
            domain.stable.eq(self.stable),
            domain.button.eq(self.button),
            domain.restart.eq(self.restart),
            self.shown.eq(ResetSignal("soc")),
        ]
        return m


@cocotb.test()
async def reset_lasts_as_long_as_its_reasons_and_a_while_more(dut):
    rng = random.Random(cocotb.RANDOM_SEED)
    reasons = {"stable": 0, "button": 1, "restart": 1}
    for name, value in reasons.items():
        getattr(dut, name).value = not value
    await start(dut)
    quiet, seen = 0, set()  # cycles without a reason, counted outside
    for _ in range(3000):
        if rng.random() < 0.02:
            name = rng.choice(list(reasons))
            getattr(dut, name).value = reasons[name]
            await FallingEdge(dut.clk)
            getattr(dut, name).value = not reasons[name]
            quiet = 0
        await FallingEdge(dut.clk)
        quiet += 1
        await ReadOnly()
        shown = int(dut.shown.value)
        # The synchronizers take two cycles and the reset's flip-flop takes one.
        assert shown or not 4 < quiet < DELAY - 4, f"no reset {quiet} cycles after its reason"
        assert not shown or quiet < DELAY + 4, f"reset {quiet} cycles after its reason"
        seen.add(shown)
        await FallingEdge(dut.clk)
        quiet += 1
    assert seen == {0, 1}


def test_sync_domain():
    run_cocotb(Probe(), __name__, "sync_domain")
