"""The CSR file: its parts, access checks, trap delegation, the ports to the pipeline."""

from functools import reduce
from operator import or_

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..isa import Csr, Priv
from ..lsu.uipi import Refused, uipi_state_layout
from ..mmu.translation import Mode
from ..params import HartParams
from .access import modify
from .counters import Counters
from .delegation import Delegation
from .fixed import Fixed
from .handler import Handler
from .interrupts import Interrupts
from .pmp import Pmp
from .satp import Satp
from .status import Status
from .storage import Storage
from .timer import Timer
from .types import CsrOp, CsrSignature, IrqLines
from .user_ipi import UserIpi


class CsrFile(wiring.Component):
    """All CSRs of a hart, its privilege level and its traps. For the timing see ``CsrSignature``.

    ``time`` is the value of the ``time`` CSR. ``lines`` are the interrupt lines, synchronous to the
    clock. ``refetch`` is combinational, and high for a write to ``satp`` or a PMP register.
    ``uipi`` goes to the load/store unit, ``refused`` comes from there.
    """

    def __init__(self, params: HartParams) -> None:
        self.params = params
        super().__init__({
            "bus": In(CsrSignature(params)),
            "lines": In(IrqLines),
            "time": In(64),
            "refused": In(Refused),
            "uipi": Out(uipi_state_layout(params)),
            "hart_id": In(16),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        bus = self.bus
        m.submodules.status = status = Status()
        m.submodules.interrupts = interrupts = Interrupts()
        m.submodules.delegation = delegation = Delegation()
        m.submodules.machine = machine = Handler(Priv.M)
        m.submodules.supervisor = supervisor = Handler(Priv.S)
        m.submodules.user = user = Handler(Priv.U)
        m.submodules.storage = storage = Storage()
        m.submodules.counters = counters = Counters(self.params)
        m.submodules.timer = timer = Timer()
        m.submodules.pmp = pmp = Pmp(self.params)
        m.submodules.satp = satp = Satp(self.params)
        m.submodules.user_ipi = user_ipi = UserIpi(self.params)
        m.submodules.fixed = fixed = Fixed()
        handlers = {Priv.M: machine, Priv.S: supervisor, Priv.U: user}
        parts = (
            status, interrupts, delegation, *handlers.values(), storage, counters, timer, pmp,
            satp, user_ipi, fixed,
        )
        priv = status.priv
        fields = status.fields

        # CSR instructions. N-2.5: U-mode has no CSRs of its own before S-mode delegates anything.
        writes, forbidden, write = Signal(), Signal(), Signal()
        hidden = Signal()
        value = Signal(64)
        m.d.comb += [
            writes.eq((bus.op != CsrOp.READ) & ~bus.read_only),
            bus.rdata.eq(reduce(or_, (part.access.rdata for part in parts))),
            value.eq(modify(bus.op, bus.rdata, bus.wdata)),
            hidden.eq((priv == Priv.U) & ~interrupts.delegating),
            forbidden.eq(
                (bus.addr[8:10] & ~priv).any() | (writes & bus.addr[10:12].all())
                | (hidden & ~bus.addr[8:12].any())),
            write.eq(bus.commit & writes & ~forbidden),
            bus.illegal.eq(~Cat(part.access.hit for part in parts).any() | forbidden),
            bus.refetch.eq(
                writes & ((bus.addr == Csr.SATP) | (bus.addr[5:] == Csr.PMPCFG0 >> 5))
            ),
        ]
        late_addr, late_value, late_write = Signal(12), Signal(64), Signal()
        m.d.sync += [
            late_addr.eq(bus.addr),
            late_value.eq(value),
            late_write.eq(write),
        ]
        for part in parts:
            m.d.comb += [
                part.access.late_addr.eq(late_addr),
                part.access.late_value.eq(late_value),
                part.access.late_write.eq(late_write),
                part.access.addr.eq(bus.addr),
                part.access.op.eq(bus.op),
                part.access.wdata.eq(bus.wdata),
                part.access.value.eq(value),
                part.access.write.eq(write),
            ]

        # traps and returns
        with m.Switch(bus.trap_priv):
            for mode, handler in handlers.items():
                with m.Case(mode):
                    m.d.comb += [bus.trap_pc.eq(handler.pc), handler.take.eq(bus.trap)]
        for handler in handlers.values():
            m.d.comb += [
                handler.trap.eq(bus.trap),
                handler.interrupt.eq(bus.trap_interrupt),
                handler.cause.eq(bus.trap_cause),
                handler.pc_from.eq(bus.trap_epc),
            ]
        m.d.comb += [
            status.trap.eq(bus.trap),
            status.trap_priv.eq(bus.trap_priv),
            status.ret.eq(bus.ret),
            status.ret_kind.eq(bus.ret_kind),
            storage.trap.eq(bus.trap),
            storage.trap_priv.eq(bus.trap_priv),
            storage.trap_tval.eq(bus.trap_tval),
            bus.mepc.eq(machine.epc),
            bus.sepc.eq(supervisor.epc),
            bus.uepc.eq(user.epc),
            bus.mret_priv.eq(fields.mpp),
            bus.sret_priv.eq(fields.spp),
        ]

        # state that other units use
        effective = Mux(fields.mprv, fields.mpp, priv)
        m.d.comb += [
            bus.priv.eq(priv),
            bus.n_hidden.eq(hidden),
            bus.medeleg.eq(delegation.to_s),
            bus.tvm.eq(fields.tvm),
            bus.tw.eq(fields.tw),
            bus.tsr.eq(fields.tsr),
            bus.sv39.eq(satp.sv39),
            bus.asid.eq(satp.asid),
            bus.satp_ppn.eq(satp.ppn),
            bus.pmp.eq(pmp.pmp),
            bus.data.asid.eq(satp.asid),
            bus.data.priv.eq(effective),
            bus.data.sum.eq(fields.sum),
            bus.data.mxr.eq(fields.mxr),
        ]
        with m.If(effective == Priv.M):
            m.d.comb += bus.data.mode.eq(Mode.BARE_M)
        with m.Elif(satp.sv39):
            m.d.comb += bus.data.mode.eq(Mode.SV39)
        with m.Else():
            m.d.comb += bus.data.mode.eq(Mode.BARE)

        # interrupts, counters, timer
        m.d.comb += [
            interrupts.lines.eq(self.lines),
            interrupts.stce.eq(timer.stce),
            interrupts.timer.eq(timer.due),
            interrupts.priv.eq(priv),
            interrupts.mie.eq(fields.mie),
            interrupts.sie.eq(fields.sie),
            interrupts.uie.eq(fields.uie),
            bus.irq.eq(interrupts.irq),
            bus.irq_cause.eq(interrupts.irq_cause),
            bus.irq_priv.eq(interrupts.irq_priv),
            bus.wake.eq(interrupts.wake),
            bus.seen.eq(interrupts.seen),
            counters.priv.eq(priv),
            counters.time.eq(self.time),
            counters.retire.eq(bus.retire),
            counters.events.eq(bus.events),
            timer.priv.eq(priv),
            timer.time.eq(self.time),
            timer.time_enable.eq(counters.time_enable),
            satp.priv.eq(priv),
            satp.tvm.eq(fields.tvm),
            user_ipi.refused.eq(self.refused),
            self.uipi.eq(user_ipi.state),
            self.uipi.allowed.eq(
                ~hidden | user_ipi.state.send_enable | user_ipi.state.receive_enable),
            fixed.hart_id.eq(self.hart_id),
        ]
        return m
