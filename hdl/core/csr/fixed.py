"""Constant CSRs: identification, and features that the hart does not have."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In

from ..isa import Csr
from .access import AccessSignature, read

EXTENSIONS = "ACIMNSU"
MISA = 2 << 62 | sum(1 << ord(letter) - ord("A") for letter in EXTENSIONS)
MIMPID = 1


class Fixed(wiring.Component):
    """Identification, ``misa``, no triggers, no exceptions delegated to U-mode.

    Writes to those that are writable have no effect.
    """

    access: In(AccessSignature())
    hart_id: In(16)

    def elaborate(self, platform) -> Module:
        m = Module()
        read(m, self.access, {
            Csr.MISA: MISA,
            Csr.MVENDORID: 0,
            Csr.MARCHID: 0,
            Csr.MIMPID: MIMPID,
            Csr.MHARTID: self.hart_id,
            Csr.MCONFIGPTR: 0,
            Csr.SEDELEG: 0,
            Csr.TSELECT: 0,
            Csr.TDATA1: 0,
            Csr.TDATA2: 0,
            Csr.TDATA3: 0,
        })
        return m
