"""Test finisher: how a program tells the simulator or the board that it has ended.

The programming model is that of ``sifive,test1``.
"""

from amaranth import *
from amaranth.lib import enum, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from ..bus.mmio import MmioSignature
from . import mmio

ADDR_BITS = 12


class Kind(enum.Enum, shape=16):
    """What is written to the lower half of the register."""

    NONE = 0
    FAIL = 0x3333
    PASS = 0x5555
    RESET = 0x7777


class Finish(mmio.Register, access="w", sizes=(2, 4)):
    """Ends the run. Other values of ``kind`` do nothing. Once ended, further writes do nothing."""

    fields = {
        "kind": mmio.Field(16, "0x5555 pass, 0x3333 fail, 0x7777 reset"),
        "code": mmio.Field(16, "exit code of a failure"),
    }


def finisher_registers() -> mmio.RegisterMap:
    registers = mmio.RegisterMap(addr_bits=ADDR_BITS)
    registers.add("finish", Finish(), offset=0)
    return registers


class Finisher(wiring.Component):
    """Latches the first valid end until reset. ``valid`` rises in the cycle after the write."""

    def __init__(self) -> None:
        self._bridge = mmio.Bridge(finisher_registers())
        super().__init__({
            "bus": In(MmioSignature(ADDR_BITS)),
            "valid": Out(1),  # the program has ended
            "kind": Out(Kind),
            "code": Out(16),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        m.submodules.bridge = bridge = self._bridge
        connect(m, flipped(self.bus), bridge.bus)

        finish = bridge["finish"]
        kind = finish.w_data.kind
        known = (kind == Kind.FAIL) | (kind == Kind.PASS) | (kind == Kind.RESET)
        with m.If(finish.write & finish.w_mask[:2].all() & known & ~self.valid):
            m.d.sync += [
                self.valid.eq(1),
                self.kind .eq(kind),
                self.code .eq(Mux(finish.w_mask[2:].all(), finish.w_data.code, 0)),
            ]
        return m
