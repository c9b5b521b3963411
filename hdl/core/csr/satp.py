"""``satp``: the root of the page tables."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..isa import Csr, Priv
from ..mmu.walker import SATP_PPN_BITS
from ..params import HartParams
from .access import AccessSignature, read

BARE = 0
SV39 = 8


class Satp(wiring.Component):
    """Stores ``asid_bits`` of the ASID and the whole physical page number, so that a table at an
    address that does not exist is found missing, and not looked for elsewhere.

    It is written late, which is in time for the redirect that follows. A write with a mode other
    than Bare and Sv39 is ignored.
    """

    def __init__(self, params: HartParams) -> None:
        self.asid_bits = params.asid_bits
        super().__init__({
            "access": In(AccessSignature()),
            "priv": In(2),
            "tvm": In(1),
            "sv39": Out(1),
            "asid": Out(16),
            "ppn": Out(SATP_PPN_BITS),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        access = self.access
        read(m, access, {Csr.SATP: Cat(self.ppn, self.asid, C(0, 3), self.sv39)})
        trapped = (self.priv == Priv.S) & self.tvm
        with m.If((access.addr == Csr.SATP) & trapped):
            m.d.comb += access.hit.eq(0)
        value = access.late_value
        mode = value[60:]
        valid = (mode == BARE) | (mode == SV39)
        with m.If(access.late_write & (access.late_addr == Csr.SATP) & valid & ~trapped):
            m.d.sync += [
                self.sv39.eq(mode == SV39),
                self.asid.eq(value[44:44 + self.asid_bits]),
                self.ppn.eq(value[:SATP_PPN_BITS]),
            ]
        return m
