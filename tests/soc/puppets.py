"""A SoC whose harts do what a test tells them. The test puts ``PuppetHart`` in the place of
``soc.top.Hart``."""

from collections.abc import Sequence

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out, connect, flipped

import soc.top
from hdl.bus.coherent import MemoryPortSignature
from hdl.bus.mmio import MmioSignature
from hdl.core.commit import CommitSignature
from hdl.core.csr.types import IrqLines
from soc.config import SocParams, configuration

# With every device. The tests share these, and so the model of the RTL.
PARAMS = configuration("tiny", harts=2, flash_image=0x20_0000)


class PuppetHart(wiring.Component):
    """Has the ports of a hart. ``strings`` are the same ports again, for the controlling test."""

    def __init__(self, params):
        ports = {
            "mem": Out(MemoryPortSignature(params.paddr_bits, params.line_bytes)),
            "mmio": Out(MmioSignature(params.paddr_bits)),
            "lines": In(IrqLines),
            "time": In(64),
            "hart_id": In(16),
        }
        super().__init__({**ports, "commit": Out(CommitSignature()),
                          "strings": In(wiring.Signature(ports))})

    def elaborate(self, platform):
        m = Module()
        connect(m, flipped(self.mem), flipped(self.strings.mem))
        connect(m, flipped(self.mmio), flipped(self.strings.mmio))
        m.d.comb += [
            self.strings.lines.eq(self.lines),
            self.strings.time.eq(self.time),
            self.strings.hart_id.eq(self.hart_id),
        ]
        return m


class PuppetSoc(wiring.Component):
    """A SoC with the strings of its harts as ports ``hart<n>``."""

    def __init__(self, puppets: Sequence[PuppetHart], params: SocParams) -> None:
        self.soc, self.puppets = soc.top.Soc(params), puppets
        self.passed_on = ("dram", "uart_tx", "uart_rx", "finisher")
        members = self.soc.signature.members
        super().__init__({
            **{name: members[name] for name in self.passed_on},
            "interrupts": In(params.plic_sources),
            **{f"hart{n}": puppet.signature.members["strings"]
               for n, puppet in enumerate(puppets)},
        })

    def elaborate(self, platform):
        m = Module()
        m.submodules.soc = self.soc
        for name in self.passed_on:
            connect(m, getattr(self.soc, name), flipped(getattr(self, name)))
        for n, puppet in enumerate(self.puppets):
            connect(m, flipped(getattr(self, f"hart{n}")), puppet.strings)
        m.d.comb += self.soc.interrupts.eq(self.interrupts)
        return m
