"""The integer register file."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out


class RegisterFile(wiring.Component):
    """31 registers of 64 bits and x0, two combinational read ports, one write port.

    A read in the cycle of a write to the same register gives the old value; Decode bypasses it. A
    write with ``rd`` 0 has no effect.
    """

    rs1: In(5)
    rs2: In(5)
    rs1_value: Out(64)
    rs2_value: Out(64)
    rd: In(5)
    rd_value: In(64)

    def elaborate(self, platform):
        m = Module()
        m.submodules.registers = registers = Memory(shape=64, depth=32, init=[])
        write = registers.write_port()
        for address, value in ((self.rs1, self.rs1_value), (self.rs2, self.rs2_value)):
            read = registers.read_port(domain="comb")
            m.d.comb += [read.addr.eq(address), value.eq(read.data)]
        m.d.comb += [
            write.addr.eq(self.rd),
            write.data.eq(self.rd_value),
            write.en.eq(self.rd != 0),
        ]
        return m
