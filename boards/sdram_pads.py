"""The pins of an SDR SDRAM of 16 bits: registers in the pads, and the clock."""

from amaranth import *
from amaranth.lib import io, wiring
from amaranth.lib.wiring import In, Out

DATA_BITS = 16
ROW_BITS, BANK_BITS = 13, 2
CLOCK_LATE_NS = 3.5  # delay of the chip's clock; docs/boards.md explains it


# The chip's inputs except data, seen from their driver.
COMMAND = {
    "cke": Out(1),
    "ras": Out(1),
    "cas": Out(1),
    "we": Out(1),
    "a": Out(ROW_BITS),
    "ba": Out(BANK_BITS),
}


class PadsSignature(wiring.Signature):
    """Inputs and outputs of the registers in the pads, seen from the controller; all active high.

    The chip sees everything one cycle later. It is always selected, so a NOP has ``ras``, ``cas``
    and ``we`` 0.
    """

    def __init__(self) -> None:
        super().__init__({
            **COMMAND,
            "dqm": Out(DATA_BITS // 8),
            "dq_o": Out(DATA_BITS),
            "dq_oe": Out(1),
            "dq_i": In(DATA_BITS),
        })


class SdramPads(wiring.Component):
    """``resource`` 0 of the platform, behind registers of the domain ``sync``.

    The chip gets the clock of the domain ``sdram``, which is ``CLOCK_LATE_NS`` behind ``sync``. The
    clock also passes a register in its pad. So clock and data leave the FPGA by the same kind of
    path, independent of placement. All registers start as 0, which asserts the pins that are active
    low. But ``cke`` is low too, so the chip ignores commands.
    """

    pads: In(PadsSignature())

    def __init__(self, resource: str = "sdram") -> None:
        self.resource = resource
        super().__init__()

    def elaborate(self, platform) -> Module:
        m = Module()
        names = [sub.name for sub in platform.lookup(self.resource).ios]
        pins = platform.request(self.resource, dir=dict.fromkeys(names, "-"))
        pads = self.pads
        outputs = {"clk_en": pads.cke, "ras": pads.ras, "cas": pads.cas, "we": pads.we,
                   "a": pads.a, "ba": pads.ba, "dqm": pads.dqm, "cs": C(1)}
        for name, value in outputs.items():
            m.submodules[name] = buffer = io.FFBuffer("o", getattr(pins, name))
            m.d.comb += buffer.o.eq(value)
        m.submodules.dq = dq = io.FFBuffer("io", pins.dq)
        m.submodules.clk = clk = io.DDRBuffer("o", pins.clk, o_domain="sdram")
        m.d.comb += [
            dq.o.eq(pads.dq_o),
            dq.oe.eq(pads.dq_oe),
            pads.dq_i.eq(dq.i),
            clk.o[0].eq(1),
            clk.o[1].eq(0),
        ]
        return m
