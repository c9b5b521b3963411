"""``mstatus`` with its views, and the privilege level."""

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from ..isa import Csr, Priv
from .access import AccessSignature, read
from .types import TrapReturn


class Mstatus(data.Struct):
    """The layout of ``mstatus`` (RV64); fields that are never written read as zero."""

    uie: 1
    sie: 1
    reserved_2: 1
    mie: 1
    upie: 1
    spie: 1
    ube: 1
    mpie: 1
    spp: 1
    vs: 2
    mpp: 2
    fs: 2
    xs: 2
    mprv: 1
    sum: 1
    mxr: 1
    tvm: 1
    tw: 1
    tsr: 1
    reserved_23: 9
    uxl: 2
    sxl: 2
    reserved_36: 28


U_FIELDS = ("uie", "upie")
S_FIELDS = (*U_FIELDS, "sie", "spie", "spp", "sum", "mxr")
M_FIELDS = (*S_FIELDS, "mie", "mpie", "mprv", "tvm", "tw", "tsr")  # and mpp, which is checked
XLEN_64 = 2


class Status(wiring.Component):
    """``mstatus``, ``sstatus``, ``ustatus`` and the current privilege.

    ``trap`` pushes the interrupt-enable stack of ``trap_priv`` and enters that mode; ``ret`` pops
    the stack. Both act at the end of the cycle. At most one of ``trap``, ``ret`` and a CSR write
    happens in a cycle. Writing the reserved privilege to MPP leaves MPP unchanged.
    """

    access: In(AccessSignature())
    trap: In(1)
    trap_priv: In(2)
    ret: In(1)
    ret_kind: In(TrapReturn)
    priv: Out(2, init=Priv.M)
    fields: Out(Mstatus)

    def elaborate(self, platform) -> Module:
        m = Module()
        status = Signal(Mstatus, init={"uxl": XLEN_64, "sxl": XLEN_64})
        m.d.comb += self.fields.eq(status)

        def view(names: tuple[str, ...]) -> Value:
            shown = Signal(Mstatus, name=f"view_{names[-1]}")
            m.d.comb += [shown[name].eq(status[name]) for name in names]
            return shown.as_value()

        read(m, self.access, {
            Csr.MSTATUS: status.as_value(),
            Csr.SSTATUS: view((*S_FIELDS, "uxl")),
            Csr.USTATUS: view(U_FIELDS),
        })

        value = Mstatus(self.access.value)
        with m.If(self.access.write), m.Switch(self.access.addr):
            with m.Case(Csr.MSTATUS):
                m.d.sync += [status[name].eq(value[name]) for name in M_FIELDS]
                with m.If(value.mpp != 2):
                    m.d.sync += status.mpp.eq(value.mpp)
            with m.Case(Csr.SSTATUS):
                m.d.sync += [status[name].eq(value[name]) for name in S_FIELDS]
            with m.Case(Csr.USTATUS):
                m.d.sync += [status[name].eq(value[name]) for name in U_FIELDS]

        with m.If(self.trap):
            m.d.sync += self.priv.eq(self.trap_priv)
            with m.Switch(self.trap_priv):
                with m.Case(Priv.M):
                    m.d.sync += [
                        status.mpie.eq(status.mie),
                        status.mie.eq(0),
                        status.mpp.eq(self.priv),
                    ]
                with m.Case(Priv.S):
                    m.d.sync += [
                        status.spie.eq(status.sie),
                        status.sie.eq(0),
                        status.spp.eq(self.priv[0]),
                    ]
                with m.Case(Priv.U):
                    m.d.sync += [status.upie.eq(status.uie), status.uie.eq(0)]

        with m.If(self.ret), m.Switch(self.ret_kind):
            with m.Case(TrapReturn.MRET):
                m.d.sync += [
                    self.priv.eq(status.mpp),
                    status.mie.eq(status.mpie),
                    status.mpie.eq(1),
                    status.mpp.eq(Priv.U),
                ]
                with m.If(status.mpp != Priv.M):
                    m.d.sync += status.mprv.eq(0)
            with m.Case(TrapReturn.SRET):
                m.d.sync += [
                    self.priv.eq(status.spp),
                    status.sie.eq(status.spie),
                    status.spie.eq(1),
                    status.spp.eq(0),
                    status.mprv.eq(0),
                ]
            with m.Case(TrapReturn.URET):
                m.d.sync += [
                    self.priv.eq(Priv.U),
                    status.uie.eq(status.upie),
                    status.upie.eq(1),
                ]
        return m
